"""Who receives what was told: never a unit of a kind where the alleged perpetrator may work."""

from __future__ import annotations

import pytest

from actions.case import readers
from actions.ports import Recipient

KINDS = {"uptd": ("service", True), "school": ("school", False), "hospital": ("health", False), "kelurahan": ("kelurahan", False)}


def unit(name: str) -> Recipient:
    kind, lead = KINDS[name]
    return Recipient(id=name.encode(), name=name, kind=kind, lead=lead, public_key=b"")


@pytest.mark.parametrize(
    ("insider", "expected"),
    [
        (None, {"uptd"}),  # a child, or who cries for help: not asked
        ([], {"uptd"}),
        (["none"], {"uptd", "school", "hospital", "kelurahan"}),
        (["school"], {"uptd", "hospital", "kelurahan"}),
        (["school", "kelurahan"], {"uptd", "hospital"}),
        (["unsure"], {"uptd"}),
    ],
)
def test_no_unit_where_the_person_works_or_may_work(insider: list[str] | None, expected: set[str]) -> None:
    found = readers([unit(name) for name in KINDS], {"insider": insider} if insider is not None else {})
    assert {each.name for each in found} == expected


def test_where_there_is_neither_service_nor_lead_somebody_reads_it() -> None:
    assert [each.name for each in readers([unit("school"), unit("hospital")], {})] == ["school", "hospital"]
