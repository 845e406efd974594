"""Every route of the console with what it needs. A route that is not here cannot be built, and a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.access import MAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """`kind` and `verb` are looked up in `actions.access.MAY`. `by_id`: the object is the one of the path's `{id}`; without it, it is the
    unit's own."""

    kind: str
    verb: str
    by_id: bool = False

    def __post_init__(self) -> None:
        """Raises KeyError on what the table of access does not know."""
        MAY[self.kind][self.verb]


OPEN = None
"""A route for whoever is not signed in: the empty document, its files, and the way in."""

_DESK = "/console/j/hand-off/{id}"
_CASE = "/console/j/case/{id}"
ROUTES: Mapping[tuple[str, str], Needs | None] = {
    ("GET", "/console"): OPEN,
    ("GET", "/console/static/{name}"): OPEN,
    ("GET", "/console/words/{language}"): OPEN,
    # The way in and the accounts (`auth`, `join`, `sessions`)
    ("POST", "/console/j/join"): OPEN,
    ("POST", "/console/j/invitation"): OPEN,
    ("POST", "/console/j/salt"): OPEN,
    ("POST", "/console/j/sign-in"): OPEN,
    ("GET", "/console/j/me"): Needs(kind="own", verb="see"),
    ("POST", "/console/j/unlock"): Needs(kind="own", verb="see"),
    ("POST", "/console/j/sign-out"): Needs(kind="own", verb="change"),
    ("GET", "/console/j/sessions"): Needs(kind="own", verb="see"),
    ("POST", "/console/j/sessions/end"): Needs(kind="own", verb="change"),
    ("GET", "/console/j/contacts"): Needs(kind="own", verb="see"),
    ("POST", "/console/j/contacts/code"): Needs(kind="own", verb="change"),
    ("POST", "/console/j/contacts/unlink"): Needs(kind="own", verb="change"),
    ("POST", "/console/j/contacts/ring"): Needs(kind="own", verb="change"),
    ("POST", "/console/j/contacts/confirm"): Needs(kind="own", verb="change"),
    ("POST", "/console/j/contacts/forget"): Needs(kind="own", verb="change"),
    ("GET", "/console/j/members"): Needs(kind="staff", verb="list"),
    ("POST", "/console/j/admit"): Needs(kind="staff", verb="admit"),
    ("POST", "/console/j/invite"): Needs(kind="staff", verb="invite"),
    ("GET", "/console/j/invites"): Needs(kind="staff", verb="invite"),
    ("POST", "/console/j/invites/take-back"): Needs(kind="staff", verb="invite"),
    ("POST", "/console/j/remove"): Needs(kind="staff", verb="remove"),
    ("POST", "/console/j/unit-key"): Needs(kind="staff", verb="remove"),
    ("GET", "/console/j/stale-keys"): Needs(kind="staff", verb="remove"),
    ("POST", "/console/j/stale-keys"): Needs(kind="staff", verb="remove"),
    ("POST", "/console/j/case-keys"): Needs(kind="staff", verb="remove"),
    ("POST", "/console/j/member"): Needs(kind="staff", verb="change"),
    ("POST", "/console/j/languages"): Needs(kind="own", verb="change"),
    ("GET", "/console/j/signers"): Needs(kind="staff", verb="list"),
    # What is seen
    ("GET", "/console/events"): Needs(kind="own", verb="see"),
    ("GET", "/console/f/queue"): Needs(kind="queue", verb="see"),
    ("GET", "/console/f/hand-off/{id}"): Needs(kind="hand_off", verb="open", by_id=True),
    ("GET", "/console/f/hand-off/{id}/head"): Needs(kind="hand_off", verb="open", by_id=True),
    ("GET", "/console/f/cases"): Needs(kind="case", verb="list"),
    ("POST", "/console/f/cases"): Needs(kind="case", verb="list"),
    ("POST", "/console/j/cases/find"): Needs(kind="case", verb="list"),
    ("GET", _CASE + "/near"): Needs(kind="case", verb="open", by_id=True),
    ("GET", "/console/f/case/{id}"): Needs(kind="case", verb="open", by_id=True),
    ("GET", "/console/f/board"): Needs(kind="board", verb="see"),
    ("GET", "/console/f/audit"): Needs(kind="audit", verb="see"),
    ("GET", "/console/j/audit-head"): Needs(kind="audit", verb="see"),
    ("GET", "/console/f/staff"): Needs(kind="staff", verb="list"),
    ("GET", "/console/f/hours"): Needs(kind="setting", verb="see"),
    ("GET", "/console/f/me"): Needs(kind="own", verb="see"),
    ("GET", "/console/j/may"): Needs(kind="own", verb="see"),
    ("GET", "/console/j/canned"): Needs(kind="setting", verb="see"),
    ("GET", "/console/j/questions"): Needs(kind="own", verb="see"),
    ("GET", "/console/j/overdue"): Needs(kind="board", verb="see"),
    # The desk
    ("POST", "/console/j/presence"): Needs(kind="queue", verb="be_there"),
    ("GET", _DESK): Needs(kind="hand_off", verb="open", by_id=True),
    ("GET", _DESK + "/earlier"): Needs(kind="hand_off", verb="open", by_id=True),
    ("POST", _DESK + "/accept"): Needs(kind="hand_off", verb="take", by_id=True),
    ("POST", _DESK + "/refuse"): Needs(kind="hand_off", verb="take", by_id=True),
    ("POST", _DESK + "/pull"): Needs(kind="hand_off", verb="take", by_id=True),
    ("POST", _DESK + "/reply"): Needs(kind="hand_off", verb="speak", by_id=True),
    ("POST", _DESK + "/typing"): Needs(kind="hand_off", verb="speak", by_id=True),
    ("POST", _DESK + "/safe"): Needs(kind="hand_off", verb="speak", by_id=True),
    ("POST", _DESK + "/note"): Needs(kind="hand_off", verb="note", by_id=True),
    ("POST", _DESK + "/transfer"): Needs(kind="hand_off", verb="pass", by_id=True),
    ("POST", _DESK + "/take-back"): Needs(kind="hand_off", verb="pass", by_id=True),
    ("POST", _DESK + "/let-go"): Needs(kind="hand_off", verb="pass", by_id=True),
    ("POST", _DESK + "/invite"): Needs(kind="hand_off", verb="pass", by_id=True),
    ("POST", _DESK + "/relayed"): Needs(kind="hand_off", verb="end", by_id=True),
    ("POST", _DESK + "/wrap-up"): Needs(kind="hand_off", verb="end", by_id=True),
    ("POST", _DESK + "/close"): Needs(kind="hand_off", verb="end", by_id=True),
    ("POST", _DESK + "/block"): Needs(kind="hand_off", verb="block", by_id=True),
    # Cases
    ("GET", _CASE): Needs(kind="case", verb="open", by_id=True),
    ("GET", _CASE + "/earlier"): Needs(kind="case", verb="open", by_id=True),
    ("POST", _CASE + "/reply"): Needs(kind="case", verb="reply", by_id=True),
    ("POST", _CASE + "/tell"): Needs(kind="case", verb="reply", by_id=True),
    ("POST", _CASE + "/note"): Needs(kind="case", verb="note", by_id=True),
    ("POST", _CASE + "/status"): Needs(kind="case", verb="status", by_id=True),
    ("POST", _CASE + "/duty"): Needs(kind="case", verb="status", by_id=True),
    ("POST", _CASE + "/unblock"): Needs(kind="case", verb="unblock", by_id=True),
    ("GET", "/console/j/file/{id}/{first:int}"): Needs(kind="file", verb="open", by_id=True),
    # What a lead decides
    ("POST", "/console/j/setting/{name}"): Needs(kind="setting", verb="change"),
}
