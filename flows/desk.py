"""What the desk says about a conversation (`world.desk`): whether somebody has it, who, and how long the wait is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DESK = "desk"  # the name in the world; the timer by which the desk tells that something changed; the fact of what was told last
WAITING, ACTIVE, CALLBACK = "waiting", "active", "callback"
CRISIS = frozenset({"danger", "self_harm"})
# No hand-off. `wait_minutes` and `ahead` say, then, what somebody would meet who asked now; None: we do not know.
NOTHING: Mapping[str, Any] = {
    "state": "none", "with": "", "wait_minutes": None, "ahead": None, "ended": "", "version": 0, "transferred": False, "lost": False,
    "safe": "", "id": "", "urgency": "", "untaken": False, "telephone": False, "may_call": None, "empty": False, "deserted": False,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """`who` is the name that the counsellor goes by. `ahead` are those who are served before, `minutes` the honest guess; None is "we do
    not know". `safe` is where "is it safe to write now?" stands: asked, yes, no, or nothing. `id` names the hand-off.
    `untaken`: a crisis that nobody has taken for two minutes; `empty`: nobody is on duty who could come, `deserted`: not for two minutes;
    `asks`: the reporter may be asked whether people may be telephoned for it."""

    state: str
    who: str
    ahead: int | None
    minutes: int | None
    safe: str
    id: str
    urgency: str
    untaken: bool = False
    empty: bool = False
    deserted: bool = False
    asks: bool = False

    @property
    def on(self) -> bool:
        """Whether there is a hand-off that has not ended."""
        return self.state in (WAITING, ACTIVE, CALLBACK)


def desk_of(world: Mapping[str, Any]) -> Desk:
    """What the world says of the desk."""
    told = {**NOTHING, **(world.get(DESK) or {})}
    return Desk(
        state=str(told["state"]), who=str(told["with"] or ""), ahead=_count(told["ahead"]), minutes=_count(told["wait_minutes"]),
        safe=str(told["safe"] or ""), id=str(told["id"] or ""), urgency=str(told["urgency"] or ""), untaken=bool(told["untaken"]),
        empty=bool(told["empty"]), deserted=bool(told["deserted"]),
        asks=bool(told["telephone"]) and told["may_call"] is None and told["urgency"] == "danger",
    )  # fmt: skip


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
