"""The telephone: what Twilio gets is what it takes, and what is said tells nothing of anybody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import httpx
import pytest

from bot.channels.base import ChannelError, Refused, TryLater
from bot.channels.whatsapp import Voice
from tests.contracts import twilio_api

ACCOUNT, TOKEN = "AC" + "0123456789abcdef" * 2, "5f0e31twilioTokenThatMustNeverBeLogged"
NUMBER, OURS = "+628115550042", "+14155238886"


def voice(answer: Callable[[httpx.Request], httpx.Response]) -> Voice:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Voice(account_sid=ACCOUNT, auth_token=TOKEN, sender=OURS, client=client)


async def test_a_number_rings_and_hears_nothing_of_anybody() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"sid": "CA" + "1" * 32, "status": "queued"})

    telephone = voice(answer)
    await telephone.call(NUMBER)
    await telephone.close()
    (request,) = asked
    form = dict(parse_qsl(request.content.decode()))
    assert (form["To"], form["From"]) == (NUMBER, OURS)
    assert twilio_api.problems(request.method, request.url.path, [], list(form.items()), None) == []
    said = "".join(ElementTree.fromstring(form["Twiml"]).itertext()).casefold()
    assert "meja petugas" in said
    assert not [word for word in ("anak", "korban", "kekerasan", "bahaya", "darurat", "lapor", "balikpapan") if word in said]


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(401, 20003, TryLater), (429, 20429, TryLater), (400, 21211, Refused), (500, 0, TryLater)]
)  # fmt: skip
async def test_what_twilio_refuses_is_an_error_of_the_channel(
    status: int, code: int, kind: type[ChannelError], caplog: pytest.LogCaptureFixture
) -> None:
    telephone = voice(lambda _: httpx.Response(status, json={"code": code, "message": NUMBER, "status": status}))
    with caplog.at_level(logging.DEBUG), pytest.raises(kind) as caught:
        await telephone.call(NUMBER)
    await telephone.close()
    assert NUMBER not in str(caught.value) and NUMBER not in caplog.text and TOKEN not in caplog.text
    assert caught.value.__context__ is None


@pytest.mark.parametrize("number", ["", "08115550042", "+62 811 555", "whatsapp:+628115550042", "+628115550042?x=1"])
async def test_what_is_no_number_does_not_leave_the_house(number: str) -> None:
    telephone = voice(lambda _: pytest.fail("it was sent"))
    with pytest.raises(Refused):
        await telephone.call(number)
    await telephone.close()
