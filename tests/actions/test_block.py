"""For how long an address is blocked, who lifts that, and how often it is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from actions.access import CASE_WORKER, COUNSELLOR, LEAD
from actions.block import AGAIN, LONGEST, answer_blocked, holds, lifts, until, wait_after
from actions.ports import Ports, Request
from actions.rows import Insert

NOW = 1_795_500_037
ANY = cast(Ports, None)


@dataclass(frozen=True)
class Staff:
    id: bytes
    role: str
    unit_id: bytes = b"u" * 16


def asked(facts: dict[str, Any], at: int) -> Request:
    moment = datetime.fromtimestamp(at, UTC)
    return Request(
        arguments={}, answers={}, last="", drafts={}, facts=facts, language="id", channel="web", conversation_id=b"c" * 16, address="",
        started=moment, now=moment, blocked=True,
    )  # fmt: skip


def test_it_ends_on_a_full_minute_and_never_later_than_was_chosen() -> None:
    for hours in (1, 24, 72):
        ends = until(NOW, hours)
        assert ends % 60 == 0 and NOW + hours * 3600 - 60 < ends <= NOW + hours * 3600
        assert holds(ends, NOW) and holds(ends, ends - 1) and not holds(ends, ends)
    for hours in (0, -1, 2, 73, 24 * 365):
        with pytest.raises(ValueError, match="no such length"):
            until(NOW, hours)


def test_no_row_blocks_for_longer_than_three_days_whatever_it_says() -> None:
    assert not holds(NOW + LONGEST + 60, NOW)


def test_whoever_set_it_or_a_lead_lifts_it() -> None:
    one, other = b"1" * 16, b"2" * 16
    assert lifts(Staff(one, COUNSELLOR), one) and lifts(Staff(other, LEAD), one)
    assert not lifts(Staff(other, COUNSELLOR), one) and not lifts(Staff(other, CASE_WORKER), one)


async def test_it_is_said_at_once_and_then_more_and_more_seldom_but_always_once_more() -> None:
    facts: dict[str, Any] = {}
    now, waits = NOW, []
    for _ in range(8):
        said = await answer_blocked(asked(facts, now), ANY)
        assert said.code == "now"
        facts |= said.facts
        later = await answer_blocked(asked(facts, now + 1), ANY)
        (row,) = later.rows
        assert later.code == "later" and isinstance(row, Insert) and row.row["name"] == AGAIN and row.replace
        waits.append(row.row["due_at"] - now)
        assert (await answer_blocked(asked(facts, row.row["due_at"] - 1), ANY)).code == "later"
        now = row.row["due_at"]
    assert waits == [30, 60, 120, 240, 480, 600, 600, 600]
    assert [wait_after(told) for told in (0, 1, 10**6)] == [30, 30, 600]
    said = await answer_blocked(replace(asked(facts, now + 3600), facts=facts), ANY)
    assert said.facts["blocked_told"] == [1, now + 3600], "after an hour without a word it begins anew"
