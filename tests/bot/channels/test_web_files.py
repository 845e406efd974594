"""The web chat's door for files: the raw body, its limits, and who it is answered to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.channels.base import Received, TryLater
from bot.evidence.format import LARGEST
from flows.message import InboundKind
from tests.attackers.watch import watched
from tests.bot.channels.mailroom import MemoryMailroom
from tests.bot.channels.test_web import ADDRESS, OTHER, app_of, bearer, client_of
from tests.bot.filed import sample


def headers(token: str | None = None, **more: str) -> dict[str, str]:
    found = bearer(token) if token else bearer()
    return {**found, "Chat-Message": str(uuid4()), "Chat-Language": "id", "Content-Type": "application/octet-stream", **more}


async def test_a_file_is_a_message_with_what_its_content_is() -> None:
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom)) as client:
        answer = await client.post("/chat/files", content=sample("photo.jpg"), headers=headers(**{"Content-Type": "audio/ogg"}))
    assert (answer.status_code, answer.json()) == (202, {"ok": True})
    (received,) = mailroom.received
    assert (received.address, received.inbound.kind) == (ADDRESS, InboundKind.MEDIA)
    assert received.inbound.media is not None
    assert (received.inbound.media.kind, received.inbound.media.content_type) == ("image", "image/jpeg")
    assert received.inbound.media.handle == "", "a page cannot name a handle"
    assert mailroom.files == [sample("photo.jpg")]


async def test_the_same_file_sent_again_is_one() -> None:
    mailroom, same = MemoryMailroom(), headers()
    async with client_of(app_of(mailroom)) as client:
        for _ in range(2):
            assert (await client.post("/chat/files", content=sample("voice.ogg"), headers=same)).status_code == 202
    assert len(mailroom.files) == 1 and mailroom.redelivered == 1


@pytest.mark.parametrize(
    ("content", "changed", "status", "code"),
    [
        (b"PK\x03\x04" + bytes(50), {}, 415, "wrong_type"),
        (b"", {}, 415, "wrong_type"),
        (b"OggS" + bytes(LARGEST), {}, 413, "body_too_large"),
        (b"OggS", {"Content-Length": "99999999999"}, 413, "body_too_large"),
        (b"OggS", {"Authorization": "Bearer short"}, 401, "bad_token"),
        (b"OggS", {"Chat-Message": "1"}, 400, "bad_id"),
    ],
)
async def test_what_is_not_taken_leaves_nothing(content: bytes, changed: dict[str, str], status: int, code: str) -> None:
    mailroom = MemoryMailroom()
    async with client_of(app_of(mailroom)) as client:
        answer = await client.post("/chat/files", content=content, headers=headers(**changed))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert mailroom.received == []


async def test_one_file_at_a_time_for_each_and_the_others_are_asked_to_wait() -> None:
    mailroom = MemoryMailroom()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield sample("voice.ogg")[:100]
        begun.set()
        await go_on.wait()
        yield sample("voice.ogg")[100:]

    async with client_of(app_of(mailroom)) as client:
        first = asyncio.create_task(client.post("/chat/files", content=slowly(), headers=headers()))
        await begun.wait()
        second = await client.post("/chat/files", content=sample("voice.ogg"), headers=headers())
        other = await client.post("/chat/files", content=sample("voice.ogg"), headers=headers(OTHER))
        go_on.set()
        assert (await first).status_code == 202
    assert second.status_code == 503 and int(second.headers["retry-after"]) >= 1
    assert other.status_code == 202


async def test_no_room_is_said_as_come_again_later(caplog: pytest.LogCaptureFixture) -> None:
    class Full(MemoryMailroom):
        async def receive_file(self, received: Received, content: bytes) -> bool:
            raise TryLater("error")

    caplog.set_level(logging.DEBUG)
    async with client_of(app_of(Full())) as client:
        answer = await client.post("/chat/files", content=sample("voice.ogg"), headers=headers())
    assert answer.status_code == 503


async def test_nothing_is_spooled_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starlette's form parser writes what is above a megabyte to a temporary file; so would we, if we used it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with watched([tmp_path, Path("/tmp")]) as made:
        async with client_of(app_of(MemoryMailroom())) as client:
            answer = await client.post("/chat/files", content=b"OggS" + bytes(5 * 2**20), headers=headers())
    assert answer.status_code == 202
    assert {name for name in made if "pytest" not in name} == set()
