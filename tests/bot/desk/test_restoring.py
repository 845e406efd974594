"""A backup does not bring anybody back who was removed since."""

from __future__ import annotations

from pathlib import Path

from bot.cli.backup import back_up, put_back
from bot.settings import load_settings
from tests.bot.desk.door import START, Colleague, office
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
