"""Many look at the desk at once: one look for all of them, and for nobody one that is older than the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actions.queue import State
from bot.desk.picture import Glances, picture
from tests.bot.desk.sitting import Office, office, wait_here


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the database was looked at."""
    made: list[int] = []

    async def counted(store: Any) -> Any:
        made.append(1)
        seen = await picture(store)
        await asyncio.sleep(0.05)  # it is on its way for a while, as it was
        return seen

    monkeypatch.setattr("bot.desk.picture.picture", counted)
    return made


async def test_all_who_ask_at_once_get_the_same_look(desk: Office, looks: list[int]) -> None:
    await wait_here(desk.service, unit=desk.unit)
    glances = Glances(desk.store)
    seen = await asyncio.gather(*(glances.glance() for _ in range(20)))
    assert len(looks) == 1 and all(each is seen[0] for each in seen)
    assert len(seen[0].open) == 1
    await glances.glance()
    assert len(looks) == 2, "nothing is kept"


async def test_nobody_gets_a_look_that_began_before_they_asked(desk: Office, looks: list[int]) -> None:
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    glances = Glances(desk.store)
    early = asyncio.create_task(glances.glance())
    await asyncio.sleep(0.03)  # it has read by now
    await desk.set(hand_off_id, state="active")
    late = await asyncio.gather(*(glances.glance() for _ in range(5)))
    assert [each.state for each in (await early).open] == [State.WAITING]
    assert all([each.state for each in seen.open] == [State.ACTIVE] for seen in late)
    assert len(looks) == 2


async def test_who_goes_away_leaves_the_others_their_look_and_a_failure_is_not_kept(
    desk: Office, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    glances = Glances(desk.store)
    gone, stays = asyncio.create_task(glances.glance()), asyncio.create_task(glances.glance())
    await asyncio.sleep(0.01)
    gone.cancel()
    assert (await stays).open == ()

    async def broken(store: Any) -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("bot.desk.picture.picture", broken)
        with pytest.raises(OSError):
            await glances.glance()
    assert (await glances.glance()).open == ()
