"""What can happen to a hand-off. `at` is when, in seconds since 1970; `by` is the member of staff who does it."""

from __future__ import annotations

from dataclasses import dataclass

from actions.hand_off import Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """Somebody is asked to take it."""

    at: int
    to: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferExpired:
    """Nobody answered, or the console of whoever was asked is not there any more (`gone`). An offer of a transfer likewise."""

    at: int
    gone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Whoever was asked says no: to an offer, or to a transfer."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """Whoever was asked takes it."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """Somebody takes it without being asked."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferAsked:
    """The owner asks a colleague to take over, and stays the owner until then."""

    at: int
    by: bytes
    to: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferAccepted:
    """The colleague takes over."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferRefused:
    """The colleague says no; the owner stays."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenBack:
    """The owner does not ask any more."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class LetGo:
    """The owner gives it back to the queue."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleLost:
    """The owner's console is gone."""

    at: int
    of: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """The owner asks a colleague to look on (`None`: no more)."""

    at: int
    by: bytes
    colleague: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrote:
    """The reporter wrote. `conversation_id` ties a hand-off to the conversation that it is talked in."""

    at: int
    conversation_id: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeAsked:
    """The owner asks whether it is safe to write."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeAnswered:
    """The reporter says whether it is. If not, nothing is sent."""

    at: int
    yes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The reporter does not wait any more, and leaves the words to be read: the case waits on, without a conversation."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DangerHeard:
    """The reporter said something that alarms. Urgency rises, and never falls again."""

    at: int
    urgency: Urgency = Urgency.DANGER


@dataclass(frozen=True, kw_only=True, slots=True)
class FalseAlarm:
    """The reporter says that there is no danger. It closes nothing, and only stops the ringing: somebody may stand beside."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CallAnswered:
    """The reporter was asked whether people may be telephoned."""

    at: int
    yes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackBooked:
    """The reporter says when it is safe to be written to. Not `here`: nothing is sent before the reporter writes."""

    at: int
    when: int
    here: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackDue:
    """That time has come."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CameBack:
    """The reporter asks for a person now, and does not wait for the time that was agreed upon."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """The reporter does not want to wait or to talk any more."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """The reporter's conversation is gone."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """The reporter has not written for a day. `last_at` is when they did."""

    at: int
    last_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WrappedUp:
    """The owner ends the talk."""

    at: int
    by: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """Somebody says what became of it: `outcome` and `risk` in words of ours. `lead`: also for a colleague's. `leads` are those who can
    read it; `alone`: nobody else who can read it talks with reporters."""

    at: int
    by: bytes
    outcome: str
    risk: str
    lead: bool = False
    leads: frozenset[bytes] = frozenset()
    alone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WrapUpExpired:
    """Nobody said what became of it. Not for a crisis."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Untied:
    """The reporter has heard that the talk is over: nothing links chat and case from now on."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Emptied:
    """Nobody is on duty who could take it."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Staffed:
    """Somebody is on duty again."""

    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarmed:
    """People were alerted: `stage` is a `Stage`, `step` is how many were telephoned."""

    at: int
    stage: str
    step: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rated:
    """The reporter says how it was, 1 to 5. Not after a crisis."""

    at: int
    stars: int


Event = (
    Offered | OfferExpired | Refused | Accepted | Pulled | TransferAsked | TransferAccepted | TransferRefused | TakenBack | LetGo
    | ConsoleLost | Invited | Wrote | SafeAsked | SafeAnswered | Kept | DangerHeard
    | FalseAlarm | CallAnswered | CallbackBooked | CallbackDue | CameBack | Left | Erased | Silent
    | WrappedUp | Closed | WrapUpExpired | Untied | Emptied | Staffed | Alarmed | Rated
)  # fmt: skip
