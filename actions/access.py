"""Who may do what at the desk: one table of roles × objects × verbs, asked at every request. Pure.

A role alone opens nothing: what belongs to a unit is for that unit's people. Whether a conversation is one's own to speak in is no question
of access but of the moment: `hand_off.owner_id` is looked at in the transaction that writes (`actions.queue`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

COUNSELLOR, LEAD, CASE_WORKER = "counsellor", "lead", "case_worker"
PARTNER, AUDITOR, ADMINISTRATOR = "partner", "auditor", "administrator"
ROLES = (COUNSELLOR, LEAD, CASE_WORKER, PARTNER, AUDITOR, ADMINISTRATOR)
KEYED_ADMINISTRATOR = "keyed_administrator"
"""An administrator to whom a lead gave the unit's key: nobody is invited as one, and who holds the key is looked at in every request."""

TALKING = frozenset({COUNSELLOR, LEAD})
"""The roles that talk with reporters."""

_ALL = frozenset({*ROLES, KEYED_ADMINISTRATOR})
_WORK = frozenset({COUNSELLOR, LEAD, CASE_WORKER})
_READ = _WORK | {KEYED_ADMINISTRATOR}
_LEAD = frozenset({LEAD})
_RUN = frozenset({LEAD, ADMINISTRATOR, KEYED_ADMINISTRATOR})

# Object → verb → the roles that may. An administrator invites, and reads cases only with the unit's key, and writes none; an auditor sees
# numbers and the chain of what was opened, and no content; a partner has no part in the desk's queue.
MAY: Mapping[str, Mapping[str, frozenset[str]]] = {
    "queue": {"see": TALKING, "be_there": TALKING},
    "hand_off": {"open": TALKING, "take": TALKING, "speak": TALKING, "note": TALKING, "pass": TALKING, "end": TALKING, "block": TALKING},
    "case": {"list": _READ, "open": _READ, "reply": _WORK, "note": _WORK, "status": _WORK, "unblock": TALKING},
    "file": {"open": _READ},
    "board": {"see": _RUN | {AUDITOR}},
    "audit": {"see": frozenset({LEAD, AUDITOR})},
    "staff": {"list": _ALL, "invite": _RUN, "admit": _LEAD, "remove": _LEAD, "change": _LEAD},
    "setting": {"see": _ALL, "change": _LEAD},
    "own": {"see": _ALL, "change": _ALL},
}


class Who(Protocol):
    """Somebody who is signed in."""

    @property
    def id(self) -> bytes:
        """The staff member's id."""

    @property
    def unit_id(self) -> bytes:
        """The unit that he or she works for."""

    @property
    def role(self) -> str:
        """One of `ROLES`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is asked for. `kind` is an object of `MAY`; `units` are those that it belongs to (a case: those it is sealed to), None for what
    is everybody's own."""

    kind: str
    id: bytes | None = None
    units: frozenset[bytes] | None = None


class Refused(Exception):
    """This person may not do this to this object. The words of an answer never say which: to others it is not there."""

    def __init__(self, verb: str, subject: Subject) -> None:
        super().__init__(f"{subject.kind}.{verb}")
        self.verb = verb
        self.subject = subject


def may(staff: Who, verb: str, subject: Subject) -> bool:
    """Whether the role may, and the object is of the person's own unit. Raises KeyError on a verb that the table does not know."""
    roles = MAY[subject.kind][verb]
    return staff.role in roles and (subject.units is None or staff.unit_id in subject.units)


def access(staff: Who, verb: str, subject: Subject) -> Subject:
    """The subject, if the person may; raises Refused otherwise."""
    if not may(staff, verb, subject):
        raise Refused(verb, subject)
    return subject


def decides(kind: str, *, lead: bool) -> bool:
    """Whether the leads of a unit decide for the whole service (hours, holidays, prepared replies): of a unit that receives what concerns
    the units themselves, or of the service's own. A school's lead does not."""
    return lead or kind == "service"


def allowed(role: str) -> dict[str, tuple[str, ...]]:
    """What a role may do in its own unit, object → verbs: the console shows no button that would be refused."""
    found = {kind: tuple(verb for verb, roles in verbs.items() if role in roles) for kind, verbs in MAY.items()}
    return {kind: verbs for kind, verbs in found.items() if verbs}
