"""Who has a unit's key: given by a lead, changed when somebody goes, never over another unit's head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from actions.rows import Update
from bot.desk.errors import Refused
from bot.desk.leaving import Leaving
from bot.desk.staff import new_invite
from bot.storage.case_file import CaseFile
from bot.storage.database import truncate_wal
from bot.storage.pins import STAFF
from bot.vault.errors import SealError
from bot.vault.keys import KeyPair, public_of
from bot.vault.member import open_as_member, open_former, seal_to_member
from bot.vault.seal import open_key, seal_key
from bot.vault.signing import generate_signing
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


async def _cases(office: Office, lead: Colleague, many: int) -> dict[bytes, bytes]:
    """Cases that came in under today's key and are closed: id → private half."""
    made = [(await lead.post("made-case", {"closed": True})).json() for _ in range(many)]
    return {bytes.fromhex(one["case_id"]): bytes.fromhex(one["private"]) for one in made}


def _anew(lead: Colleague, portion: dict[str, Any], former: bytes, newest: KeyPair) -> list[dict[str, str]]:
    """What a lead's browser makes of a portion."""
    found = []
    for one in portion["keys"]:
        case_id = bytes.fromhex(one["case_id"])
        key = open_key(bytes.fromhex(one["sealed"]), private_key=former, case_id=case_id, recipient_id=lead.unit_id)
        assert public_of(key).hex() == one["public"]
        sealed = seal_key(key, recipient_public=newest.public, case_id=case_id, recipient_id=lead.unit_id)
        found.append({"case_id": one["case_id"], "was": one["sealed"], "sealed": sealed.hex()})
    return found


