"""Somebody goes: the open cases have another key from then on, and what the service takes from a lead's browser for that."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

import pytest

from actions import audit
from actions.rows import Insert, Require, Update
from bot.cli.command import CommandError
from bot.cli.open import records_of
from bot.storage.case_file import CaseFile
from bot.storage.faults import Moved
from bot.storage.reads import Reads
from bot.storage.sharing import CASE_CHANGED, notice
from bot.vault.errors import SealError
from bot.vault.former_key import KIND, keys_of, open_any
from bot.vault.keys import KeyPair, generate_keypair, public_of
from bot.vault.recovery import combine
from bot.vault.seal import open_key, open_sealed, seal, seal_key
from bot.vault.staff_entry import FIRST, StaffEntry, sign_entry
from bot.witnessing import Witnessing
from tests.bot.desk.door import TAGS, WITNESS, Colleague, Office
from tests.bot.desk.test_unit_keys import team
from tests.commits import Commits


@dataclass
class Changed:
    """What a lead's browser makes of one open case."""

    wire: dict[str, Any]
    private: bytes


def changed(lead: Colleague, row: dict[str, Any], former: bytes, newest: KeyPair, version: int, **also: KeyPair | None) -> Changed:
    """`former` opens the case's key as it lies there; `also`: other readers' key pairs, by id in hex."""
    case_id, record_id, pair = bytes.fromhex(row["case_id"]), secrets.token_bytes(16), generate_keypair()
    old = open_key(bytes.fromhex(row["sealed"]), private_key=former, case_id=case_id, recipient_id=lead.unit_id)
    body = {"format": 1, "kind": KIND, "from": "staff", "public": pair.public.hex(), "former": old.hex()}
    sealed = seal(json.dumps(body).encode(), public_key=pair.public, case_id=case_id, record_id=record_id, version=1)
    entry = StaffEntry(
        case_id=case_id, record_id=record_id, version=1, author_id=lead.id, previous=bytes.fromhex(row["head"]), sealed=sealed
    )  # fmt: skip
    keys = []
    for reader in row["readers"]:
        own = reader == lead.unit_id.hex()
        public = newest.public if own else also[reader].public  # type: ignore[union-attr]
        key = seal_key(pair.private, recipient_public=public, case_id=case_id, recipient_id=bytes.fromhex(reader))
        keys.append({"id": reader, "version": version if own else None, "sealed": key.hex()})
    wire = {
        "case_id": row["case_id"], "was": row["public"], "public": pair.public.hex(), "keys": keys,
        "record_id": record_id.hex(), "sealed": sealed.hex(),
        "signature": sign_entry(entry, private_key=lead.born.keys.signing).hex(), "previous": row["head"],
    }  # fmt: skip
    return Changed(wire=wire, private=pair.private)


async def someone_went(office: Office) -> tuple[Colleague, Colleague, Colleague, bytes, dict[str, Any], KeyPair]:
    """A lead, another one, who went; an open case of before with its private key in it; and the unit's new key."""
    lead, second, who = await team(office)
    made = (await lead.post("made-case", {})).json()
    pair, body = lead.next_key([lead, second])
    former = lead.unit_private
    assert (await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})).status_code == 200
    return lead, second, who, former, made, pair


