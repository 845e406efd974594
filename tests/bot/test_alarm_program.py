"""`ruang-aman serve` at night, as a process of its own: nobody takes a danger, and what its settings name wakes people. Telegram and
Twilio are on loopback."""

from __future__ import annotations

import time
from pathlib import Path

from bot.desk.alarm import ALERT
from bot.desk.linking import CONNECTED
from tests.bot.desk.sitting import add_person
from tests.bot.house import house
from tests.bot.telegram_front import Front, until
from tests.bot.telegram_person import Person
from tests.bot.telegram_program import Program
from tests.contracts.twilio_peer import ACCOUNT, SENDER, TOKEN, Twilio, serving
from tests.stores import run

OURS = "+14155238886"  # what telephones
ON_CALL, LEAD = "+628115550101", "+628115550102"
CRY = "tolong kakakku bawa pisau mau bunuh aku"


class Night(Program):
    """The installation of a town with one colleague on call and one lead, who links a chat."""

    def __init__(self, folder: Path, front: Front, *, template: Path, twilio_url: str) -> None:
        super().__init__(folder, front, webhook=False, template=template)
        self._environment |= {
            "RUANG_AMAN_TWILIO_ACCOUNT_SID": ACCOUNT, "RUANG_AMAN_TWILIO_AUTH_TOKEN": TOKEN, "RUANG_AMAN_TWILIO_FROM": SENDER,
            "RUANG_AMAN_TWILIO_API_URL": twilio_url, "RUANG_AMAN_PUBLIC_URL": "http://127.0.0.1:8123",
            "RUANG_AMAN_TWILIO_VOICE_FROM": OURS,
        }  # fmt: skip

    async def staffed(self) -> str:
        """Two colleagues are there before it serves; gives the code with which the lead links a chat."""
        ((unit,),) = self.rows("select id from unit")
        async with house(self._data, clock=[time.time()], units=0) as before:
            await add_person(before.service, "Sari", unit=unit, telephone=ON_CALL, on_call=1)
            lead = await add_person(before.service, "Lia", unit=unit, role="lead", telephone=LEAD)
            code, _ = await before.service.linking.code(lead.id)
        return code

    async def alarmed(self, stage: str, step: int) -> None:
        """Waits until it rings as loud as this."""
        await self.holds("select alarm, alarm_step from hand_off where ended_at is null", [(stage, step)])

    def minute(self) -> None:
        """A minute goes by since it rang last."""
        run(self._data / "ruang-aman.db", "update hand_off set alarm_at = alarm_at - 61, version = version + 1 where ended_at is null")


async def test_a_danger_that_nobody_takes_rings_the_linked_chat_and_the_telephones(emulated: str, installed: Path, tmp_path: Path) -> None:
    twilio = Twilio()
    async with serving(twilio) as twilio_url, Front(emulated).running() as front:
        night = Night(tmp_path, front, template=installed, twilio_url=twilio_url)
        code = await night.staffed()
        child, lia = Person(front), Person(front)
        try:
            await night.start()
            await front.enqueue(lia.writes(code))
            await until(lambda: [call.text for call in lia.screen] == [CONNECTED], "the chat to be linked", seconds=30, instead=night.log)

            await child.says(CRY, asks="interrupts.where")
            await until(lambda: [call.text for call in lia.screen[1:]] == [ALERT], "the chat to ring", seconds=30, instead=night.log)
            assert lia.screen[1].fields["disable_notification"] is False, "what wakes somebody makes a sound"
            for step in (2, 3):
                night.minute()
                await night.alarmed("console", step)
            await child.reads("interrupts.may_call")
            assert twilio.rang == [], "the child is asked before anybody is telephoned"
            await child.taps("yes", asks="interrupts.where")

            night.minute()
            await until(lambda: twilio.rang, "the telephone of whoever is on call", seconds=30, instead=night.log)
            night.minute()
            await until(lambda: len(twilio.rang) == 2, "the lead's telephone", seconds=30, instead=night.log)
            await night.alarmed("lead", 1)
            await until(lambda: len(lia.screen) == 6, "the chat to ring each time", seconds=30, instead=lambda: lia.screen)
        finally:
            night.kill()
            print(night.log())
    assert [(form["To"], form["From"]) for form in twilio.rang] == [(ON_CALL, OURS), (LEAD, OURS)]
    assert "Meja petugas" in twilio.rang[0]["Twiml"]
    assert {call.text for call in lia.screen[1:]} == {ALERT}
    assert (twilio.problems, front.problems) == ([], [])
    night.tells_nothing_of(child)
    for secret in (ON_CALL, LEAD, ON_CALL[1:], LEAD[1:], str(lia.chat), code, TOKEN, front.token):
        assert secret not in night.log()
    assert "Traceback" not in night.log()
