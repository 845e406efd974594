"""A thief who writes to the database and has no key makes somebody a reader of a case, with a row of 81 bytes of rubbish: the place where
the person works whom a child has named. Nobody there is let in, nothing is offered to them, and no key of the case is sealed to them."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.cli.backup import back_up, put_back
from bot.metrics import FORGED
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.case_list import Search
from bot.storage.pins import BOUND
from bot.vault.keys import generate_keypair
from bot.vault.member import SEALED_BYTES
from bot.vault.seal import seal_key
from tests.bot.console.room import Room, room
from tests.bot.desk import door
from tests.bot.desk.sitting import office
from tests.bot.desk.test_case_keys import changed, someone_went
from tests.bot.desk.test_recovering import recovered, scene
from tests.bot.house import add_unit, house
from tests.stores import given

RUBBISH = b"x" * SEALED_BYTES
_KEY = tables.case_key.c


async def _reads_too(engine: Any, case_id: bytes, unit_id: bytes, *, sealed: bytes = RUBBISH) -> None:
    """The thief's hands: with no tag, and with one that another reader of the case has."""
    async with engine.begin() as connection:
        true = (await connection.execute(select(_KEY.tag).where(_KEY.case_id == case_id).limit(1))).scalar_one_or_none()
        row = {"case_id": case_id, "recipient_id": unit_id, "sealed": sealed, "version": 1, "born": 1, "tag": true}
        await connection.execute(insert(tables.case_key).values(**row))


async def _with_tag(engine: Any, tag: bytes | None) -> None:
    async with engine.begin() as connection:
        await connection.execute(update(tables.case_key).where(_KEY.sealed == RUBBISH).values(tag=tag))


async def _row(engine: Any, case_id: bytes, recipient_id: bytes) -> Any:
    async with engine.connect() as connection:
        found = await connection.execute(select(tables.case_key).where(_KEY.case_id == case_id, _KEY.recipient_id == recipient_id))
        return found.one()


@pytest.fixture
async def here(tmp_path: Path) -> Any:
    async with room(tmp_path) as made:
        yield made


async def _asked(here: Room, person: Any, made: Any) -> dict[str, int]:
    """What the console answers to somebody, by address."""
    case, hand_off, file = made.id.hex(), made.hand_off.hex(), made.file.hex()
    gets = (
        f"/console/j/case/{case}", f"/console/f/case/{case}", f"/console/j/case/{case}/earlier?before=9", f"/console/j/hand-off/{hand_off}",
        f"/console/f/hand-off/{hand_off}", f"/console/f/hand-off/{hand_off}/head", f"/console/j/file/{file}/0",
    )  # fmt: skip
    posts = (f"/console/j/hand-off/{hand_off}/pull", f"/console/j/hand-off/{hand_off}/accept")
    found = {path: (await here.ask(person, "GET", path)).status_code for path in gets}
    return found | {path: (await here.ask(person, "POST", path)).status_code for path in posts}


async def test_a_reader_of_ones_own_making_opens_nothing_and_takes_nothing(here: Room) -> None:
    """At the console: the case, its hand-off, its file, the queue and the lists are as for any other unit. For the true unit nothing is
    otherwise than before."""
    ours, school = await here.unit("UPTD PPA"), await here.unit("Sekolah", kind="school", lead=0)
    made = await here.case(ours, urgency="danger")
    lead, theirs = await here.person(ours, "lead"), await here.person(school, "lead")
    before, nothing = FORGED.labels("reader")._value.get(), await _asked(here, theirs, made)
    await _reads_too(here.service.engine, made.id, school.id)
    for tag in (None, b"t" * 32, (await _row(here.service.engine, made.id, ours.id)).tag):
        await _with_tag(here.service.engine, tag)
        assert await _asked(here, theirs, made) == nothing and set(nothing.values()) == {404}
        assert made.id.hex() not in (await here.listed(theirs)).text and made.id.hex() in (await here.listed(lead)).text
        queues = [(await here.ask(each, "GET", "/console/f/queue")).text for each in (theirs, lead)]
        assert [made.hand_off.hex() in queue for queue in queues] == [False, True]
    assert FORGED.labels("reader")._value.get() > before
    opened = await here.get(lead, f"/console/j/case/{made.id.hex()}")
    assert Room.opened(made, opened)[0]["answers"] == {"first": "Halo"}


