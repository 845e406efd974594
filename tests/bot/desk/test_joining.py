"""Links, keys that are born in the browser, and a lead's word."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from actions.audit import faults
from bot.desk.staff import hashed
from bot.desk.unit_keys import holder_of
from bot.vault.certificate import check_certificate, check_unit_key
from bot.vault.keys import generate_keypair
from bot.vault.signing import generate_signing
from tests.bot.desk.door import Colleague, Office


async def test_the_first_lead_makes_the_units_key(office: Office) -> None:
    lead = await office.lead()
    unit = await office.store.unit(lead.unit_id)
    assert unit is not None and lead.born.unit is not None
    assert unit.public_key == lead.born.unit.public
    assert office.changes == [1]
    row = await office.store.member(lead.id)
    assert row is not None and (row.state, row.admitted_by) == ("active", lead.id)
    (key,) = await office.store.unit_keys(lead.unit_id)
    check_unit_key(key.public_key, key.signature, unit_id=lead.unit_id, version=1, lead_public=row.signing_public)
    assert lead.opens_unit(lead.opened) == lead.born.unit.private


async def test_a_colleague_waits_for_a_lead_and_then_has_the_key(office: Office) -> None:
    lead = await office.lead()
    who = await office.colleague(lead.unit_id, "counsellor", "dewi")
    assert who.opened["staff"]["state"] == "new"
    assert who.opened["units"][0]["keys"][0]["sealed"] is None
    assert (await who.http.get("/console/f/work")).status_code == 403
    refused = await who.get("signers")
    assert (refused.status_code, refused.json()) == (403, {"error": "not_admitted"})
    assert (await lead.admit(who)).status_code == 200
    office.wait(60)
    opened = (await who.sign_in()).json()
    assert lead.born.unit is not None
    assert who.opens_unit(opened) == lead.born.unit.private
    assert (await who.http.get("/console/f/work")).json() == {"name": "dewi"}
    row = await office.store.member(who.id)
    assert row is not None
    check_certificate(holder_of(row), row.certificate, lead_public=lead.born.joining.signing_public)


async def test_what_was_done_is_on_the_audit_chain(office: Office) -> None:
    lead = await office.lead()
    who = await office.admitted(lead, "counsellor", "dewi")
    office.wait(60)
    await who.sign_in()
    await who.post("sessions/end")
    links = await office.chain.links()
    actions = [link.entry.action for link in links]
    assert actions == ["unit_key_made", "staff_joined", "unit_key_given", "signed_in", "sessions_ended"]
    assert list(faults(links)) == []
    assert links[2].entry.actors == (lead.id,) and links[2].entry.subject == who.id


async def test_a_link_is_good_once(office: Office) -> None:
    lead = await office.lead()
    token = await office.link(lead.unit_id, "counsellor")
    one, other = Colleague(office, token, "dewi"), Colleague(office, token, "sari")
    await one.prepare()
    await other.prepare()
    assert (await one.join()).status_code == 200
    again = await other.join()
    assert (again.status_code, again.json()) == (410, {"error": "over"})
    assert (await one.join()).status_code == 410
    assert await office.store.named("sari") is None
    assert not again.cookies


async def test_two_at_once_with_one_link(office: Office) -> None:
    token = await office.link(await office.add_unit("UPTD PPA"), "lead")
    both = [Colleague(office, token, name) for name in ("dewi", "sari")]
    for one in both:
        await one.prepare()
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*(one.join() for one in both)))
    assert statuses[0] == 200 and statuses[1] in (409, 410)
    (key,) = await office.store.unit_keys(both[0].unit_id)
    unit = await office.store.unit(both[0].unit_id)
    assert unit is not None and unit.public_key == key.public_key
    assert len(await office.store.of_unit(both[0].unit_id)) == 1


async def test_two_at_once_with_a_colleagues_link(office: Office) -> None:
    lead = await office.lead()
    token = await office.link(lead.unit_id, "counsellor")
    both = [Colleague(office, token, name) for name in ("dewi", "sari")]
    for one in both:
        await one.prepare()
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*(one.join() for one in both)))
    assert statuses == [200, 410]
    assert len(await office.store.of_unit(lead.unit_id)) == 2


async def test_a_link_ends_after_a_day_and_a_made_up_one_is_none(office: Office) -> None:
    lead = await office.lead()
    who = Colleague(office, await office.link(lead.unit_id, "counsellor"), "dewi")
    await who.prepare()
    office.wait(24 * 3600)
    assert (await who.join()).status_code == 410
    for token in ("", "x" * 43, "ü"):
        assert (await who.http.post("/console/j/invitation", json={"token": token})).status_code == 410


async def test_the_token_is_stored_as_a_hash(office: Office) -> None:
    token = await office.link(await office.add_unit("UPTD PPA"), "lead")
    async with office.engine.connect() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM invite")).all()
    assert len(rows) == 1 and token not in repr(rows) and token.encode() not in rows[0][0]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "Dewi Sari", "name"), ("name", "d", "name"), ("name", "dewi~1", "name"), ("shown", " ", "shown"), ("shown", "a\nb",
        "shown"), ("totp_code", "000000", "code"), ("totp_seed", None, "code"), ("wrapped", "00", "wrapped"), ("auth", "zz" * 32, "auth"),
        ("languages", ["xx"], "languages"), ("certificate", "00" * 64, "unit_key"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_refused_and_the_link_stays(office: Office, field: str, value: object, code: str) -> None:
    lead = await office.lead()
    who = Colleague(office, await office.link(lead.unit_id, "counsellor"), "dewi")
    await who.prepare()
    answer = await who.join(**{field: value})
    assert (answer.status_code, answer.json()) == (400, {"error": code})
    assert (await who.join()).status_code == 200


async def test_a_name_is_somebodys_alone(office: Office) -> None:
    lead = await office.lead("rina")
    who = Colleague(office, await office.link(lead.unit_id, "counsellor"), "Rina ")
    await who.prepare()
    answer = await who.join()
    assert (answer.status_code, answer.json()) == (409, {"error": "taken"})


async def test_a_first_lead_with_another_key_or_a_forged_signature(office: Office) -> None:
    unit_id = await office.add_unit("UPTD PPA")
    who = Colleague(office, await office.link(unit_id, "lead"), "rina")
    await who.prepare()
    good = who.body()
    wrong = [
        {"unit_key": None}, {"certificate": None}, {"certificate": "00" * 64},
        {"unit_key": {**good["unit_key"], "public": generate_keypair().public.hex()}},
        {"unit_key": {**good["unit_key"], "signature": "11" * 64}},
        {"signing_public": generate_signing().public.hex()},
    ]  # fmt: skip
    for other in wrong:
        answer = await who.join(**other)
        assert answer.status_code == 400, other
        assert await office.store.unit_keys(unit_id) == []
    assert (await who.join()).status_code == 200


async def test_a_key_that_others_hold_is_no_units(office: Office) -> None:
    pair = generate_keypair()
    await office.add_unit("Polres", pair.public)
    unit_id = await office.add_unit("UPTD PPA")
    who = Colleague(office, await office.link(unit_id, "lead"), "rina")
    await who.prepare(unit=pair)
    assert (await who.join()).json() == {"error": "unit_key"}


async def test_a_units_key_file_is_taken_over(office: Office) -> None:
    """What was sealed to the unit before there was a console stays readable: the key is that one, or none."""
    pair = generate_keypair()
    unit_id = await office.add_unit("UPTD PPA", pair.public)
    other = Colleague(office, await office.link(unit_id, "lead"), "sari")
    await other.prepare()
    assert (await other.join()).json() == {"error": "unit_key"}
    lead = await office.colleague(unit_id, "lead", "rina", unit=pair)
    assert lead.opens_unit(lead.opened) == pair.private


async def test_a_lost_passphrase(office: Office) -> None:
    """The name stays, the keys are new, a lead hears the words anew; what the old keys signed can still be checked."""
    lead = await office.lead()
    old = await office.admitted(lead, "counsellor", "dewi")
    answer = await lead.post("invite", {"role": "counsellor", "staff_id": old.id.hex()})
    new = Colleague(office, answer.json()["token"], "ignored")
    await new.prepare()
    assert new.invitation.name == "dewi"
    new.name = "dewi"
    assert (await new.join()).status_code == 200
    assert (await old.http.get("/console/f/work")).status_code == 401
    office.wait(60)
    assert (await old.sign_in()).status_code == 403
    rows = {row.id: row for row in await office.store.of_unit(lead.unit_id)}
    assert rows[old.id].state == "removed" and rows[old.id].wrapped == b"" and rows[old.id].auth == "" and rows[old.id].totp is None
    assert rows[old.id].certificate and rows[old.id].signing_public == old.born.joining.signing_public
    assert rows[new.id].name == "dewi" and rows[new.id].state == "new"
    assert await office.store.sealed_to(old.id) == []
    assert (await lead.admit(new)).status_code == 200
    assert (await new.sign_in()).status_code == 200
    assert (await lead.post("invite", {"role": "counsellor", "staff_id": old.id.hex()})).status_code == 404


async def test_a_link_that_takes_a_colleagues_place_is_a_leads_alone(office: Office) -> None:
    """An administrator invites, and throws nobody out."""
    lead = await office.lead()
    dewi, sari = await office.admitted(lead, "counsellor", "dewi"), await office.admitted(lead, "lead", "sari")
    adi = await office.colleague(lead.unit_id, "administrator", "adi")
    assert (await lead.admit(adi, key=False)).status_code == 200
    for who, role in ((dewi, "counsellor"), (sari, "lead")):
        answer = await adi.post("invite", {"role": role, "staff_id": who.id.hex()})
        assert (answer.status_code, answer.json()) == (403, {"error": "not_allowed"}), role
        assert (await who.get("me")).status_code == 200
    assert (await adi.post("invite", {"role": "counsellor"})).status_code == 200


async def test_the_only_lead_cannot_be_invited_anew(office: Office) -> None:
    lead = await office.lead()
    answer = await lead.post("invite", {"role": "lead", "staff_id": lead.id.hex()})
    assert (answer.status_code, answer.json()) == (409, {"error": "only_lead"})


async def test_who_may_invite(office: Office) -> None:
    lead = await office.lead()
    for role, status in (("counsellor", 403), ("case_worker", 403), ("lead", 200)):
        who = await office.admitted(lead, role, f"who-{role}".replace("_", "-"))
        assert (await who.post("invite", {"role": "counsellor"})).status_code == status, role
    for role, status in (("auditor", 403), ("partner", 403), ("administrator", 200)):
        who = await office.colleague(lead.unit_id, role, f"who-{role}")
        assert (await lead.admit(who, key=False)).status_code == 200
        assert (await who.post("invite", {"role": "counsellor"})).status_code == status, role
    assert (await lead.post("invite", {"role": "queen"})).status_code == 404
    assert (await lead.post("invite", {"role": "counsellor", "staff_id": secrets.token_hex(16)})).status_code == 404


async def test_an_invitation_is_taken_back(office: Office) -> None:
    lead = await office.lead()
    dewi = await office.admitted(lead, "counsellor", "dewi")
    tokens = [(await lead.post("invite", {"role": "counsellor"})).json()["token"] for _ in range(2)]
    again = (await lead.post("invite", {"role": "counsellor", "staff_id": dewi.id.hex()})).json()["token"]
    listed = (await lead.get("invites")).json()["invites"]
    assert sorted(one["id"] for one in listed) == sorted(hashed(token).hex() for token in (*tokens, again))
    assert {one["again"] for one in listed} == {"", "Dewi"} and {one["by"] for one in listed} == {"Rina"}, listed
    for token in (*tokens, again):
        assert token not in str(listed), "who sees the list gets in by none of them"
    assert (await lead.post("invites/take-back", {"id": hashed(tokens[0]).hex()})).status_code == 200
    late = await lead.post("invites/take-back", {"id": hashed(tokens[0]).hex()})
    assert (late.status_code, late.json()) == (410, {"error": "over"})
    good = Colleague(office, tokens[1], "tono")
    await good.prepare()
    assert (await good.join()).status_code == 200
    gone = await good.http.post("/console/j/invitation", json={"token": tokens[0]})
    assert (gone.status_code, gone.json()) == (410, {"error": "over"})
    assert [one["again"] for one in (await lead.get("invites")).json()["invites"]] == ["Dewi"]
    actions = [link.entry.action for link in await office.chain.links()]
    assert actions[-5:] == ["staff_invited"] * 3 + ["invitation_taken_back", "staff_joined"]


async def test_only_who_may_invite_sees_invitations_and_only_of_the_own_unit(office: Office) -> None:
    lead, other = await office.lead(), await office.lead("sinta", "Dinas Sosial")
    dewi = await office.admitted(lead, "counsellor", "dewi")
    token = (await lead.post("invite", {"role": "counsellor"})).json()["token"]
    assert (await dewi.get("invites")).status_code == 403
    assert (await dewi.post("invites/take-back", {"id": hashed(token).hex()})).status_code == 403
    assert (await other.get("invites")).json() == {"invites": []}
    assert (await other.post("invites/take-back", {"id": hashed(token).hex()})).status_code == 410
    assert len((await lead.get("invites")).json()["invites"]) == 1
