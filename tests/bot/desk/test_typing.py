"""That somebody is writing is shown to the other side while the two talk, and never while it may not be safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.desk import typing
from bot.desk.events import TYPING, Changed
from bot.pages import TYPING_SECONDS
from tests.bot.desk.sitting import Office, Person, office


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hint counts, however soon it follows."""
    monkeypatch.setattr(typing, "EVERY", 0.0)


async def talking(desk: Office) -> tuple[Person, bytes]:
    """Rina talks with the person at 1."""
    rina = await desk.comes("Rina")
    hand_off = await desk.asks("1")
    assert (await desk.desk.pull(rina, hand_off)).ok
    await desk.service.settle()
    return rina, hand_off


async def where(desk: Office, hand_off_id: bytes) -> bytes:
    found = (await desk.hand_off(hand_off_id)).conversation_id
    assert found is not None
    return found


async def news(desk: Office, hand_off_id: bytes) -> int:
    """How many hints of the reporter's a console hears."""
    heard: list[Changed] = []
    async with desk.desk.events.subscribe() as changes:
        await desk.service.typing.reporter(await where(desk, hand_off_id))
        with suppress(TimeoutError):
            while True:
                heard.append(await asyncio.wait_for(anext(changes), 0.02))
    return [(each.what, each.id) for each in heard].count((TYPING, hand_off_id))


async def test_the_reporter_sees_that_the_one_who_talks_with_them_is_writing(desk: Office, untimed: None) -> None:
    rina, hand_off = await talking(desk)
    budi = await desk.comes("Budi")
    assert not await desk.service.typing.counsellor(budi.id, hand_off), "whoever looks on does not write"
    assert await desk.service.typing.counsellor(rina.id, hand_off)
    assert desk.phones.typed == ["1"]
    assert await news(desk, hand_off) == 1


async def test_a_page_is_told_and_forgets_it(desk: Office, untimed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rina, hand_off = await talking(desk)
    conversation = await where(desk, hand_off)
    monkeypatch.setattr(desk.phones, "pull", True)
    waiting = asyncio.create_task(desk.service.pages.news(conversation, 5))
    await asyncio.sleep(0)
    assert await desk.service.typing.counsellor(rina.id, hand_off)
    await asyncio.wait_for(waiting, 1)
    typed = desk.service.pages.typed(conversation)
    assert typed > 0 and desk.service.pages.typed(b"another".ljust(16)) == 0.0
    monkeypatch.setattr("bot.pages.time.monotonic", lambda: typed + TYPING_SECONDS)
    assert desk.service.pages.typed(conversation) == 0.0
    assert desk.phones.typed == []


async def test_hints_are_few(desk: Office) -> None:
    rina, hand_off = await talking(desk)
    assert [await desk.service.typing.counsellor(rina.id, hand_off) for _ in range(5)] == [True, False, False, False, False]
    assert [await news(desk, hand_off) for _ in range(3)] == [1, 0, 0]


async def test_no_sign_of_life_until_it_is_known_to_be_safe(desk: Office, untimed: None) -> None:
    rina, hand_off = await talking(desk)
    assert (await desk.desk.safe(rina, hand_off)).ok
    await desk.service.settle()
    for answer in ("asked", "no"):
        await desk.set(hand_off, safe=answer)
        assert not await desk.service.typing.counsellor(rina.id, hand_off)
        assert await news(desk, hand_off) == 0
    assert desk.phones.typed == []
    await desk.set(hand_off, safe="yes")
    assert await desk.service.typing.counsellor(rina.id, hand_off)
    assert await news(desk, hand_off) == 1


async def test_nobody_who_waits_or_has_gone_sees_a_hint(desk: Office, untimed: None) -> None:
    rina = await desk.comes("Rina")
    hand_off = await desk.asks("1")
    assert not await desk.service.typing.counsellor(rina.id, hand_off)
    assert await news(desk, hand_off) == 0
    assert (await desk.desk.pull(rina, hand_off)).ok
    assert (await desk.desk.wrap_up(rina, hand_off)).ok
    assert not await desk.service.typing.counsellor(rina.id, hand_off)
    assert desk.phones.typed == []
