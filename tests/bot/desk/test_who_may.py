"""Who may do what at the desk, and what is kept: ownership, units, signatures, and keys that others put there, over the real service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from actions.rows import Update
from bot.desk.views import Entry, Reply
from bot.storage import tables
from bot.vault.signing import generate_signing
from bot.vault.staff_entry import FIRST
from tests.bot.desk.sitting import Office, office, talking, wait_here
from tests.bot.house import add_unit, generate_keypair


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def test_another_unit_sees_nothing_and_does_nothing(desk: Office) -> None:
    rina = await desk.comes("Rina")
    other = await add_unit(desk.service, generate_keypair(), name="school", kind="school", lead=False)
    stranger = await desk.comes("Tono", unit=other, role="lead")
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    await desk.tick()
    assert (await desk.desk.queue(stranger)).items == () and await desk.desk.open(stranger, hand_off_id) is None
    calls = [desk.desk.accept, desk.desk.refuse, desk.desk.pull, desk.desk.take_back, desk.desk.let_go, desk.desk.wrap_up, desk.desk.safe]
    assert [(await call(stranger, hand_off_id)).code for call in calls] == ["unknown"] * len(calls)
    assert (await desk.notes(stranger, hand_off_id, "x")).code == "unknown"
    assert (await desk.replies(stranger, hand_off_id, "x")).code == "unknown"
    assert (await desk.desk.accept(rina, hand_off_id)).ok
    assert (await desk.desk.transfer(rina, hand_off_id, to=stranger.id)).code == "unknown"
    assert (await desk.desk.invite(rina, hand_off_id, colleague=stranger.id)).code == "unknown"
    auditor = await desk.comes("Adi", role="auditor")
    assert (await desk.desk.pull(auditor, hand_off_id)).code == "unknown"


async def test_a_reply_of_somebody_who_has_it_no_more_is_refused(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi", state="away")
    hand_off_id = await talking(desk, rina)
    seen = await desk.hand_off(hand_off_id)
    case = await desk.store.case(seen.case_id)
    late = Reply(text="terlambat", **rina.entry(seen, case, "terlambat"))
    assert (await desk.desk.transfer(rina, hand_off_id, to=budi.id)).ok
    assert (await desk.replies(rina, hand_off_id, "sebentar ya")).ok, "she has it until he takes over"
    assert (await desk.desk.accept(budi, hand_off_id)).ok
    await desk.service.settle()
    assert (await desk.desk.reply(rina, hand_off_id, late)).code == "taken"
    assert (await desk.replies(budi, hand_off_id, "Halo, aku Budi.")).ok
    said = desk.heard("100")
    assert not any("terlambat" in text for text in said) and any("Budi" in text for text in said)


async def test_ownership_is_checked_in_the_commit_of_the_reply(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lost between the look and the write: the write sees it."""
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi", state="away")
    hand_off_id = await talking(desk, rina)
    write = desk.service.writer.write

    async def slow(changes, **relied_on):  # type: ignore[no-untyped-def]
        rows = list(changes)
        if any(getattr(row, "table", "") == "outbox" and "record_id" in getattr(row, "row", {}) for row in rows):
            monkeypatch.setattr(desk.service.writer, "write", write)
            await desk.set(hand_off_id, owner_id=budi.id)
        return await write(rows, **relied_on)

    monkeypatch.setattr(desk.service.writer, "write", slow)
    assert (await desk.replies(rina, hand_off_id, "rahasia")).code == "taken"
    assert not any("rahasia" in text for text in desk.heard("100"))
    assert await desk.all(select(tables.case_record.c.id).where(tables.case_record.c.author_id == rina.id)) == []


async def test_a_forged_entry_is_refused_and_so_is_one_that_forgets_what_came_before(desk: Office) -> None:
    rina, budi = await desk.comes("Rina"), await desk.comes("Budi", state="away")
    hand_off_id = await talking(desk, rina)
    hand_off = await desk.hand_off(hand_off_id)
    case = await desk.store.case(hand_off.case_id)
    forged = Reply(text="palsu", **budi.entry(hand_off, case, "palsu"))
    assert (await desk.desk.reply(rina, hand_off_id, forged)).code == "forged"
    assert (await desk.replies(rina, hand_off_id, "satu")).ok
    assert (await desk.replies(rina, hand_off_id, "dua", previous=FIRST)).code == "behind"
    assert (await desk.notes(budi, hand_off_id, "catatan")).ok
    assert (await desk.replies(rina, hand_off_id, "tiga")).ok
    rows = await desk.all(select(tables.case_record).where(tables.case_record.c.author_id.is_not(None)))
    assert len({row.previous for row in rows}) == 3, "each names another one before it"
    assert [text for text in desk.heard("100") if text in ("palsu", "dua", "catatan")] == []


async def test_what_is_sealed_to_a_key_that_lay_there_for_a_moment_goes_nowhere(desk: Office) -> None:
    """Whoever exchanges a case's key in the database while a page looks, and puts it back, reads nothing of what that page seals."""
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    hand_off = await desk.hand_off(hand_off_id)
    case = await desk.store.case(hand_off.case_id)
    seen = SimpleNamespace(id=case.id, head=case.head, public_key=generate_keypair().public)
    for sent in (
        desk.desk.reply(rina, hand_off_id, Reply(text="rahasia", **rina.entry(hand_off, seen, "rahasia"))),
        desk.desk.note(rina, hand_off_id, Entry(**rina.entry(hand_off, seen, "rahasia"))),
        desk.desk.relayed(rina, hand_off_id, Entry(**rina.entry(hand_off, seen, "rahasia"))),
        desk.desk.blocking.block(rina, hand_off_id, Entry(**rina.entry(hand_off, seen, "rahasia")), hours=24, told=case.told or 0),
    ):
        assert (await sent).code == "behind"
    assert await desk.all(select(tables.case_record.c.id).where(tables.case_record.c.author_id == rina.id)) == []
    assert not any("rahasia" in text for text in desk.heard("100"))
    assert (await desk.replies(rina, hand_off_id, "satu")).ok


