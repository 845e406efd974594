"""What the desk shows to somebody who works there. No word of a reporter is in it that is not sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.ending import Second
from actions.queue import HandOff, Refusal

OK = "ok"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of an order: `code` is "ok" or why not (`actions.queue.Refusal`, or a word of the desk's own); `version` is the
    hand-off's now, where that is known."""

    code: str
    version: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.code == OK

    @classmethod
    def no(cls, refusal: Refusal | str, version: int | None = None) -> Result:
        """It was not."""
        return cls(code=str(refusal), version=version)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueItem:
    """One hand-off in a list. `owner`, `asked`, `invited` and `closed_by` are the shown names of whoever has it, of whoever is asked, of
    whoever looks on, and of the first of the two who close a crisis; `channel` is where it is talked in, "" if it is not; `ahead` counts
    those that come before it among the waiting ones. `second` is who has to close a crisis besides whoever looks at it now."""

    hand_off: HandOff
    owner: str = ""
    asked: str = ""
    invited: str = ""
    closed_by: str = ""
    channel: str = ""
    ahead: int = 0
    second: Second = Second.NONE

    @property
    def lost(self) -> bool:
        """Whether somebody had it before, and it waits again."""
        return not self.hand_off.message and self.hand_off.state in ("waiting", "offered") and bool(self.hand_off.owners)


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDuty:
    """A colleague, as others see them: `there` (the console is connected), `state` (ready, away, pause until `until`), `load` of
    `capacity`, and `messages` that they are reading."""

    id: bytes
    shown: str
    role: str
    there: bool
    state: str
    load: int
    capacity: int
    languages: tuple[str, ...]
    messages: int = 0
    until: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueView:
    """What is open for one member: `items` in the order in which they are to be taken, then what others have and what is being wrapped up.
    `state` is their own presence; `until` is the end of a pause, or when the desk took them for away (None: they said so); `counts` by
    state of the hand-offs; `oldest` is the longest wait of now, in seconds."""

    items: tuple[QueueItem, ...]
    colleagues: tuple[OnDuty, ...]
    state: str
    until: int | None
    counts: Mapping[str, int]
    oldest: int | None
    now: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """What became of a reply: pending, sending, sent, delivered, read, failed, dead; `code` says why, in a word for machines."""

    record_id: bytes
    status: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOffView:
    """One hand-off, without its records. `sealed_key` is the case's private half sealed to the member's unit; `head` is what the next entry
    of staff's has to name as the one before it (32 zero bytes: there is none yet); `window_until` is when WhatsApp's day is over (None: no
    such window, or nobody to write to); `last_at` is when the reporter wrote last."""

    item: QueueItem
    public_key: bytes
    sealed_key: bytes
    head: bytes
    told: int
    colleagues: tuple[OnDuty, ...]
    last_at: int | None
    window_until: int | None
    now: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A staff entry as the browser made it (`bot.vault.staff_entry`): sealed to the case, signed, naming the entry before it. `public_key`
    is the case's that the browser sealed it to."""

    record_id: bytes
    version: int
    sealed: bytes
    public_key: bytes
    signature: bytes
    previous: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply(Entry):
    """An entry that goes to the reporter as well: `text` is what the platform will see. It is erased once it is sent."""

    text: str
