"""Three made-up reporters for the demo: they talk with the real service over the web chat's own mailroom, at reading speed. One of them
wants a person, and answers whoever takes them at the console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.app import Service
from bot.demo.reporter import Reporter
from flows.message import Outbound

# What each of them answers: an option's id is tapped if it is offered, anything else is typed.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "a girl of ten": (
        "report", "yes", "self_under_13", "tadi di sekolah ada yang sering dorong aku sampe jatuh, aku takut masuk", "yes",
        "64.71.02", "own_code", "send", "done",
    ),
    "a neighbour": (
        "report", "yes", "adult", "no", "neighbour", "1, 2", "hampir tiap malam kedengaran anak dimarahi dan nangis lama", "yes",
        "done", "this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "parent", "6", "7",
        "own_code", "send", "done",
    ),
}  # fmt: skip
WANTS_A_PERSON = "a boy of fourteen"
FIRST = "di rumah lagi sering ribut, aku bingung mau cerita ke siapa"
# What the boy writes after each message of the counsellor's, whatever it says.
ANSWERS = (
    "iya kak, makasih udah dibales",
    "ayah sama ibu sering ribut malem malem. aku jadi susah tidur",
    "sekarang aku di rumah tante, aman kok",
    "belum, baru cerita ke kakak aja",
    "boleh aku chat lagi kapan kapan?",
)
THANKS = "makasih ya kak, udah agak lega"
GOODBYE = "kak, aku udahan dulu ya. makasih udah nemenin"
_SAFE, _MESSAGE, _END, _RATING = "safe_yes", "message", "selesai bicara", "very_good"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Seconds: between two messages of theirs; until they give up that anybody sits down at the desk, that somebody takes them, and that
    whoever took them writes."""

    pause: float = 1.5
    staffed: float = 15 * 60
    taken: float = 3 * 60
    silent: float = 5 * 60


async def play(service: Service, pace: Pace | None = None) -> None:
    """Lets the three talk side by side."""
    pace = pace or Pace()
    await asyncio.gather(*(_Played(service, name, pace).reads(script) for name, script in SCRIPTS.items()), boy(service, pace))


async def boy(service: Service, pace: Pace) -> None:
    """Asks for a person as soon as somebody is ready at the desk, and answers them; leaves a message if nobody is, or nobody comes."""
    it = _Played(service, WANTS_A_PERSON, pace)
    await it.reporter.starts()
    if not await it.until(lambda: service.desk.staffed, pace.staffed):
        await it.reads(("counsellor", FIRST, "own_code"), begun=True)
        return
    await it.reads(("counsellor", "talk", FIRST, "own"), begun=True)
    await it.talks()


class _Played:
    """One of them, who tells the terminal what they do."""

    def __init__(self, service: Service, name: str, pace: Pace) -> None:
        self.reporter = Reporter(service)
        self._name, self._pace = name, pace

    async def reads(self, script: Sequence[str], *, begun: bool = False) -> None:
        """Goes through a script."""
        if not begun:
            await self.reporter.starts()
        for line in script:
            await self._says(line)

    async def _says(self, line: str) -> Sequence[Outbound]:
        await asyncio.sleep(self._pace.pause)
        print(f"[{self._name}] {line}", flush=True)
        return await self.reporter.says(line)

    async def until(self, there: Callable[[], bool], seconds: float) -> bool:
        """Whether it is so before so many seconds are over."""
        end = time.monotonic() + seconds
        while not there():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(self._pace.pause)
        return True

    async def talks(self) -> None:
        """From waiting for a person to the end, whoever ends it."""
        left, with_somebody, since = list(ANSWERS), False, time.monotonic()
        while True:
            await asyncio.sleep(self._pace.pause)
            desk = await self.reporter.desk()
            shown = await self.reporter.hears()
            if desk in ("none", "ended"):
                await self._says(_RATING)
                return
            if (desk == "active") is not with_somebody:
                with_somebody, since = desk == "active", time.monotonic()
            if any(choice.id.endswith(f".{_SAFE}") for bubble in shown for choice in bubble.choices):
                shown = [*shown, *await self._says(_SAFE)]
            if any(_by_a_person(bubble) for bubble in shown):
                since = time.monotonic()
                if left:
                    await self._says(left.pop(0))
                    continue
                await self._ends(THANKS)
                return
            if time.monotonic() - since > (self._pace.silent if with_somebody else self._pace.taken):
                await (self._ends(GOODBYE) if with_somebody else self._says(_MESSAGE))
                return

    async def _ends(self, last: str) -> None:
        for line in (last, _END, _RATING):
            await self._says(line)


def _by_a_person(bubble: Outbound) -> bool:
    """The bot's own words, who it is that came for one, say which language they are in."""
    return not bubble.language
