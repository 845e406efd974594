"""Who cries for help once people have ended a talk about danger is heard as who cries for the first time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from bot.storage import tables
from tests.bot.desk.sitting import office


async def test_a_cry_after_people_have_ended_the_talk_about_danger_rings_anew(tmp_path: Path) -> None:
    """The question of then is still open in the chat: what alarms there must not be added to what nobody listens to any more."""
    async with office(tmp_path) as it:
        rina, lead = await it.comes("Rina"), await it.comes("Budi", role="lead")
        await it.talk("1", "/start", "tolong, dia mau bunuh aku")
        (first,) = [row.id for row in await it.all(select(tables.hand_off.c.id))]
        assert (await it.desk.pull(rina, first)).ok
        await it.service.settle()
        assert (await it.desk.wrap_up(rina, first)).ok
        await it.service.settle()
        await it.say("1", "di belakang pasar")
        assert len(await it.all(select(tables.hand_off.c.id))) == 1, "what does not alarm is added to it, as ever"
        for person in (rina, lead):
            assert (await it.desk.close(person, first, outcome="helped", risk="some")).ok
        await it.tick()
        shown = await it.say("1", "tolong, dia datang lagi, dia mau bunuh aku")
        assert "112" in shown[0].text
        (again,) = [row for row in await it.all(select(tables.hand_off)) if row.id != first]
        assert (again.urgency, again.ended) == ("danger", None) and again.state in ("waiting", "offered")
        assert (await it.desk.pull(rina, again.id)).ok
        await it.service.settle()
        assert await it.say("1", "di belakang pasar") == []
