"""Who has a unit's key: given by a lead, changed when somebody goes, never over another unit's head."""

from __future__ import annotations

import pytest

from actions import audit
from bot.vault.errors import SealError
from bot.vault.member import open_as_member, open_former, seal_to_member
from tests.bot.desk.door import Colleague, Office


async def team(office: Office) -> tuple[Colleague, Colleague, Colleague]:
    """A lead, a second lead, a counsellor."""
    lead = await office.lead()
    second = await office.admitted(lead, "lead", "sari")
    return lead, second, await office.admitted(lead, "counsellor", "dewi")


async def test_who_goes_has_no_part_in_what_comes(office: Office) -> None:
    lead, second, who = await team(office)
    pair, body = lead.next_key([lead, second])
    old = lead.unit_private
    answer = await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})
    assert answer.status_code == 200, answer.text
    assert (await who.http.get("/console/f/work")).status_code == 401
    unit = await office.store.unit(lead.unit_id)
    assert unit is not None and unit.public_key == pair.public
    assert office.changes == [1, 1] and office.gone == [who.id]
    assert await office.store.holders(lead.unit_id, 2) == {lead.id, second.id}
    assert await office.store.sealed_to(who.id) == []
    for member in (lead, second):
        unlocked = (await member.post("unlock", {"auth": member.born.joining.auth.hex()})).json()
        assert member.opens_unit(unlocked) == pair.private
        newest, before = unlocked["units"][0]["keys"]
        assert (newest["version"], before["version"]) == (2, 1)
        # What was sealed before stays readable for who stays.
        assert open_former(bytes.fromhex(newest["former"]), unit_private=pair.private, unit_id=lead.unit_id, version=2) == old
    for one in body["members"]:
        with pytest.raises(SealError):
            open_as_member(
                bytes.fromhex(one["sealed"]), private_key=who.born.keys.sealing, unit_id=who.unit_id, version=2, staff_id=who.id
            )  # fmt: skip


async def test_a_removal_without_a_new_key_or_with_a_wrong_one(office: Office) -> None:
    lead, second, who = await team(office)
    _, good = lead.next_key([lead, second])
    _, for_all = lead.next_key([lead, second, who])
    _, for_few = lead.next_key([lead])
    _, of_later = lead.next_key([lead, second], version=3)
    wrong = [
        None, for_all, for_few, {**good, "signature": "00" * 64}, {**good, "members": [*good["members"], good["members"][0]]},
        {**good, "public": (lead.born.unit.public if lead.born.unit else b"").hex()},
    ]  # fmt: skip
    for unit_key in wrong:
        answer = await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": unit_key})
        assert (answer.status_code, answer.json()) == (400, {"error": "unit_key"})
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": of_later})).json() == {"error": "moved"}
    assert (await who.http.get("/console/f/work")).status_code == 200
    assert len(await office.store.unit_keys(lead.unit_id)) == 1
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": good})).status_code == 200
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": good})).status_code == 404


async def test_the_key_is_changed_without_anybody_going(office: Office) -> None:
    lead, second, who = await team(office)
    pair, body = lead.next_key([lead, second, who])
    assert (await who.post("unit-key", {"unit_key": body})).status_code == 403
    assert (await lead.post("unit-key", {"unit_key": body})).status_code == 200
    assert (await lead.post("unit-key", {"unit_key": body})).json() == {"error": "moved"}
    assert who.opens_unit((await who.post("unlock", {"auth": who.born.joining.auth.hex()})).json()) == pair.private
    # Admitting with the former version is refused: it would leave the new colleague without today's cases.
    late = await office.colleague(lead.unit_id, "counsellor", "late")
    assert (await lead.admit(late, version=1)).json() == {"error": "unit_key"}
    lead.unit_private = pair.private
    assert (await lead.admit(late, version=2)).status_code == 200


async def test_only_a_lead_of_the_unit(office: Office) -> None:
    lead, second, who = await team(office)
    foreign = await office.lead("anton", "Polres")
    auditor = await office.colleague(lead.unit_id, "auditor", "audit")
    administrator = await office.colleague(lead.unit_id, "administrator", "admin")
    for one in (auditor, administrator):
        assert (await lead.admit(one, key=False)).status_code == 200
    newcomer = await office.colleague(lead.unit_id, "counsellor", "newcomer")
    for one in (who, auditor, administrator, newcomer):
        one.unit_private = bytes(32)
        assert (await one.admit(newcomer)).status_code == 403
        assert (await one.post("remove", {"staff_id": second.id.hex()})).status_code == 403
    assert (await foreign.admit(newcomer)).status_code == 404
    assert (await foreign.post("remove", {"staff_id": who.id.hex()})).status_code == 404
    row = await office.store.member(newcomer.id)
    assert row is not None and row.state == "new" and row.certificate is None
    refused = [link.entry for link in await office.chain.links() if link.entry.action == audit.REFUSED]
    assert len(refused) == 8  # whoever has not been admitted does not even get that far
    assert [(entry.subject, entry.actors) for entry in refused[-2:]] == [(newcomer.id, (foreign.id,)), (who.id, (foreign.id,))]