async def test_an_open_case_has_another_key_once_somebody_went(office: Office) -> None:
    """With the case's former key and the unit's, who went opens what was there before, and nothing that comes."""
    lead, _, _, former, made, pair = await someone_went(office)
    case_id, old = bytes.fromhex(made["case_id"]), bytes.fromhex(made["private"])
    told = seal(b'{"kind": "report"}', public_key=public_of(old), case_id=case_id, record_id=b"r" * 16, version=1)
    row = {"id": b"r" * 16, "case_id": case_id, "version": 1, "kind": "report", "created_at": int(office.now[0]), "sealed": told}
    await office.writer.write([Insert(table="case_record", row=row)])
    portion = (await lead.get("stale-keys")).json()
    assert (portion["left"], [one["readers"] for one in portion["keys"]]) == (1, [[lead.unit_id.hex()]])
    new = changed(lead, portion["keys"][0], former, pair, 2)
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).json() == {"moved": []}
    assert office.turned == [case_id]
    assert (await lead.get("stale-keys")).json()["left"] == 0

    case, file = await office.store.case(case_id), CaseFile(office.engine)
    assert case is not None and case.public_key == public_of(new.private)
    sealed = await file.key_for(case_id, lead.unit_id)
    assert sealed is not None
    assert open_key(sealed, private_key=pair.private, case_id=case_id, recipient_id=lead.unit_id) == new.private
    with pytest.raises(SealError):
        open_key(sealed, private_key=former, case_id=case_id, recipient_id=lead.unit_id)
    # Who stays opens what was there before, too: the way back lies in the case.
    records = (await file.records.newest(case_id)).records
    keys = keys_of(new.private, [one for one in records if one.kind == KIND], case_id=case_id)
    assert keys == [new.private, old]
    assert open_any(told, keys, case_id=case_id, record_id=b"r" * 16, version=1) == b'{"kind": "report"}'
    # Who went has the former key of the case: not what is sealed to the new one, and not the way to it.
    [entry] = [one for one in records if one.kind == KIND]
    with pytest.raises(SealError):
        open_sealed(entry.sealed, private_key=old, case_id=case_id, record_id=entry.id, version=1)
    with pytest.raises(SealError):
        keys_of(old, [entry], case_id=case_id)
    done = [(link.entry.subject, link.entry.actors) for link in await office.chain.links() if link.entry.action == audit.CASE_KEY_CHANGED]
    assert done == [(case_id, (lead.id,))]


async def test_other_processes_hear_that_a_case_has_another_key(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page there may have opened it with the former one, and hides its reply box until it has looked again."""
    lead, _, _, former, made, pair = await someone_went(office)
    portion = (await lead.get("stale-keys")).json()
    commits = Commits(office.writer, monkeypatch)
    new = changed(lead, portion["keys"][0], former, pair, 2)
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).status_code == 200
    assert commits.told_with("cases", Update) == {notice(CASE_CHANGED, bytes.fromhex(made["case_id"]))}


async def test_nothing_is_written_under_a_key_that_was_changed_meanwhile(office: Office) -> None:
    """A turn that had read the former key when it was changed is taken once more: the writer refuses what relies on it."""
    lead, _, _, former, made, pair = await someone_went(office)
    case_id, old = bytes.fromhex(made["case_id"]), bytes.fromhex(made["private"])
    row = {"id": b"m" * 16, "case_id": case_id, "version": 1, "kind": "message", "created_at": 1, "sealed": b"s"}
    late = Insert(
        table="case_record", row=row, relies=Require(table="cases", key={"id": case_id}, values={"public_key": public_of(old)})
    )  # fmt: skip
    portion = (await lead.get("stale-keys")).json()
    await lead.post("case-keys", {"version": 2, "cases": [changed(lead, portion["keys"][0], former, pair, 2).wire]})
    with pytest.raises(Moved):
        await office.writer.write([late])
    assert [one.kind for one in (await CaseFile(office.engine).records.newest(case_id)).records] == [KIND]


async def test_what_came_to_a_case_meanwhile_is_not_passed_over(office: Office) -> None:
    """A colleague's entry, another reader: the case keeps its key, is named, and is changed with the next look."""
    lead, second, _, former, made, pair = await someone_went(office)
    case_id = bytes.fromhex(made["case_id"])
    portion = (await lead.get("stale-keys")).json()
    new = changed(lead, portion["keys"][0], former, pair, 2)
    await office.writer.write([Update(table="cases", key={"id": case_id}, values={"head": b"h" * 32})])
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).json() == {"moved": [made["case_id"]]}
    assert (await lead.get("stale-keys")).json()["left"] == 1
    row = (await second.get("stale-keys")).json()["keys"][0]
    assert row["head"] == (b"h" * 32).hex()
    other, own = generate_keypair(), {"case_id": case_id, "recipient_id": b"o" * 16, "sealed": b"k" * 81, "version": 1}
    own["tag"] = TAGS.reader(case_id, b"o" * 16)
    await office.writer.write([Insert(table="case_key", row=own)])
    missing = changed(second, row, former, pair, 2)
    assert (await second.post("case-keys", {"version": 2, "cases": [missing.wire]})).json() == {"moved": [made["case_id"]]}
    row = (await second.get("stale-keys")).json()["keys"][0]
    strange = changed(second, row, former, pair, 2, **{own["recipient_id"].hex(): other})  # type: ignore[attr-defined]
    # A reader whom this service has not pinned: nothing is sealed to it in the name of a lead.
    assert (await second.post("case-keys", {"version": 2, "cases": [strange.wire]})).json() == {"error": "moved"}


