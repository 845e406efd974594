"""`ruang-aman open`: which case is meant."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from bot.cli.open import _case
from bot.cli.store import opened
from bot.settings import load_settings
from tests.bot.house import house
from tests.bot.test_keys_and_timers import REPORT
from tests.stores import given

_REST = "kind, urgency, status, language, public_key, created_at"
INSERT = f"insert into cases (id, {_REST}) select :other, {_REST} from cases where id = :id"


async def test_a_case_is_found_by_any_beginning_of_its_id(tmp_path: Path) -> None:
    """Of many cases, and however the digits are written; half a byte is enough where it is unambiguous."""
    async with house(tmp_path) as here:
        await here.talk("7", *REPORT, "yes", "64.71.02", "own_code", "send")
        (case,) = await here.service.reads.all_cases()
        others = [bytes([case.id[0], (case.id[1] + 16 * step) % 256, *case.id[2:]]) for step in range(1, 16)]
        async with here.service.engine.begin() as connection:
            for other in others:
                await connection.execute(text(INSERT), {"other": other, "id": case.id})
    name = case.id.hex()
    async with opened(load_settings(from_environment=False, given=given(tmp_path))) as store:
        for beginning in (name[:3], name[:3].upper(), name[:9], name):
            assert (await _case(store, beginning)).id == case.id
