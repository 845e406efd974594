"""The colleagues of the demo: two units and three people, whose passphrase is printed. Nobody else's keys are born on the server."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from actions.access import COUNSELLOR, LEAD
from actions.rows import Insert
from bot.demo.colleague import Born, born
from bot.desk.people import People
from bot.desk.staff import new_invite
from bot.storage.writer import Writer
from bot.vault.certificate import Holder, certify
from bot.vault.keys import KeyPair
from bot.vault.member import seal_to_member

SERVICE, SCHOOL = "Unit Demo", "Sekolah Demo"
PASSPHRASE = "bunga pasir tenang kapal langit roti"  # noqa: S105  printed for everybody
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """With what one signs in: no second factor in the demo."""

    name: str
    shown: str
    role: str
    unit: str


STAFF = (
    Credential(name="rina", shown="Rina", role=LEAD, unit=SERVICE),
    Credential(name="dewi", shown="Dewi", role=COUNSELLOR, unit=SERVICE),
    Credential(name="budi", shown="Pak Budi", role=LEAD, unit=SCHOOL),
)


async def _join(folk: People, writer: Writer, unit_id: bytes, who: Credential, unit: KeyPair | None) -> Born:
    token, row = new_invite(unit_id=unit_id, role=who.role, made_by=None, staff_id=None, now=int(time.time()))
    await writer.write([row])
    if who.role == LEAD:
        await folk.staff.expect_first(unit_id, token)
    invitation = await folk.staff.invitation(token)
    made = await asyncio.to_thread(born, invitation, token=token, name=who.name, shown=who.shown, passphrase=PASSPHRASE, unit=unit)
    await folk.staff.join(made.joining)
    await folk.sessions.end(made.joining.id, None)  # the browser that joined is closed
    return made


async def seed(folk: People, writer: Writer, units: dict[str, bytes], unit_key: KeyPair) -> None:
    """Lets the three join. `units` by their names; `unit_key` is the key of SERVICE, which lies in a file as well (for `open`)."""
    leads: dict[str, Born] = {}
    for who in STAFF:
        unit_id, lead = units[who.unit], leads.get(who.unit)
        made = await _join(folk, writer, unit_id, who, unit_key if who.unit == SERVICE else None)
        if lead is None:
            leads[who.unit] = made
            continue
        joining, private = made.joining, lead.unit.private if lead.unit is not None else b""
        holder = Holder(
            staff_id=joining.id, unit_id=unit_id, role=who.role, sealing_public=joining.sealing_public,
            signing_public=joining.signing_public,
        )  # fmt: skip
        sealed = seal_to_member(private, member_public=joining.sealing_public, unit_id=unit_id, version=1, staff_id=joining.id)
        await folk.unit_keys.admit(
            lead.joining.id, staff_id=joining.id, certificate=certify(holder, private_key=lead.keys.signing), sealed=[(1, sealed)]
        )  # fmt: skip
    always = json.dumps({day: [["00:00", "24:00"]] for day in _DAYS})
    await writer.write([Insert(table="desk_setting", row={"name": "hours", "version": 1, "value": always})])