async def test_a_certificate_for_something_else(office: Office) -> None:
    """A lead's browser was told other keys or another role than the server has: nothing is written."""
    lead, second, _ = await team(office)
    newcomer = await office.colleague(lead.unit_id, "counsellor", "newcomer")
    good = await lead.admission(newcomer)
    other = await lead.admission(newcomer, role="lead")
    second.unit_private = lead.unit_private
    by_second = await second.admission(newcomer)
    for body in (
        {**good, "certificate": other["certificate"]}, {**good, "certificate": by_second["certificate"]}, {**good, "certificate": None},
    ):  # fmt: skip
        answer = await lead.post("admit", body)
        assert (answer.status_code, answer.json()) == (400, {"error": "certificate"})
    for keys in ([], [{"version": 7, "sealed": good["sealed_unit_keys"][0]["sealed"]}], good["sealed_unit_keys"] * 2):
        assert (await lead.post("admit", {**good, "sealed_unit_keys": keys})).json() == {"error": "unit_key"}
    assert (await lead.post("admit", good)).status_code == 200


async def test_a_unit_keeps_a_lead_and_nobody_removes_oneself(office: Office) -> None:
    lead, second, who = await team(office)
    _, body = lead.next_key([second, who])
    assert (await lead.post("remove", {"staff_id": lead.id.hex(), "unit_key": body})).status_code == 403
    second.unit_private = lead.unit_private
    pair, body = second.next_key([second, who])
    assert (await second.post("remove", {"staff_id": lead.id.hex(), "unit_key": body})).status_code == 200
    answer = await second.post("remove", {"staff_id": second.id.hex()})
    assert (answer.status_code, answer.json()) == (409, {"error": "only_lead"})
    # What the removed lead admitted stays admitted; the next colleague comes by the lead who is left.
    second.unit_private = pair.private
    newcomer = await office.colleague(lead.unit_id, "counsellor", "newcomer")
    assert (await second.admit(newcomer, version=2)).status_code == 200


async def has_key(by: Colleague, who: Colleague) -> bool:
    """Whether the list of colleagues says that somebody has the unit's newest key."""
    members = (await by.get("members")).json()["members"]
    return next(one["has_key"] for one in members if one["id"] == who.id.hex())


async def test_the_key_is_given_anew(office: Office) -> None:
    """Somebody admitted without the unit's key gets it later; nothing about who they are changes."""
    lead = await office.lead()
    administrator = await office.colleague(lead.unit_id, "administrator", "admin")
    assert (await lead.admit(administrator, key=False)).status_code == 200
    before = await office.store.member(administrator.id)
    assert await has_key(lead, administrator) is False
    sealed = seal_to_member(
        lead.unit_private, member_public=administrator.born.joining.sealing_public, unit_id=lead.unit_id, version=1,
        staff_id=administrator.id,
    )  # fmt: skip
    body = {"staff_id": administrator.id.hex(), "sealed_unit_keys": [{"version": 1, "sealed": sealed.hex()}]}
    assert (await lead.post("admit", body)).status_code == 200
    assert await office.store.member(administrator.id) == before
    assert await has_key(lead, administrator) is True


async def test_what_colleagues_are_told(office: Office) -> None:
    """Names and public keys; nothing wrapped, locked or sealed to another."""
    lead, second, who = await team(office)
    foreign = await office.lead("anton", "Polres")
    members = (await who.get("members")).json()
    assert {one["name"] for one in members["members"]} == {"rina", "sari", "dewi"}
    signers = (await who.get("signers")).json()["signers"]
    assert {one["id"] for one in signers} == {one.id.hex() for one in (lead, second, who, foreign)}
    told = repr(members) + repr(signers)
    for secret in ("wrapped", "salt", "auth", "totp", "telephone", "telegram"):
        assert f"'{secret}'" not in told
    assert "'name'" not in repr(signers)
    keys = members["unit"]["keys"]
    assert len(keys) == 1
    own = {bytes(row.sealed).hex() for row in await office.store.sealed_to(who.id)}
    assert {keys[0]["sealed"]} == own
