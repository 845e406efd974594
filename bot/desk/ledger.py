"""Every change of a hand-off goes through here: compare-and-set, then everybody who has to know hears of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from actions.desk import TOLD, moves
from actions.queue import PAUSE_SECONDS, Event, HandOff, Refusal, State, after, rests_after
from actions.rows import Change, Insert, Require
from bot.desk.events import ASKED, QUEUE, Changed, Events
from bot.desk.events import HAND_OFF as CHANGED
from bot.desk.presence import rests
from bot.desk.views import OK, Result
from bot.metrics import DESK_EVENTS
from bot.storage.desk import DeskStore
from bot.storage.faults import Moved
from bot.storage.sharing import HAND_OFF, Sharing, notice
from bot.storage.writer import Writer


class Ledger:
    """`tell` has the bot look at a conversation of this process: something happened that its reporter should hear."""

    def __init__(
        self, *, store: DeskStore, writer: Writer, sharing: Sharing, events: Events, tell: Callable[[bytes], None],
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._writer, self._sharing, self._tell, self._clock = store, writer, sharing, tell, clock
        self.events = events
        self.versions: dict[bytes, int] = {}  # of what is open, as this process has said it last

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock())

    async def move(
        self, before: HandOff, event: Event, *, also: Sequence[Change] = (), requires: Sequence[Require] = (),
        write: Callable[..., Awaitable[object]] | None = None,
    ) -> Result:  # fmt: skip
        """An event happens to a hand-off that was seen so, with the rows of `also`, or nothing does: `stale` if it was changed since.
        `write` takes the rows in the writer's place: what goes on the audit chain with them."""
        step = after(before, event)
        if isinstance(step, Refusal):
            return Result.no(step, before.version)
        wanted = moves(before, step, at=event.at)
        rows: list[Change] = [*wanted.rows, *also]
        tired = await self._tired(before, event, step)
        if tired is not None:
            rows.append(rests(tired, until=event.at + PAUSE_SECONDS))
        try:
            await (write or self._writer.write)(rows, requires=[*wanted.requires, *requires], notices=(notice(HAND_OFF, before.id),))
        except Moved:
            return Result.no(Refusal.STALE)
        DESK_EVENTS.labels(_name(event)).inc()
        self.changed(step.id, step.version, gone=step.state is State.CLOSED)
        self.asked(step, before)
        for row in wanted.rows:
            if isinstance(row, Insert) and row.table == "timer" and row.row["name"] == TOLD:
                await self.tell(row.row["conversation_id"])
        return Result(code=OK, version=step.version)

    async def _tired(self, before: HandOff, event: Event, step: HandOff) -> bytes | None:
        """Who rests after this."""
        tired = rests_after(before, event, step, spoke=True)
        if tired is None or rests_after(before, event, step, spoke=False) == tired:
            return tired
        return tired if await self._store.spoke(before.case_id, tired) else None  # only then does it have to be looked up

    async def tell(self, conversation_id: bytes) -> bool:
        """Has the bot speak, if this process has the conversation. Another one that has it hears the notice."""
        ours = conversation_id in await self._sharing.take({conversation_id})
        if ours:
            self._tell(conversation_id)
        return ours

    def changed(self, hand_off_id: bytes, version: int, *, gone: bool = False) -> None:
        """Consoles here hear that a hand-off has this version now."""
        if gone:  # of what has been purged nobody knows any more whose it was: that the queue is another, everybody may hear
            self.versions.pop(hand_off_id, None)
            self.events.publish(Changed(what=QUEUE, id=b""))
        else:
            self.versions[hand_off_id] = version
        self.events.publish(Changed(what=CHANGED, id=hand_off_id, version=version))

    def asked(self, now: HandOff, before: HandOff | None = None) -> None:
        """Whoever is asked to take a hand-off or to look on, and was not before, hears of it here at once: the others' lists can wait."""
        known = (None, None) if before is None else (before.offered_to, before.invited_id)
        for member, earlier in zip((now.offered_to, now.invited_id), known, strict=True):
            if member is not None and member != earlier:
                self.events.publish(Changed(what=ASKED, id=now.id, version=now.version, to=member))


def _name(event: Event) -> str:
    name = type(event).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
