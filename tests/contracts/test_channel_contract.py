"""What every channel promises, whatever the platform. A row in CHANNELS obliges to a rig here."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels import CHANNELS
from bot.channels.base import Channel, ChannelError, Received, Refused
from flows.message import Choice, Inbound, InboundKind, Outbound
from tests.contracts.channel_rigs import Rig, as_json, parsed, rig
from tests.contracts.hostile_json import JSON, paths, planted

NAMES = [*CHANNELS, "fake"]
PULL = ["web"]  # the client fetches: nothing is sent

ODD = {
    "emoji": "aku 😔👩‍👧‍👦🏽 takut",
    "combining": "e\u0301 n\u0303 ك\u064eت\u064eب",
    "right to left": "\u202eانا خائف\u202c",
    "zero width": "di\u200bpukul\u2060",
    "astral": "𐍈𝒜𠜎",
    "markup": "<b>*_[tolong](http://contoh.invalid)_*</b> `x` &amp; {facts.reader} %s",
    "newlines": "satu\n\n\n  dua\ttiga",
    "digits": "٣ ३ ３",
    "long word": "a" * 900,
}


@pytest.fixture(params=NAMES)
async def found(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rig(request.param) as made:
        yield made


@pytest.fixture(params=[name for name in NAMES if name not in PULL])
async def pushed(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rig(request.param) as made:
        yield made


@pytest.fixture(params=PULL)
async def fetched(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rig(request.param) as made:
        yield made


def prose(length: int, seed: int = 1) -> str:
    """Words, sentences and paragraphs of exactly so many characters, with no space at either end."""
    rng = random.Random(seed)
    text = ""
    while len(text) < length:
        text += rng.choice(["aku", "takut", "di rumah", "paman", "kemarin,", "malam.", "sekolah?\n", "tidak ada\n\n"]) + " "
    return text[: length - 1].rstrip().ljust(length - 1, "a") + "z"


def squeezed(text: str) -> str:
    """The text as it can be compared: a platform may trim spaces where a text was cut."""
    return "".join(text.split())


def test_channels_were_found() -> None:
    assert {"telegram", "terminal"} <= set(NAMES)


async def test_is_a_channel(found: Rig) -> None:
    channel = found.channel
    assert isinstance(channel, Channel)
    assert channel.name in NAMES
    assert channel.pull is (channel.name in PULL)
    assert channel.limits.text >= 1_000
    assert channel.limits.label >= 20  # the shortest that the catalogue promises
    assert channel.limits.id_bytes >= 64
    assert channel.limits.options is None or channel.limits.options >= 3


@pytest.mark.parametrize("size", ["1", "1000", "limit", "limit+1", "3*limit"])
async def test_a_text_arrives_whole(pushed: Rig, size: str) -> None:
    limit = pushed.channel.limits.text
    length = {"1": 1, "1000": 1000, "limit": limit, "limit+1": limit + 1, "3*limit": 3 * limit}[size]
    text = prose(length)
    assert len(text) == length
    refs = await pushed.channel.send(pushed.address, Outbound(text=text))
    assert squeezed(pushed.sees()) == squeezed(text)
    assert refs
    assert len(set(refs)) == len(refs)
    assert all(refs)


async def test_a_text_without_a_seam_arrives_whole(pushed: Rig) -> None:
    text = "😔" * (pushed.channel.limits.text + 1)
    await pushed.channel.send(pushed.address, Outbound(text=text))
    assert squeezed(pushed.sees()) == text


@pytest.mark.parametrize("name", ODD)
async def test_odd_text_arrives_whole_in_both_directions(found: Rig, name: str) -> None:
    text = ODD[name]
    inbound = parsed(found, found.says(text)).inbound
    assert (inbound.kind, inbound.text) == (InboundKind.TEXT, text)
    if not found.channel.pull:
        await found.channel.send(found.address, Outbound(text=text))
        # Direction marks could turn around what follows on a terminal, but they are text: they go through.
        assert squeezed(text) in squeezed(found.sees())


async def test_half_a_surrogate_pair_harms_nobody(found: Rig) -> None:
    inbound = parsed(found, found.says("tolong \ud83d aku")).inbound
    assert inbound.text == "tolong \N{REPLACEMENT CHARACTER} aku"
    if not found.channel.pull:
        await found.channel.send(found.address, Outbound(text="a \udc00 b", choices=(Choice(id="x", label="\ud83d"),)))
        assert "a \N{REPLACEMENT CHARACTER} b" in found.sees()


@pytest.mark.parametrize("identity", ["yes", "a" * 64, "é" * 32, "😔" * 16, "where:kelurahan/ Damai Baru", "1"])
async def test_a_choice_comes_back_as_a_tap_with_its_id(found: Rig, identity: str) -> None:
    assert len(identity.encode()) <= 64
    choice = Choice(id=identity, label="Ya, aman")
    message = Outbound(text="Kamu aman?", fixed=True, choices=(Choice(id="zz", label="Tidak"), choice, Choice(id="skip", label="Lewati")))
    if not found.channel.pull:
        await found.channel.send(found.address, message)
        shown = found.sees()
        assert "1. Tidak\n2. Ya, aman\n3. Lewati" in shown
    received = parsed(found, found.taps(choice))
    assert received.inbound.kind is InboundKind.TAP
    assert received.inbound.tap == identity
    assert received.address == found.address


async def test_every_option_up_to_the_limit_can_be_chosen(found: Rig) -> None:
    count = found.channel.limits.options or 40
    choices = tuple(Choice(id=f"id{n}", label=f"Pilihan {n}") for n in range(1, count + 1))
    if not found.channel.pull:
        await found.channel.send(found.address, Outbound(text="Yang mana?", choices=choices, fixed=True))
    assert parsed(found, found.taps(choices[-1])).inbound.tap == f"id{count}"


async def test_options_stay_whole_when_the_text_must_be_cut(pushed: Rig) -> None:
    choices = tuple(Choice(id=str(n), label=f"Pilihan {n}") for n in range(1, 4))
    text = prose(pushed.channel.limits.text)
    await pushed.channel.send(pushed.address, Outbound(text=text, choices=choices, fixed=True))
    assert squeezed(pushed.sees()) == squeezed(text + "1. Pilihan 1 2. Pilihan 2 3. Pilihan 3")
    assert parsed(pushed, pushed.taps(choices[2])).inbound.tap == "3"


async def test_an_update_is_read_the_same_every_time(found: Rig) -> None:
    update, other = as_json(found.says("satu")), as_json(found.says("satu"))
    first, again, second = (found.channel.parse(each) for each in (update, update, other))
    assert first is not None
    assert again is not None
    assert second is not None
    assert (first.message_id, first.address) == (again.message_id, again.address)  # a redelivery is recognised
    assert first.message_id != second.message_id  # the same words twice are two messages
    assert first.channel == found.channel.name


async def test_what_was_received_survives_storage(found: Rig) -> None:
    for update in [*found.examples(), found.says(ODD["emoji"])]:
        received = found.channel.parse(as_json(update))
        if received is not None:
            assert Inbound.from_json(as_json(received.inbound.to_json())) == received.inbound
            received.inbound.text.encode()  # can be sealed


async def test_a_pull_channel_refuses_to_push(fetched: Rig) -> None:
    with pytest.raises(Refused):
        await fetched.channel.send(fetched.address, Outbound(text="x"))


async def test_an_empty_bubble_is_refused_or_shown_but_never_anything_else(pushed: Rig) -> None:
    try:
        await pushed.channel.send(pushed.address, Outbound(text=" \n"))
    except ChannelError as error:
        assert isinstance(error, Refused)


async def test_a_sent_message_can_be_deleted_or_it_is_said_that_it_cannot(pushed: Rig) -> None:
    refs = await pushed.channel.send(pushed.address, Outbound(text="rahasia"))
    for ref in refs:
        try:
            await pushed.channel.delete(pushed.address, ref)
        except ChannelError as error:
            assert isinstance(error, Refused)
            assert "rahasia" not in str(error)
            assert pushed.address not in str(error)


@pytest.mark.parametrize("ref", ["", "0", "-1", "x", "9" * 40, "1; drop", "１"])
async def test_a_ref_that_is_none_raises_nothing_but_a_channel_error(found: Rig, ref: str) -> None:
    try:
        await found.channel.delete(found.address, ref)
    except ChannelError as error:
        assert found.address not in str(error)


async def test_acknowledging_never_raises(found: Rig) -> None:
    for receipt in ("", "1", "x" * 5000, "\ud83d"):
        inbound = Inbound(kind=InboundKind.TAP, tap="yes")
        await found.channel.acknowledge(
            Received(channel=found.channel.name, message_id="1", address=found.address, inbound=inbound, receipt=receipt)
        )


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_parse_never_raises(name: str, data: st.DataObject) -> None:
    """Real updates with anything at all in one or two places; and anything at all."""

    async def attempt() -> None:
        async with rig(name) as made:
            update: Any = as_json(data.draw(st.sampled_from(made.examples())))
            for _ in range(data.draw(st.integers(1, 2))):
                update = planted(update, data.draw(st.sampled_from(paths(update))), data.draw(JSON))
            received = made.channel.parse(update if isinstance(update, dict) else {"update": update})
            if received is not None:
                assert isinstance(received.address, str)
                assert received.message_id
                Inbound.from_json(received.inbound.to_json())
                repr(received).encode()  # no half of a surrogate pair in any of it

    asyncio.run(attempt())