async def test_a_reply_does_not_pass_a_change_of_the_key_that_was_quicker(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    rina, write = await desk.comes("Rina"), desk.service.writer.write
    hand_off_id, new = await talking(desk, rina), generate_keypair()
    case_id = (await desk.hand_off(hand_off_id)).case_id
    key = Update(table="cases", key={"id": case_id}, values={"public_key": new.public, "tag": desk.service.tags.case(case_id, new.public)})

    async def slow(rows: Any, **relied_on: Any) -> Any:
        monkeypatch.undo()
        await write([key])
        return await write(rows, **relied_on)

    monkeypatch.setattr(desk.service.writer, "write", slow)
    assert (await desk.replies(rina, hand_off_id, "rahasia")).code == "behind"
    assert not any("rahasia" in text for text in desk.heard("100"))


async def test_whoever_only_writes_to_the_database_says_nothing_to_a_reporter(desk: Office) -> None:
    """Neither in a counsellor's name with a key of his own in her row, signed in as her for all the service knows, nor by what she is
    called: the reporter is told the name under which she was admitted."""
    rina, own = await desk.comes("Rina"), generate_signing()
    lie = "Datang sendirian ke rumah Pak X"
    await desk.service.writer.write([Update(table="staff", key={"id": rina.id}, values={"shown": lie})])
    hand_off_id = await talking(desk, rina)
    assert any("Rina" in text for text in desk.heard("100"))
    hand_off = await desk.hand_off(hand_off_id)
    await desk.service.writer.write([Update(table="staff", key={"id": rina.id}, values={"signing_public": own.public})])
    thief = replace(rina, signing=own)
    entry = thief.entry(hand_off, await desk.store.case(hand_off.case_id), lie)
    assert (await desk.desk.reply(thief, hand_off_id, Reply(text=lie, **entry))).code == "forged"
    await desk.service.settle()
    assert not [text for text in desk.heard("100") if lie in text]
    await desk.service.writer.write([Update(table="staff", key={"id": rina.id}, values={"signing_public": rina.signing.public})])
    assert (await desk.replies(rina, hand_off_id, "Aku di sini.")).ok


async def test_two_notes_at_the_same_moment_make_one_chain(desk: Office) -> None:
    people = [await desk.comes(name) for name in ("Rina", "Budi", "Sari")]
    hand_off_id = await wait_here(desk.service, unit=desk.unit)
    hand_off = await desk.hand_off(hand_off_id)
    case = await desk.store.case(hand_off.case_id)
    entries = [(person, Entry(**person.entry(hand_off, case, "x"))) for person in people]  # all have seen the same
    results = await asyncio.gather(*(desk.desk.note(person, hand_off_id, entry) for person, entry in entries))
    assert sorted(result.code for result in results) == ["behind", "behind", "ok"]


async def test_nothing_is_kept_under_a_key_that_somebody_put_there(desk: Office) -> None:
    """Whoever writes to the database exchanges the case's key: what a colleague's page sealed to it is neither sent nor stored."""
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    hand_off = await desk.hand_off(hand_off_id)
    await desk.service.writer.write(
        [Update(table="cases", key={"id": hand_off.case_id}, values={"public_key": generate_keypair().public})]
    )  # fmt: skip
    before = len(await desk.all(select(tables.case_record)))
    assert (await desk.replies(rina, hand_off_id, "rahasia")).code == "doubtful_key"
    entry = Entry(**rina.entry(hand_off, await desk.store.case(hand_off.case_id), "rahasia"))
    assert (await desk.desk.note(rina, hand_off_id, entry)).code == "doubtful_key"
    assert len(await desk.all(select(tables.case_record))) == before
    assert "rahasia" not in desk.heard("100")


async def test_nothing_is_sent_where_it_is_not_safe(desk: Office) -> None:
    rina = await desk.comes("Rina")
    hand_off_id = await talking(desk, rina)
    assert (await desk.desk.safe(rina, hand_off_id)).ok
    await desk.service.settle()
    assert desk.phones.options("100").keys() >= {"safe_no"}
    await desk.say("100", "safe_no")
    assert (await desk.replies(rina, hand_off_id, "halo?")).code == "unsafe"
    assert not any("halo?" in text for text in desk.heard("100"))


async def test_help_that_was_called_stands_in_the_case_and_in_the_audit_chain(desk: Office) -> None:
    rina = await desk.comes("Rina")
    danger = await wait_here(desk.service, unit=desk.unit, urgency="danger")
    assert (await desk.desk.pull(rina, danger)).ok
    hand_off = await desk.hand_off(danger)
    entry = rina.entry(hand_off, await desk.store.case(hand_off.case_id), "112, 03.10, petugas Joko")
    reply = Reply(text="", **entry)
    assert (await desk.desk.relayed(rina, danger, reply)).ok
    (row,) = await desk.all(select(tables.audit).where(tables.audit.c.action == "relayed"))
    assert (row.subject, row.actors) == (hand_off.case_id, rina.id)
    assert [record.kind for record in (await desk.records.newest(hand_off.case_id)).records] == ["relayed"]
