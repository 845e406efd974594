"""Chats that nobody thought of: any words, taps, commands, files, pauses, redeliveries and restarts in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from tests.faults.crowd import Act, Chatter, Crowd, crowd
from tests.stores import ON_POSTGRES

TOGETHER = 20  # chats of one example, side by side
CHATS = 60 if ON_POSTGRES else 150  # a minute of them; ten thousand are among the long counts
MANY_CHATS = 10_000

COMMANDS = (
    "menu", "kembali", "lewati", "ulangi", "bantuan", "konselor", "mtk", "hapus", "bahasa", "/start", "/menu", "/keluar", "language",
    "back", "skip", "help", "HAPUS!", "Lewati.", "stop",
)  # fmt: skip
WORDS = (
    "halo", "ya", "tidak", "nggak tau", "1", "2", "7", "1, 3 dan 4", "semua", "kemarin sore", "sepinggan", "Balikpapan Barat",
    "12 November", "KENARI", "aku KENARI dari kelas lima dan mau cerita soal kemarin di sekolah", "cerita KENARI " * 40,
    "{result.code} {number.police}",
    "{answers.story} KENARI", "lima kata yang bukan kode", "adik", "orang dewasa", "<b>KENARI</b>", "https://example.org/?q=KENARI",
    "😀😀😀", "KENARI\nKENARI\n\n", "a" * 4_001, "\u200b", "?", "0812-5555-0137 KENARI", "pr ipa kelas lima",
)  # fmt: skip
ALARMS = (
    "tolong aku dikejar orang bawa parang", "aku mau bunuh diri", "bapak lagi mukulin ibu sekarang tolong",
    "help he is hitting me right now", "aku pengen mati aja KENARI",
)  # fmt: skip
TAPS = ("1.report", "2.yes", "99.no", "yes", ".", "3.", "-1.x", "5.send", "\x00", "٣.yes", "1.64.71.02")

_TEXT = (
    st.sampled_from(COMMANDS) | st.sampled_from(WORDS) | st.sampled_from(ALARMS)
    | st.text(st.characters(exclude_characters="{}", exclude_categories=("Cs",)), min_size=1, max_size=60)
)  # fmt: skip
_ACT = st.one_of(
    st.builds(Act, kind=st.just("say"), text=_TEXT),
    st.builds(Act, kind=st.just("tap"), pick=st.integers(0, 12)),
    st.builds(Act, kind=st.just("tap"), pick=st.integers(0, 1)),
    st.builds(Act, kind=st.sampled_from(["stale", "stale", "foreign"]), text=st.sampled_from(TAPS), pick=st.integers(0, 40)),
    st.builds(Act, kind=st.sampled_from(["start", "leave", "place", "file", "sticker"]), text=st.sampled_from(("", *WORDS[:2]))),
    st.builds(Act, kind=st.just("again")),
)
_CHAT = st.tuples(st.sampled_from(["telegram", "web"]), st.lists(_ACT, min_size=2, max_size=9))
# Most chats report, so that the depths of the conversation are reached and not only its beginning.
_OPENINGS = (
    (), ("report", "yes", "self_13_17"), ("report", "yes", "self_13_17", "KENARI dan cerita panjang soal kemarin", "yes", "64.71.02"),
    ("report", "yes", "adult", "no", "neighbour", "1, 2", "cerita KENARI", "yes"), ("counsellor",), ("check",), ("help", "exit_word"),
    ("report", "yes", "self_13_17", "KENARI lagi", "no", "64.71.02", "own_code"), ("services",), ("report", "no"),
    ("report", "yes", "self_under_13", "aku KENARI", "yes", "64.71.02", "own_code", "send"), ("tolong aku dikejar orang bawa parang",),
)  # fmt: skip
_BATCH = st.tuples(
    st.lists(st.tuples(st.sampled_from(_OPENINGS), _CHAT), min_size=TOGETHER, max_size=TOGETHER), st.sampled_from(["", "", "", "wait"]),
    st.integers(0, 3),
)  # fmt: skip


class Stage:
    """A crowd on a loop of its own, for examples that come one after the other."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.crowd: Crowd = self._loop.run_until_complete(self._stack.enter_async_context(crowd(folder)))

    def play(self, batch: tuple[list[tuple[tuple[str, ...], tuple[str, list[Act]]]], str, int]) -> None:
        """All chats of an example side by side, with a pause for everybody in the middle of some."""
        chats, between, pick = batch
        people = [(self.crowd.person(channel), opening, acts) for opening, (channel, acts) in chats]

        async def first(person: Chatter, opening: tuple[str, ...], acts: list[Act]) -> None:
            await self.crowd.does(person, Act(kind="start"))
            for line in opening:
                await self.crowd.does(person, _opened(person, line))
            for act in acts[: len(acts) // 2]:
                await self.crowd.does(person, act)

        async def rest(person: Chatter, opening: tuple[str, ...], acts: list[Act]) -> None:
            for act in acts[len(acts) // 2 :]:
                await self.crowd.does(person, act)

        async def all_of_it() -> None:
            async with asyncio.TaskGroup() as talks:  # the first that fails ends the others
                for one in people:
                    talks.create_task(first(*one))
            if between:
                await self.crowd.does(people[0][0], Act(kind=between, pick=pick))
            async with asyncio.TaskGroup() as talks:
                for one in people:
                    talks.create_task(rest(*one))

        self._loop.run_until_complete(all_of_it())
        assert self.crowd.complaints.heard == []

    def restart(self) -> None:
        """A stop and a start in the middle of everybody's talk."""
        self._loop.run_until_complete(self.crowd.restart())

    def close(self) -> None:
        """A graceful stop."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()


def _opened(person: Chatter, line: str) -> Act:
    offered = next((bubble.choices for bubble in reversed(person.seen) if bubble.choices), ())
    for place, choice in enumerate(offered):
        if choice.id.partition(".")[2] == line:
            return Act(kind="tap", pick=place)
    return Act(kind="say", text=line)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One service for all chats of a test."""
    here = Stage(tmp_path / "data")
    yield here
    here.close()


def _plays(stage: Stage, chats: int, *, derandomize: bool) -> None:
    batches = chats // TOGETHER
    played = 0

    @settings(
        max_examples=batches, deadline=None, database=None, derandomize=derandomize, suppress_health_check=list(HealthCheck),
        # No shrinking: the service lives on from one example to the next. What failed says itself who wrote what.
        phases=[Phase.generate], report_multiple_bugs=False, verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(batch=_BATCH)
    def play(batch: tuple[list[tuple[tuple[str, ...], tuple[str, list[Act]]]], str, int]) -> None:
        nonlocal played
        played += 1
        if played % 12 == 0:
            stage.restart()
        stage.play(batch)

    play()
    assert len(stage.crowd.people) >= 0.9 * chats  # batches differ in size
    assert stage.crowd.alarms > chats // 20, "hardly anybody was in danger: the checks were not tried"
    assert stage.crowd.answers > stage.crowd.acts * 0.7


@pytest.mark.timeout(400)
def test_some_hundred_chats(stage: Stage) -> None:
    """No exception, always an answer, nobody's words with anybody else, no open placeholder, danger answered everywhere."""
    _plays(stage, CHATS, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_ten_thousand_chats(stage: Stage) -> None:
    """The same, other chats each time."""
    _plays(stage, MANY_CHATS, derandomize=False)
