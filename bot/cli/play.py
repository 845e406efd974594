"""Three made-up reporters for the demo: they talk with the real service over the web chat's own mailroom, at reading speed. All three
wait for somebody at the desk, want a person, one after the other, and answer whoever takes them at the console; after a pause they begin
again."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.app import Service
from bot.demo.reporter import Reporter
from flows.message import Outbound


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one of them does: an option's id is tapped if it is offered, anything else is typed. `before` is gone through first, `asks` is
    how a person is asked for; `answers` come after each message of the counsellor's, whatever it says, then `thanks`. `alone` is what is
    done if nobody sits at the desk."""

    name: str
    before: tuple[str, ...] = ()
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    thanks: str
    goodbye: str
    alone: tuple[str, ...] = ()
    after: float = 0.0  # as many pauses after the first one of them


FIRST = "di rumah lagi sering ribut, aku bingung mau cerita ke siapa"
BOY = Part(
    name="a boy of fourteen",
    asks=("report", "yes", "self_13_17", "konselor", "talk", FIRST, "own"),
    answers=(
        "iya kak, makasih udah dibales",
        "ayah sama ibu sering ribut malem malem. aku jadi susah tidur",
        "sekarang aku di rumah tante, aman kok",
        "belum, baru cerita ke kakak aja",
        "boleh aku chat lagi kapan kapan?",
    ),
    thanks="makasih ya kak, udah agak lega",
    goodbye="kak, aku udahan dulu ya. makasih udah nemenin",
    alone=("counsellor", FIRST, "own_code"),
)
NEIGHBOUR = Part(
    name="a neighbour",
    asks=("counsellor", "talk", "saya mau tanya soal anak di rumah sebelah, hampir tiap malam dimarahi dan nangis lama", "own"),
    answers=(
        "selamat siang, terima kasih sudah dibalas",
        "kira kira umur delapan tahun, tinggal sama ayah dan neneknya",
        "kedengaran dari kamar saya, biasanya habis magrib",
        "belum, saya takut salah sangka",
    ),
    thanks="baik bu, saya jadi tahu harus bagaimana. terima kasih",
    goodbye="mungkin lagi sibuk ya, nanti saya tulis lagi. terima kasih",
    alone=(
        "report", "yes", "adult", "no", "neighbour", "1, 2", "hampir tiap malam kedengaran anak dimarahi dan nangis lama", "yes",
        "done", "this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "parent", "6", "7",
        "own_code", "send", "done",
    ),
    after=4,
)  # fmt: skip
_REPORT = (
    "report", "yes", "self_under_13", "tadi di sekolah ada yang sering dorong aku sampe jatuh, aku takut masuk", "yes",
    "64.71.02", "own_code", "send", "done",
)  # fmt: skip
GIRL = Part(
    name="a girl of ten",
    before=_REPORT,
    asks=("menu", "counsellor", "talk", "aku udah lapor tadi, sekarang mau ngobrol sama orang", "own"),
    answers=("halo kak", "tiap istirahat, yang kelas enam", "udah bilang bu guru tapi masih", "iya aku mau kak"),
    thanks="makasih kakak, aku seneng dibantu",
    goodbye="kak aku dipanggil mama, dadah",
    alone=_REPORT,
)
PARTS = (BOY, NEIGHBOUR, GIRL)
_SAFE, _MESSAGE, _END, _RATING = "safe_yes", "message", "selesai bicara", "very_good"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Seconds: between two messages of theirs; until they give up that anybody sits down at the desk (the first time: later they wait for
    ever), that somebody takes them, and that whoever took them writes; from the end of the last one until they begin again."""

    pause: float = 1.5
    staffed: float = 15 * 60
    taken: float = 10 * 60
    silent: float = 5 * 60
    again: float = 60


async def play(service: Service, pace: Pace | None = None) -> None:
    """Lets the three talk side by side, again and again."""
    pace = pace or Pace()
    while True:
        await once(service, pace)
        await asyncio.sleep(pace.again)
        pace = replace(pace, staffed=math.inf)


async def once(service: Service, pace: Pace) -> None:
    """All three, each to the end."""
    await asyncio.gather(*(meets(service, part, pace) for part in PARTS))


async def meets(service: Service, part: Part, pace: Pace) -> None:
    """Asks for a person once somebody is ready at the desk, and answers them; leaves a message if nobody comes."""
    it = _Played(service, part, pace)
    await it.reporter.starts()
    if not await it.until(lambda: service.desk.staffed, pace.staffed):
        await it.reads(part.alone)
        return
    await asyncio.sleep(part.after * pace.pause)
    await it.reads((*part.before, *part.asks))
    await it.talks()


class _Played:
    """One of them, who tells the terminal what they do."""

    def __init__(self, service: Service, part: Part, pace: Pace) -> None:
        self.reporter = Reporter(service)
        self._part, self._pace = part, pace

    async def reads(self, script: Sequence[str]) -> None:
        """Goes through a script."""
        for line in script:
            await self._says(line)

    async def _says(self, line: str) -> Sequence[Outbound]:
        await asyncio.sleep(self._pace.pause)
        print(f"[{self._part.name}] {line}", flush=True)
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
        left, with_somebody, since = list(self._part.answers), False, time.monotonic()
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
                await self._ends(self._part.thanks)
                return
            if time.monotonic() - since > (self._pace.silent if with_somebody else self._pace.taken):
                await (self._ends(self._part.goodbye) if with_somebody else self._says(_MESSAGE))
                return

    async def _ends(self, last: str) -> None:
        for line in (last, _END, _RATING):
            await self._says(line)


def _by_a_person(bubble: Outbound) -> bool:
    """The bot's own words, who it is that came for one, say which language they are in."""
    return not bubble.language