async def test_a_list_goes_on_past_what_the_thief_put_into_it(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit's own cases are found behind any number of invented ones."""
    monkeypatch.setattr("bot.storage.case_list.PAGE", 2)
    ours, school = await here.unit("UPTD PPA"), await here.unit("Sekolah", kind="school", lead=0)
    teacher = await here.person(school, "lead")
    own, strange = [await here.case(school) for _ in range(3)], []
    for _ in range(5):
        here.wait(60)
        strange.append((await here.case(ours)).id)
        await _reads_too(here.service.engine, strange[-1], school.id)
    found = await here.console.cases.list.page(school.id, Search(which="all"), deadlines=here.service.deadlines)
    assert {row.id for row in found} == {each.id for each in own}
    shown = (await here.listed(teacher, which="all")).text
    assert all(each.id.hex() in shown for each in own) and not any(case_id.hex() in shown for case_id in strange)


async def test_nothing_is_offered_to_a_reader_of_ones_own_making(tmp_path: Path) -> None:
    """Somebody waits, and the only one there is of another unit: it is offered to nobody until somebody of the true one comes back."""
    async with office(tmp_path) as it:
        rina = await it.comes("Rina")
        hand_off_id = await it.asks("1")
        await it.desk.beat(rina, "away")
        await it.passes(120)
        hand_off = await it.hand_off(hand_off_id)
        school = await add_unit(it.service, generate_keypair(), name="school", kind="school", lead=False)
        await _reads_too(it.service.engine, hand_off.case_id, school)
        anton = await it.comes("Anton", unit=school)
        for _ in range(3):
            await it.passes(20, anton)
        assert (await it.hand_off(hand_off_id)).offered_to is None
        assert not (await it.desk.pull(anton, hand_off_id)).ok and await it.desk.open(anton, hand_off_id) is None
        await it.desk.beat(rina, "ready")
        await it.passes(20, anton, rina)
        assert (await it.hand_off(hand_off_id)).offered_to == rina.id
        assert (await it.desk.accept(rina, hand_off_id)).ok


async def test_a_reader_of_ones_own_making_gets_no_key_of_a_case(tmp_path: Path) -> None:
    """Somebody goes, and a lead's page gives the case another key: it is sealed to those to whom this service had sealed it, and to nobody
    who was put beside them, whatever a page asks for."""
    async with door.office(tmp_path) as here:
        lead, _, _, former, made, pair = await someone_went(here)
        case_id = bytes.fromhex(made["case_id"])
        school = await here.lead("anton", "Sekolah")
        pin, unit = await here.keys.pins.unit(school.unit_id), await here.store.unit(school.unit_id)
        assert pin is not None and unit is not None
        await here.keys.pins.put(replace(pin, public_key=unit.public_key, version=1))
        await _reads_too(here.engine, case_id, school.unit_id)
        portion = (await lead.get("stale-keys")).json()
        assert [row["readers"] for row in portion["keys"]] == [[lead.unit_id.hex()]] and portion["units"] == []
        row = portion["keys"][0]
        both = {**row, "readers": [*row["readers"], school.unit_id.hex()]}
        wire = changed(lead, both, former, pair, 2, **{school.unit_id.hex(): generate_keypair()}).wire
        wire["keys"][-1]["version"] = 1
        assert (await lead.post("case-keys", {"version": 2, "cases": [wire]})).json() == {"moved": [made["case_id"]]}
        true = changed(lead, row, former, pair, 2).wire
        assert (await lead.post("case-keys", {"version": 2, "cases": [true]})).json() == {"moved": []}
        assert (await _row(here.engine, case_id, school.unit_id)).sealed == RUBBISH
        # Nor does it make their lead somebody who decides over the case.
        sealed = {"case_id": made["case_id"], "was": RUBBISH.hex(), "sealed": secrets.token_bytes(SEALED_BYTES).hex()}
        assert (await school.post("stale-keys", {"version": 1, "keys": [sealed]})).json() == {"error": "unknown"}
        stranger = changed(lead, {**row, "readers": []}, former, pair, 2).wire | {"keys": true["keys"]}
        assert (await school.post("case-keys", {"version": 1, "cases": [stranger]})).json() == {"error": "unknown"}


async def test_recovery_hands_no_case_to_a_reader_of_ones_own_making(tmp_path: Path) -> None:
    """`staff admit` seals to a unit what recovery can open and this service had given to that unit: not what a row alone says."""
    async with door.office(tmp_path) as here:
        _, _, new, cases = await scene(here)
        other = await here.lead("anton", "Sekolah")
        made = (await other.post("made-case", {})).json()
        case_id = bytes.fromhex(made["case_id"])
        mine = seal_key(
            generate_keypair().private, recipient_public=generate_keypair().public, case_id=case_id, recipient_id=new.unit_id
        )  # fmt: skip
        await _reads_too(here.engine, case_id, new.unit_id, sealed=mine)
        done = await recovered(here, new)
        assert (done.sealed, done.left, done.strange) == (2, 1, 1) and len(cases) == 3
        assert (await _row(here.engine, case_id, new.unit_id)).sealed == mine


async def _value(engine: Any, statement: Any) -> Any:
    async with engine.connect() as connection:
        return (await connection.execute(statement)).scalars().all()


async def _untagged(engine: Any) -> list[bytes]:
    return list(await _value(engine, select(_KEY.case_id).where(_KEY.tag.is_(None))))


async def _reports(here: Any, address: str) -> None:
    await here.talk(address, "/start", "report", "yes", "self_13_17", "Ada yang memukulku.", "yes", "lewati", "own_code", "send")


async def test_readers_from_before_are_vouched_for_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database that an older program made: whoever reads a case reads it on. What has no tag later on is somebody's who writes to it."""
    async with house(tmp_path) as here:
        await _reports(here, "+628111")
        async with here.service.engine.begin() as connection:
            await connection.execute(update(tables.case_key).values(tag=None))
            await connection.execute(insert(tables.case_key).values(case_id=b"odd", recipient_id=b"ids", sealed=RUBBISH))
        async with here.service.keys._engine.begin() as connection:
            await connection.execute(tables.pin.delete().where(tables.pin.c.what == BOUND))
    async with house(tmp_path) as here:
        assert "readers_vouched_for" in caplog.text and await _untagged(here.service.engine) == []
        [case] = await here.service.reads.all_cases()
        keys = await here.service.reads.case_keys(case.id)
        assert keys and all(here.service.tags.wrote_reader(key.case_id, key.recipient_id, key.tag) for key in keys)
        async with here.service.engine.begin() as connection:
            row = {"case_id": case.id, "recipient_id": b"s" * 16, "sealed": RUBBISH}
            await connection.execute(insert(tables.case_key).values(**row))
    caplog.clear()
    async with house(tmp_path) as here:
        assert "readers_vouched_for" not in caplog.text
        assert await _untagged(here.service.engine) == [case.id]


@pytest.mark.parametrize("older", [False, True])
async def test_a_restored_backup_makes_nobody_a_reader(tmp_path: Path, caplog: pytest.LogCaptureFixture, older: bool) -> None:
    """An invented row goes into a backup and comes back as it was, untagged. A backup from before there were tags is vouched for."""
    settings = load_settings(from_environment=False, given=given(tmp_path / "data"))
    async with house(tmp_path / "data") as here:
        await _reports(here, "+628111")
        [case] = await here.service.reads.all_cases()
        async with here.service.engine.begin() as connection:
            row = {"case_id": case.id, "recipient_id": b"s" * 16, "sealed": RUBBISH}
            await connection.execute(insert(tables.case_key).values(**row))
            if older:
                await connection.execute(update(tables.case_key).values(tag=None))
    await back_up(settings, tmp_path / "backup", now=1_795_500_000)
    await put_back(settings, tmp_path / "backup", now=1_795_500_060, replace=True)
    caplog.clear()
    async with house(tmp_path / "data") as here:
        assert ("readers_vouched_for" in caplog.text) is older
        assert await _untagged(here.service.engine) == ([] if older else [case.id])