async def test_who_may_change_the_key_of_a_case(office: Office) -> None:
    """A lead of the unit, with an entry that is signed, for what is in form, under the unit's newest key; of a case that this service
    made."""
    lead, second, who, former, made, pair = await someone_went(office)
    case_id = bytes.fromhex(made["case_id"])
    foreign = await office.lead("anton", "Polres")
    row = (await lead.get("stale-keys")).json()["keys"][0]
    wire = changed(lead, row, former, pair, 2).wire

    async def tried(person: Colleague, change: dict[str, Any], version: int = 2) -> tuple[int, str]:
        answer = await person.post("case-keys", {"version": version, "cases": [change]})
        return answer.status_code, answer.json().get("error", "")

    assert (await tried(who, wire))[0] == 401
    assert await tried(foreign, wire) == (404, "unknown")
    assert await tried(second, wire) == (400, "forged")  # signed by the other lead
    assert await tried(lead, {**wire, "signature": "00" * 64}) == (400, "forged")
    assert await tried(lead, {**wire, "previous": "11" * 32}) == (400, "forged")
    assert await tried(lead, wire, version=1) == (409, "moved")
    assert await tried(lead, {**wire, "sealed": "zz"}) == (400, "sealed")
    assert await tried(lead, {**wire, "keys": []}) == (400, "unit_key")
    assert await tried(lead, {**wire, "sealed": "00" * 4097}) == (400, "sealed")
    assert (await lead.post("case-keys", {"version": 2, "cases": [wire] * 21})).status_code == 400
    assert (await lead.post("case-keys", {"version": 2, "cases": []})).json() == {"error": "unit_key"}
    # A key that somebody put there, who can only write to the database: it gets no tag of ours by this way.
    thief = generate_keypair()
    await office.writer.write([Update(table="cases", key={"id": case_id}, values={"public_key": thief.public})])
    assert (await lead.post("case-keys", {"version": 2, "cases": [wire]})).json() == {"moved": [made["case_id"]]}
    await office.writer.write([Update(table="cases", key={"id": case_id}, values={"public_key": bytes.fromhex(row["public"])})])
    assert (await lead.post("case-keys", {"version": 2, "cases": [wire]})).json() == {"moved": []}
    assert (await lead.post("case-keys", {"version": 2, "cases": [wire]})).json() == {"moved": [made["case_id"]]}  # once


async def test_a_key_that_lay_there_while_a_page_looked_is_nobodys_former_key(office: Office) -> None:
    """Else the true one, which all that is in the case is sealed to, would be in no entry: nobody could read it again."""
    lead, _, _, former, made, pair = await someone_went(office)
    case_id, thief = bytes.fromhex(made["case_id"]), generate_keypair()
    true = await office.store.case(case_id)
    assert true is not None
    case_key = await CaseFile(office.engine).key_for(case_id, lead.unit_id)
    unit_public = public_of(former)

    async def lies_there(public: bytes, sealed: bytes | None) -> None:
        where = {"case_id": case_id, "recipient_id": lead.unit_id}
        await office.writer.write([
            Update(table="cases", key={"id": case_id}, values={"public_key": public}),
            Update(table="case_key", key=where, values={"sealed": sealed}),
        ])

    await lies_there(
        thief.public, seal_key(thief.private, recipient_public=unit_public, case_id=case_id, recipient_id=lead.unit_id)
    )  # fmt: skip
    row = (await lead.get("stale-keys")).json()["keys"][0]
    await lies_there(true.public_key, case_key)
    wire = changed(lead, row, former, pair, 2).wire
    assert (await lead.post("case-keys", {"version": 2, "cases": [wire]})).json() == {"moved": [made["case_id"]]}
    again = (await lead.get("stale-keys")).json()["keys"][0]
    new = changed(lead, again, former, pair, 2)
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).json() == {"moved": []}
    [entry] = [one for one in (await CaseFile(office.engine).records.newest(case_id)).records if one.kind == KIND]
    assert keys_of(new.private, [entry], case_id=case_id) == [new.private, bytes.fromhex(made["private"])]