async def test_case_keys_are_sealed_to_the_new_key_in_portions_that_can_be_broken_off(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Who went has the former key: with a database of afterwards it opens nothing. What was broken off goes on in another lead's
    browser."""
    monkeypatch.setattr("bot.desk.case_keys.MOST", 2)
    lead, second, who = await team(office)
    before = await _cases(office, lead, 5)
    former = lead.unit_private
    assert (await lead.get("stale-keys")).json()["left"] == 0
    pair, body = lead.next_key([lead, second])
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})).status_code == 200
    after = await _cases(office, lead, 1)
    first = (await lead.get("stale-keys")).json()
    assert (first["version"], first["left"], len(first["keys"])) == (2, 5, 2)
    assert (await lead.post("stale-keys", {"version": 2, "keys": _anew(lead, first, former, pair)})).status_code == 200
    cursor, left = "", []
    while (portion := (await second.get(f"stale-keys?after={cursor}")).json())["keys"]:
        left.append(portion["left"])
        assert (await second.post("stale-keys", {"version": 2, "keys": _anew(second, portion, former, pair)})).status_code == 200
        cursor = portion["keys"][-1]["case_id"]
    assert left == [3, 1]
    cases = CaseFile(office.engine)
    for case_id, private in (before | after).items():
        sealed = await cases.key_for(case_id, lead.unit_id)
        assert sealed is not None
        assert open_key(sealed, private_key=pair.private, case_id=case_id, recipient_id=lead.unit_id) == private
        with pytest.raises(SealError):
            open_key(sealed, private_key=former, case_id=case_id, recipient_id=lead.unit_id)
    # The old sealing is nowhere in the files any more: not in a free page, not in the log.
    old = [bytes.fromhex(one["was"]) for one in _anew(lead, first, former, pair)]
    await office.writer.write([])
    await truncate_wal(office.engine)
    if office.engine.dialect.name == "sqlite":
        files = b"".join(path.read_bytes() for path in Path(str(office.engine.url.database)).parent.glob("*.db*"))
        assert files and not any(sealed in files for sealed in old)
    for action in (audit.CASE_KEYS_SEALED_ANEW, audit.CASE_KEYS_HANDED_OUT):
        done = [(link.entry.subject, link.entry.actors[0]) for link in await office.chain.links() if link.entry.action == action]
        assert done == [(lead.unit_id, lead.id), (lead.unit_id, second.id), (lead.unit_id, second.id)], action


async def test_who_may_seal_case_keys_anew(office: Office) -> None:
    """A lead of the unit, to its newest key, in portions; what somebody changed meanwhile stays."""
    lead, second, who = await team(office)
    await _cases(office, lead, 1)
    former = lead.unit_private
    foreign = await office.lead("anton", "Polres")
    pair, body = lead.next_key([lead, second, who])
    assert (await lead.post("unit-key", {"unit_key": body})).status_code == 200
    portion = (await lead.get("stale-keys")).json()
    keys = _anew(lead, portion, former, pair)
    assert (await who.get("stale-keys")).status_code == 403
    assert (await who.post("stale-keys", {"version": 2, "keys": keys})).status_code == 403
    assert (await foreign.get("stale-keys")).json()["keys"] == []
    assert (await foreign.post("stale-keys", {"version": 1, "keys": keys})).status_code == 404
    assert (await lead.post("stale-keys", {"version": 1, "keys": keys})).json() == {"error": "moved"}
    assert (await lead.post("stale-keys", {"version": 2, "keys": []})).json() == {"error": "unit_key"}
    assert (await lead.post("stale-keys", {"version": 2, "keys": keys * 101})).status_code == 400
    assert (await lead.get("stale-keys?after=zz")).status_code == 400
    wrong = [{**keys[0], "was": "00" * 81}]
    assert (await lead.post("stale-keys", {"version": 2, "keys": wrong})).status_code == 200
    assert (await lead.get("stale-keys")).json() == portion
    assert (await lead.post("stale-keys", {"version": 2, "keys": keys})).status_code == 200
    assert (await lead.get("stale-keys")).json()["left"] == 0


async def test_a_lead_whom_nobody_admitted_changes_nothing(office: Office) -> None:
    """Whoever can write to the database signs in as a lead of his own making, or gives a lead's row keys of his own: refused, and the key
    that reports are sealed to stays."""
    lead, second, who = await team(office)
    row = await office.store.member(lead.id)
    assert row is not None
    own = generate_signing()
    await office.writer.write([Update(table="staff", key={"id": lead.id}, values={"signing_public": own.public})])
    lead.born = replace(lead.born, keys=replace(lead.born.keys, signing=own.private))
    _, for_all = lead.next_key([lead, second, who])
    _, for_two = lead.next_key([lead, second])
    for path, sent in (("unit-key", {"unit_key": for_all}), ("remove", {"staff_id": who.id.hex(), "unit_key": for_two})):
        answer = await lead.post(path, sent)
        assert (answer.status_code, answer.json()) == (403, {"error": "not_believed"})
    newcomer = await office.colleague(lead.unit_id, "counsellor", "newcomer")
    assert (await lead.admit(newcomer)).json() == {"error": "not_believed"}
    assert (await lead.get("stale-keys")).status_code == 403
    assert len(await office.store.unit_keys(lead.unit_id)) == 1
    await office.writer.write([Update(table="staff", key={"id": lead.id}, values={"signing_public": row.signing_public})])
    assert (await lead.get("stale-keys")).status_code == 200


async def test_a_link_that_the_database_alone_says_makes_no_root(office: Office) -> None:
    """For a unit that waits for its first lead: the operator's link works, one that somebody wrote into the database does not."""
    unit_id = await office.add_unit("UPTD PPA")
    token, row = new_invite(unit_id=unit_id, role="lead", made_by=None, staff_id=None, now=int(office.now[0]))
    await office.writer.write([row])
    thief = Colleague(office, token, "thief")
    assert (await office.client().post("/console/j/invitation", json={"token": token})).status_code == 410
    with pytest.raises(Refused):
        await office.people.staff.invitation(token)
    assert thief.token and (await office.store.of_unit(unit_id)) == []
    lead = await office.colleague(unit_id, "lead", "rina")
    assert lead.opened["staff"]["state"] == "active"


async def gone(office: Office) -> set[bytes]:
    """Who has gone, as the key store remembers it."""
    return {staff_id for staff_id, pin in (await office.keys.pins.all())[STAFF].items() if pin.gone}


@pytest.mark.parametrize("missed", ["entomb", "left"])
async def test_a_removal_that_the_key_store_missed_is_finished(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missed: str
) -> None:
    """It is away for a moment, after the row was written. Nobody can remove that person once more: it would never be said there."""
    lead, second, who = await team(office)
    leaving = Leaving(store=office.store, keys=office.keys, clock=lambda: office.now[0])

    async def away(*_: Any, **__: Any) -> None:
        raise OSError

    _, body = lead.next_key([lead, second])
    with monkeypatch.context() as patch:
        patch.setattr(office.keys if missed == "entomb" else office.keys.pins, missed, away)
        assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})).status_code == 200
        assert office.gone == [who.id] and len(office.changes) == 2, "what follows a removal is done all the same"
        assert "removal_delayed" in caplog.text and await gone(office) == set()
        with pytest.raises(OSError):
            await leaving.finish()
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})).status_code != 200
    await leaving.finish()
    assert await gone(office) == {who.id}


async def test_whoever_was_replaced_while_the_key_store_was_away_is_remembered_as_gone_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, _, who = await team(office)
    token = (await lead.post("invite", {"role": who.invitation.role, "staff_id": who.id.hex()})).json()["token"]
    anew = Colleague(office, token, who.name)
    await anew.prepare()

    async def away(*_: Any, **__: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(office.keys.pins, "left", away)
        assert (await anew.join()).status_code == 200
        assert await gone(office) == set()
    await Leaving(store=office.store, keys=office.keys, clock=lambda: office.now[0]).finish()
    assert await gone(office) == {who.id}
    assert who.id in (await office.keys.tombstones())["staff"]
    assert await office.keys.pins.under_way() == []


async def test_nobody_is_gone_because_the_database_alone_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can write to it takes nobody away for good: neither somebody whose removal nobody asked for, nor one whose was refused."""
    lead, second, who = await team(office)
    _, body = lead.next_key([lead, second])
    append = office.chain.append

    async def late(**how: Any) -> Any:  # the unit's key is another one by the time that it is written
        await office.writer.write([Update(table="unit", key={"id": lead.unit_id}, values={"public_key": bytes(32)})])
        return await append(**how)

    monkeypatch.setattr(office.chain, "append", late)
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})).json() == {"error": "moved"}
    for one in (lead, second, who):
        await office.writer.write([Update(table="staff", key={"id": one.id}, values={"state": "removed"})])
    await Leaving(store=office.store, keys=office.keys, clock=lambda: office.now[0]).finish()
    assert await gone(office) == set()
