"""What actions need from outside, as protocols, and the values that go in and out. `bot` chooses who fulfils them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from actions.deadline import Deadlines
from actions.queue import HandOff
from actions.rows import Change


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Somebody that cases can be sealed to. `kind` is what sort of unit it is; `lead` receives what concerns the units themselves;
    `version` is that of the unit's key."""

    id: bytes
    name: str
    kind: str
    lead: bool
    public_key: bytes
    version: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityRole:
    """One of the two offices that open an identity together. `kind` is that of the unit it belongs to."""

    id: bytes
    name: str
    kind: str
    public_key: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedKey:
    """A case's private half sealed to a recipient: to which version of their key, and the service's tag that says that it is for them."""

    recipient_id: bytes
    version: int | None
    sealed: bytes
    tag: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCase:
    """A case's public half with the service's tag over it, and its private half sealed to each recipient."""

    id: bytes
    public_key: bytes
    keys: tuple[SealedKey, ...] = ()
    tag: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedReceipt:
    """A new receipt: the words for the reporter, and what is stored in their place."""

    words: str
    locator: bytes
    mailbox_id: bytes
    mailbox_public: bytes
    tag: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedMailbox:
    """What a code opens: the case's status and the replies that wait, in words."""

    case_id: bytes
    status: str
    public_key: bytes
    replies: tuple[str, ...]
    reply_ids: tuple[bytes, ...]


class Sealer(Protocol):
    """Sealing to a case, without the means to open it again."""

    def new_case(self, recipients: Sequence[Recipient]) -> NewCase:
        """A fresh case key, sealed to the recipients."""

    def seal(self, plaintext: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
        """A record that only the case's key opens, in this row and version only."""

    def seal_address(self, address: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes) -> bytes:
        """A return address: sealed to the server first, then to the case, so that neither reads it alone."""

    def seal_identity(self, plaintext: bytes, *, roles: Sequence[IdentityRole], case_id: bytes, record_id: bytes) -> bytes:
        """An identity: sealed to one role, then to the other, so that neither reads it alone, and nobody else at all."""


class Receipts(Protocol):
    """The five words."""

    async def issue(self, case_id: bytes) -> IssuedReceipt:
        """A new receipt for a case. Slow on purpose (Argon2id)."""

    async def open(self, text: str) -> OpenedMailbox | None:
        """What a typed code opens; None if it opens nothing."""


class Units(Protocol):
    """Who receives cases."""

    async def recipients(self) -> tuple[Recipient, ...]:
        """All units, oldest first."""

    async def recovery(self) -> Recipient | None:
        """The recovery key, if one was made."""

    async def identity_roles(self) -> tuple[IdentityRole, ...]:
        """The two roles that open identities together; none as long as not both have a key of their own."""


class Guesses(Protocol):
    """How often codes were tried."""

    async def count(self, *, conversation_id: bytes, channel: str, now: datetime) -> Sequence[Change] | None:
        """The rows that count one more try, or None if the budget of this hour is spent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Of a case: its urgency; since when something lies there that somebody added and nobody has opened (None: nothing), and when a lead is
    told of that next."""

    urgency: str
    added_at: int | None
    added_due: int | None


class Cases(Protocol):
    """Cases as far as the bot may look: their public halves, and how soon they have to be read."""

    async def public_key(self, case_id: bytes) -> bytes | None:
        """The public half of a case's key; None if there is no such case, or if the key there is not the one that it was made with."""

    async def unread(self, case_id: bytes) -> Unread:
        """How a case that is there has to be read. Raises LookupError if it is not there."""

    async def told_since(self, case_id: bytes, since: int) -> int:
        """How many messages were added to a case from a moment on (seconds since 1970)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKept:
    """A file that was cleaned and sealed. `size` and `sha256` (hex) are of the file as it came, `clean_…` of what was sealed, in bytes;
    `kind` is voice, image or document; `pieces` are sealed under `key`."""

    id: bytes
    key: bytes
    kind: str
    content_type: str
    extension: str
    size: int
    sha256: str
    clean_size: int
    clean_sha256: str
    pieces: tuple[bytes, ...]


class Files(Protocol):
    """Files that people send."""

    async def take(self, *, channel: str, handle: str, kind: str, size: int | None) -> FileKept | str:
        """Fetches, cleans and seals a file of a kind. Slow. Why not, in a word, if it is not to be had: too_big, wrong_type,
        unreachable, error."""

    def apart(self, channel: str) -> bool:
        """Whether the platform keeps files apart from the chat that the person sees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """All of them together, and what is neither clock nor chance in the core: `new_id` gives 16 random bytes. `zone` is where the city is;
    `open_at` says whether somebody is planned to be at the desk at a moment; `deadlines` are the city's."""

    sealer: Sealer
    receipts: Receipts
    units: Units
    guesses: Guesses
    cases: Cases
    files: Files
    new_id: Callable[[], bytes]
    recording: Mapping[str, Any] = field(default_factory=dict)
    zone: tzinfo = UTC
    open_at: Callable[[datetime], bool] = field(default=lambda _: True)
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What an action is asked to do. `answers` are those of the conversation that asks, `drafts` those of every open one by its name;
    `apart` are own words of the conversation that asks that its definition keeps apart (an identity): they are in neither of the others;
    `address` is the return address in clear, held in memory for this turn only; `started` is when the conversation began; times are
    aware. `hand_off` is the one that the conversation is in, as it stood when the turn began. `blocked`: the desk has blocked the address.
    """

    arguments: Mapping[str, Any]
    answers: Mapping[str, Any]
    last: str
    drafts: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Any]
    language: str
    channel: str
    conversation_id: bytes
    address: str
    started: datetime
    now: datetime
    apart: Mapping[str, str] = field(default_factory=dict)
    hand_off: HandOff | None = None
    blocked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of it. `rows` are written in the turn's own commit; `new_key` changes the conversation's key there, and the old one
    dies; `wipe` has the platform delete both sides' messages. `secret`: the result (a code, a reply) may stay with the person alone, so
    the bubbles that tell it are locked under keys that die once they are delivered. `drop` are handles of files that go from where the
    channel keeps them. The rest goes back into the conversation
    (`flows.signals.Done`)."""

    code: str
    result: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, Any] = field(default_factory=dict)
    forget: bool = False
    reset: bool = False
    rows: tuple[Change, ...] = ()
    new_key: bool = False
    wipe: bool = False
    secret: bool = False
    drop: tuple[str, ...] = ()


Action = Callable[[Request, Ports], Awaitable[Outcome]]