async def test_a_case_that_is_taken_up_again_has_its_turn_then(office: Office) -> None:
    """A closed case is sealed to the unit's newest key and keeps its own; whoever went has that. It is changed once it is open again."""
    lead, second, who = await team(office)
    made = (await lead.post("made-case", {"closed": True})).json()
    former = lead.unit_private
    pair, body = lead.next_key([lead, second])
    await lead.post("remove", {"staff_id": who.id.hex(), "unit_key": body})
    row = (await lead.get("stale-keys")).json()["keys"][0]
    assert row["readers"] is None
    case_id = bytes.fromhex(made["case_id"])
    key = open_key(bytes.fromhex(row["sealed"]), private_key=former, case_id=case_id, recipient_id=lead.unit_id)
    sealed = seal_key(key, recipient_public=pair.public, case_id=case_id, recipient_id=lead.unit_id)
    anew = {"case_id": row["case_id"], "was": row["sealed"], "sealed": sealed.hex()}
    await lead.post("stale-keys", {"version": 2, "keys": [anew]})
    assert (await lead.get("stale-keys")).json()["left"] == 0
    await office.writer.write([Update(table="cases", key={"id": case_id}, values={"status": "reopened"})])
    portion = (await lead.get("stale-keys")).json()
    assert (portion["left"], portion["keys"][0]["head"]) == (1, FIRST.hex())
    new = changed(lead, portion["keys"][0], pair.private, pair, 2)
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).json() == {"moved": []}
    assert (await lead.get("stale-keys")).json()["left"] == 0


@pytest.mark.parametrize("pepper", [True, False])
async def test_open_reads_a_case_whose_key_was_changed_from_the_beginning_with_two_shares_too(
    office: Office, pepper: bool
) -> None:  # fmt: skip
    """With the unit's key and with recovery's, to which the new key is sealed as well; no key is in what it gives. Without the pepper it
    opens, too, and cannot tell what was added."""
    await office.recovery_key()
    lead, _, _, former, made, pair = await someone_went(office)
    case_id, old = bytes.fromhex(made["case_id"]), bytes.fromhex(made["private"])
    told = seal(b'{"kind": "report", "answers": {"s": "x"}}', public_key=public_of(old), case_id=case_id, record_id=b"r" * 16, version=1)
    row = {"id": b"r" * 16, "case_id": case_id, "version": 1, "kind": "report", "created_at": int(office.now[0]) - 9, "sealed": told}
    if pepper:
        office.settings.pepper_file.write_text(bytes(range(32)).hex())
    reads = Reads(office.engine)
    await Witnessing(office.writer, WITNESS, reads).write([Insert(table="case_record", row=row)])
    recovery = await reads.recovery()
    portion = (await lead.get("stale-keys")).json()
    assert recovery is not None and recovery.id.hex() in portion["keys"][0]["readers"]
    public = KeyPair(private=b"", public=recovery.public_key)
    new = changed(lead, portion["keys"][0], former, pair, 2, **{recovery.id.hex(): public})
    assert (await lead.post("case-keys", {"version": 2, "cases": [new.wire]})).json() == {"moved": []}
    shares = combine(list(office.shares[1:]))
    for recipient, private in ((lead.unit_id, pair.private), (None, shares)):
        records = await records_of(office.settings, case=made["case_id"], recipient=recipient, private=private)
        assert [record["kind"] for record in records] == ["report", KIND]
        assert records[0]["answers"] == {"s": "x"}
        given = json.dumps(records)
        assert not any(key.hex() in given for key in (old, new.private, pair.private))
    invented = {**row, "id": b"i" * 16, "created_at": row["created_at"] + 1, "sealed": seal(
        b'{"kind": "message"}', public_key=public_of(new.private), case_id=case_id, record_id=b"i" * 16, version=1
    )}  # fmt: skip
    await office.writer.write([Insert(table="case_record", row=invented)])
    opened = records_of(office.settings, case=made["case_id"], recipient=lead.unit_id, private=pair.private)
    if pepper:
        with pytest.raises(CommandError, match="none that this service wrote"):
            await opened
    else:
        assert len(await opened) == 3
