"""Who may do what at the desk: the whole table, spelled out once more by hand, and that a role opens nothing of another unit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from actions.access import KEYED_ADMINISTRATOR, MAY, ROLES, Refused, Subject, access, allowed, may

OURS, THEIRS = b"o" * 16, b"t" * 16


@dataclass(frozen=True)
class Person:
    role: str
    id: bytes = b"p" * 16
    unit_id: bytes = OURS


# Written out, not computed: whoever changes the rules changes them in two places, and sees what that means.
EXPECTED = {
    "counsellor": """
        queue.see queue.be_there hand_off.open hand_off.take hand_off.speak hand_off.note hand_off.pass hand_off.end hand_off.block
        case.list case.open case.reply case.note case.status case.unblock file.open staff.list setting.see own.see own.change
    """,
    "lead": """
        queue.see queue.be_there hand_off.open hand_off.take hand_off.speak hand_off.note hand_off.pass hand_off.end hand_off.block
        case.list case.open case.reply case.note case.status case.unblock file.open board.see audit.see
        staff.list staff.invite staff.admit staff.remove staff.change setting.see setting.change own.see own.change
    """,
    "case_worker": "case.list case.open case.reply case.note case.status file.open staff.list setting.see own.see own.change",
    "partner": "staff.list setting.see own.see own.change",
    "auditor": "board.see audit.see staff.list setting.see own.see own.change",
    "administrator": "board.see staff.list staff.invite setting.see own.see own.change",
    "keyed_administrator": "case.list case.open file.open board.see staff.list staff.invite setting.see own.see own.change",
}
ALL = (*ROLES, KEYED_ADMINISTRATOR)


def everything() -> list[tuple[str, str]]:
    found = [(kind, verb) for kind, verbs in MAY.items() for verb in verbs]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("role", ALL)
def test_a_role_may_exactly_what_stands_here(role: str) -> None:
    expected = set(EXPECTED[role].split())
    assert {f"{kind}.{verb}" for kind, verb in everything() if may(Person(role), verb, Subject(kind=kind))} == expected
    assert {f"{kind}.{verb}" for kind, verbs in allowed(role).items() for verb in verbs} == expected


@pytest.mark.parametrize("role", [*ALL, "", "root", "Lead"])
def test_nothing_of_another_unit_is_anybodys(role: str) -> None:
    for kind, verb in everything():
        for units in (frozenset({THEIRS}), frozenset()):
            subject = Subject(kind=kind, id=b"x" * 16, units=units)
            assert not may(Person(role), verb, subject)
            with pytest.raises(Refused):
                access(Person(role), verb, subject)


@pytest.mark.parametrize("role", ALL)
def test_what_is_sealed_to_several_units_is_each_ones(role: str) -> None:
    for kind, verb in everything():
        subject = Subject(kind=kind, id=b"x" * 16, units=frozenset({OURS, THEIRS}))
        assert may(Person(role), verb, subject) == (f"{kind}.{verb}" in EXPECTED[role].split())


def test_a_role_that_is_none_may_nothing() -> None:
    assert not any(may(Person("root"), verb, Subject(kind=kind)) for kind, verb in everything())
    assert allowed("root") == {}


def test_a_verb_that_nobody_knows_is_a_mistake_and_no_yes() -> None:
    with pytest.raises(KeyError):
        may(Person("lead"), "fly", Subject(kind="case"))
    with pytest.raises(KeyError):
        may(Person("lead"), "open", Subject(kind="moon"))
