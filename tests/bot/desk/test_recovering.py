"""A unit whose only lead has lost the passphrase: two recovery shares admit a new one."""

from __future__ import annotations

from typing import Any

import pytest

from actions import audit
from bot.cli.admit import admit
from bot.cli.command import CommandError
from bot.storage.case_file import CaseFile
from bot.vault.certificate import fingerprint
from bot.vault.errors import SealError
from bot.vault.member import open_as_member
from bot.vault.recovery import new_recovery
from bot.vault.seal import open_key
from tests.bot.desk.door import Colleague, Office


def words(who: Colleague) -> str:
    """What a newcomer reads out."""
    joining = who.born.joining
    return " ".join(fingerprint(who.id, sealing_public=joining.sealing_public, signing_public=joining.signing_public))


async def recovered(office: Office, who: Colleague, **given: Any) -> Any:
    office.settings.pepper_file.write_text(bytes(range(32)).hex())
    asked = {"name": who.name, "words": words(who), "shares": office.shares[:2]} | given
    return await admit(office.settings, now=int(office.now[0]), **asked)


async def scene(office: Office) -> tuple[Colleague, Colleague, Colleague, dict[bytes, bytes]]:
    """The lead who is lost, a counsellor, the new lead who waits; a case from before there was a recovery key, and two after."""
    lead = await office.lead()
    old = (await lead.post("made-case", {})).json()
    await office.recovery_key()
    stays = await office.admitted(lead, "counsellor", "dewi")
    cases = [old, *[(await lead.post("made-case", {})).json() for _ in range(2)]]
    new = await office.colleague(lead.unit_id, "lead", "wulan")
    return lead, stays, new, {bytes.fromhex(one["case_id"]): bytes.fromhex(one["private"]) for one in cases}


def own_keys(who: Colleague, unlocked: dict[str, Any]) -> dict[int, bytes]:
    """The versions of the unit's key that are sealed to somebody."""
    return {
        key["version"]: open_as_member(
            bytes.fromhex(key["sealed"]), private_key=who.born.keys.sealing, unit_id=who.unit_id, version=key["version"], staff_id=who.id
        )
        for key in unlocked["units"][0]["keys"]
        if key["sealed"]
    }  # fmt: skip


async def test_two_shares_admit_a_new_lead_who_reads_and_admits(office: Office) -> None:
    lead, stays, new, cases = await scene(office)
    assert (await new.post("admit", {"staff_id": new.id.hex(), "sealed_unit_keys": []})).status_code in (401, 403)
    done = await recovered(office, new)
    assert (done.unit, done.sealed, done.left) == ("UPTD PPA", 2, 1)
    unlocked = (await new.post("unlock", {"auth": new.born.joining.auth.hex()})).json()
    assert unlocked["staff"]["state"] == "active"
    keys = own_keys(new, unlocked)
    assert keys.keys() == {2}
    with_old = own_keys(stays, (await stays.post("unlock", {"auth": stays.born.joining.auth.hex()})).json())
    assert with_old.keys() == {1, 2} and with_old[2] == keys[2]
    opened = []
    for case_id, private in cases.items():
        sealed = await CaseFile(office.engine).key_for(case_id, new.unit_id)
        assert sealed is not None
        for version, key in with_old.items():
            try:
                assert open_key(sealed, private_key=key, case_id=case_id, recipient_id=new.unit_id) == private
            except SealError:
                continue
            opened.append(version)
    assert sorted(opened) == [1, 2, 2]  # the one from before recovery opens for who was there
    entries = [link.entry for link in await office.chain.links()]
    (entry,) = [entry for entry in entries if entry.action == audit.STAFF_RECOVERED]
    assert entry.subject == new.id
    # She leads: admits somebody, and sends away whoever lost the passphrase, which makes the next key.
    new.unit_private = keys[2]
    newcomer = await office.colleague(new.unit_id, "counsellor", "late")
    assert (await new.admit(newcomer, version=2)).status_code == 200
    pair, body = new.next_key([new, stays, newcomer], version=3)
    assert (await new.post("remove", {"staff_id": lead.id.hex(), "unit_key": body})).status_code == 200
    unit = await office.store.unit(new.unit_id)
    assert unit is not None and unit.public_key == pair.public


async def test_what_was_broken_off_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Admitted, and then the line was cut before all cases were sealed anew: the same command does the rest."""
    _, _, new, _ = await scene(office)

    async def cut(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr("bot.cli.admit._sealed_anew", cut)
        await recovered(office, new)
    assert (await office.store.member(new.id)).state == "active"  # type: ignore[union-attr]
    done = await recovered(office, new)
    assert (done.sealed, done.left) == (2, 1)
    assert len(await office.store.unit_keys(new.unit_id)) == 2  # no third key


async def test_what_is_not_enough(office: Office) -> None:
    """One share, another city's shares, other words than those of the keys that lie there, somebody who is no lead: nothing is changed."""
    lead, stays, new, _ = await scene(office)
    _, foreign = new_recovery()
    counsellor = await office.colleague(lead.unit_id, "counsellor", "newcomer")
    for who, given, said in (
        (new, {"shares": office.shares[:1]}, "Two different shares"), (new, {"shares": [office.shares[0]] * 2}, "Two different shares"),
        (new, {"shares": [office.shares[0], foreign[1]]}, "do not"), (new, {"shares": foreign[:2]}, "this service knows"),
        (new, {"words": words(lead)}, "six words"), (new, {"words": ""}, "six words"), (counsellor, {}, "as a lead"),
        (stays, {}, "as a lead"), (lead, {}, "in already"), (new, {"name": "nobody"}, "as a lead"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=said):
            await recovered(office, who, **given)
    row = await office.store.member(new.id)
    assert row is not None and row.state == "new" and row.certificate is None
    assert len(await office.store.unit_keys(lead.unit_id)) == 1


async def test_a_recovery_key_that_somebody_put_into_the_database_admits_nobody(office: Office) -> None:
    """The service knows its own by the pin: shares of a thief's key do not do, whatever the database says."""
    _, _, new, _ = await scene(office)
    made, foreign = new_recovery()
    async with office.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"UPDATE recovery SET public_key = {_hex(office, made.public)}, signing_public = {_hex(office, made.signing_public)}"
        )
    with pytest.raises(CommandError, match="this service knows"):
        await recovered(office, new, shares=foreign[:2])
    assert (await recovered(office, new)).sealed == 2


def _hex(office: Office, value: bytes) -> str:
    return f"x'{value.hex()}'" if office.engine.dialect.name == "sqlite" else f"'\\x{value.hex()}'::bytea"
