"""A backup does not bring anybody back who was removed since, nor a block."""

from __future__ import annotations

from pathlib import Path

from bot.cli.backup import back_up, put_back
from bot.settings import load_settings
from bot.storage.backup_file import BackupReader
from tests.bot.desk import sitting
from tests.bot.desk.door import START, Colleague, office
from tests.bot.desk.test_blocking import RUDE, block, talked
from tests.stores import given


async def test_whoever_was_removed_since_stays_away(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    settings = load_settings(from_environment=False, given=given(data))
    async with office(data) as here:
        lead = await here.lead()
        gone = await here.admitted(lead, "counsellor", "gone")
        lost = await here.admitted(lead, "counsellor", "lost")
        stays = await here.admitted(lead, "counsellor", "stays")
    await back_up(settings, backup, now=int(START))
    async with office(data) as here:
        here.wait(600)
        lead.http, gone.office, lead.office = here.client(), here, here
        await lead.sign_in()
        _, body = lead.next_key([lead, lost, stays])
        assert (await lead.post("remove", {"staff_id": gone.id.hex(), "unit_key": body})).status_code == 200
        token = (await lead.post("invite", {"role": "counsellor", "staff_id": lost.id.hex()})).json()["token"]
        anew = Colleague(here, token, "lost")
        await anew.prepare()
        assert (await anew.join()).status_code == 200
    report, _, _ = await put_back(settings, backup, now=int(START) + 700, replace=True)
    assert report.ended["staff"] == 2
    async with office(data) as here:
        here.wait(1200)
        for who, status in ((gone, 403), (lost, 403), (stays, 200), (lead, 200)):
            who.http, who.office = here.client(), here
            assert (await who.sign_in()).status_code == status, who.name
        assert await here.store.sealed_to(gone.id) == [] == await here.store.sealed_to(lost.id)
        rows = {row.id: row for row in await here.store.of_unit(lead.unit_id)}
        assert rows[gone.id].wrapped == b"" and rows[gone.id].signing_public == gone.born.joining.signing_public
        newcomer = await here.colleague(lead.unit_id, "counsellor", "lost")  # the name is free
        assert newcomer.opened["staff"]["name"] == "lost"


async def test_nobody_stays_blocked_because_a_backup_was_put_back(tmp_path: Path) -> None:
    """No backup holds a block: who is free again, or was blocked by mistake, is not blocked anew by an old list."""
    data, backup = tmp_path / "data", tmp_path / "backup"
    settings = load_settings(from_environment=False, given=given(data))
    async with sitting.office(data) as it:
        rina, hand_off_id = await talked(it)
        assert (await block(it, rina, hand_off_id, hours=72)).ok
        await it.talk("1", RUDE, RUDE)  # the second of them is to be answered in a moment
        now = it.now
    await back_up(settings, backup, now=now)
    with BackupReader(backup) as file:
        tables = {part.table: len(list(part.rows)) for part in file.parts()}
    assert tables["conversation"] == 1 and "block" not in tables
    await put_back(settings, backup, now=now, replace=True)
    async with sitting.office(data) as it:
        assert await it.rows("block") == 0
        assert await it.service.blocks.of("telegram", "1") is None
        it.wait(700)
        await it.service.jobs.timers()
        await it.service.settle()
        assert it.heard("1") == [], "nobody is written to because a backup was put back"
        await it.say("1", "menu")
        assert {"report", "counsellor"} <= it.phones.options("1").keys()
        assert await it.service.blocks.of_case((await it.hand_off(hand_off_id)).case_id) is None
