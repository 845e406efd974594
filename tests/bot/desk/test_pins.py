"""Which key is a unit's, as the service remembers it: it follows leads whom it knows, and nobody else, whatever the database says."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from actions.rows import Insert, Update
from bot.metrics import REGISTRY
from bot.storage.pins import UNIT
from bot.storage.reads import Reads
from bot.units import StoredUnits
from bot.vault.certificate import sign_unit_key
from bot.vault.keys import generate_keypair
from tests.bot.desk.door import Colleague, Office


def units_of(office: Office) -> StoredUnits:
    """What the service seals to."""
    return StoredUnits(Reads(office.engine), staff=office.store, pins=office.keys.pins)


async def sealed_to(units: StoredUnits) -> dict[str, tuple[bytes, int | None]]:
    """Whose key, and which version of it, by the unit's name."""
    await units.refresh()
    return {unit.name: (unit.public_key, unit.version) for unit in await units.recipients()}


async def write(office: Office, public: bytes, *, unit_id: bytes, version: int, root_id: bytes, signature: bytes) -> None:
    """What somebody who can write to the database does: another key in the unit's place, with all that belongs to it."""
    row = {
        "unit_id": unit_id, "version": version, "public_key": public, "root_id": root_id, "signature": signature, "former": None,
        "created_at": 1,
    }  # fmt: skip
    await office.writer.write(
        [Insert(table="unit_key", row=row, replace=True), Update(table="unit", key={"id": unit_id}, values={"public_key": public})]
    )  # fmt: skip


async def signed_by(office: Office, who: Colleague, *, version: int) -> bytes:
    """A key of one's own in the unit's place, signed by somebody with the key that they have; gives the public half."""
    pair = generate_keypair()
    signature = sign_unit_key(pair.public, unit_id=who.unit_id, version=version, private_key=who.born.keys.signing)
    await write(office, pair.public, unit_id=who.unit_id, version=version, root_id=who.id, signature=signature)
    return pair.public


async def test_a_unit_receives_once_its_first_lead_has_joined_and_then_under_each_next_key(office: Office) -> None:
    units = units_of(office)
    unit_id = await office.add_unit("UPTD PPA")
    assert await sealed_to(units) == {} and units.pinned
    lead = await office.colleague(unit_id, "lead", "rina")
    assert lead.born.unit is not None
    assert await sealed_to(units) == {"UPTD PPA": (lead.born.unit.public, 1)}
    second = await office.admitted(lead, "lead", "sari")
    pair, body = lead.next_key([lead, second])
    assert (await lead.post("unit-key", {"unit_key": body})).status_code == 200
    assert await sealed_to(units) == {"UPTD PPA": (pair.public, 2)}
    assert await sealed_to(units_of(office)) == {"UPTD PPA": (pair.public, 2)} and units.pinned  # after a restart, too
    pin = await office.keys.pins.unit(unit_id)
    assert pin is not None and pin.invite is None  # the link has done its work


async def test_no_other_key_is_sealed_to(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """One that nobody signed, one that a counsellor signed, a former one put back, a later one that a lead signed who has gone: each is
    said once in the log and as long as it is so in the metric, and what comes in goes to the key of before."""
    units = units_of(office)
    lead = await office.lead()
    second = await office.admitted(lead, "lead", "sari")
    counsellor = await office.admitted(lead, "counsellor", "dewi")
    gone = await office.admitted(lead, "lead", "gone")
    first = await office.store.unit_keys(lead.unit_id)
    pair, body = lead.next_key([lead, second, counsellor])
    assert (await lead.post("remove", {"staff_id": gone.id.hex(), "unit_key": body})).status_code == 200
    true = {"UPTD PPA": (pair.public, 2)}
    assert await sealed_to(units) == true

    async def nobodys() -> None:
        await write(office, generate_keypair().public, unit_id=lead.unit_id, version=3, root_id=lead.id, signature=bytes(64))

    async def a_counsellors() -> None:
        await signed_by(office, counsellor, version=3)

    async def of_who_went() -> None:
        await signed_by(office, gone, version=3)

    async def the_former() -> None:
        await office.writer.write([Update(table="unit", key={"id": lead.unit_id}, values={"public_key": first[0].public_key})])

    async def none() -> None:
        await office.writer.write([Update(table="unit", key={"id": lead.unit_id}, values={"public_key": None})])

    for change in (nobodys, a_counsellors, of_who_went, the_former, none):
        caplog.clear()
        with caplog.at_level(logging.ERROR, logger="bot.units"):
            await change()
            assert await sealed_to(units) == true, change.__name__
            assert await sealed_to(units) == true
        assert [record.getMessage() for record in caplog.records] == ["key_not_pinned"], change.__name__
        assert not units.pinned and _metric() == 1
        await office.writer.write([Update(table="unit", key={"id": lead.unit_id}, values={"public_key": pair.public})])
        assert await sealed_to(units) == true and units.pinned and _metric() == 0
    # A lead who is here, and did it outside the console, is followed: that is her word.
    public = await signed_by(office, second, version=4)
    assert await sealed_to(units) == {"UPTD PPA": (public, 4)}


def _metric() -> Any:
    return REGISTRY.get_sample_value("ruang_aman_keys_not_pinned", {"kind": UNIT})
