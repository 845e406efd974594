"""A case at the console: opened with the unit's key alone, answered into the mailbox, signed, chained; what is forged is not taken."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from actions.rows import Delete, Insert, Update
from bot.storage.sharing import CASE_CHANGED, notice
from bot.vault.delivery import wrap_for_case, wrap_for_delivery
from bot.vault.keys import generate_keypair
from bot.vault.mailbox import seal_reply
from bot.vault.signing import generate_signing
from bot.vault.staff_entry import FIRST, StaffReply, sign_message
from tests.bot.console.room import Made, Person, Room, room
from tests.bot.house import Phones
from tests.commits import Commits

STORY = "Kakak sepupu memukulku pakai sapu."
ANSWER = "Terima kasih sudah cerita. Kami akan menemuimu di sekolah."


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


def numbers_of(page: str) -> list[str]:
    """The cases of a page of the list."""
    return re.findall(r'data-case="([0-9a-f]{32})"', page)


def before_of(page: str) -> str:
    """Where the list goes on after a page."""
    return page.split('data-before="')[1].split('"')[0]


async def told(here: Room) -> tuple[Person, Made]:
    unit = await here.unit("ours")
    return await here.person(unit, "case_worker"), await here.case(unit, kind="report", body={"answers": {"story": STORY}})


def mail(case: Made, text: str, by: Person) -> tuple[dict[str, str], bytes]:
    """A message as the browser seals it to the mailbox and signs it: for the wire, and its id."""
    message_id = secrets.token_bytes(16)
    content = json.dumps({"text": text}).encode()
    sealed = seal_reply(content, mailbox_public=case.mail.public, mailbox_id=case.mailbox, message_id=message_id)
    signed = StaffReply(case_id=case.id, mailbox_id=case.mailbox, message_id=message_id, author_id=by.id, sealed=sealed)
    return {
        "id": message_id.hex(), "mailbox_id": case.mailbox.hex(), "sealed": base64.b64encode(sealed).decode(),
        "signature": sign_message(signed, private_key=by.signing.private).hex(),
    }, message_id  # fmt: skip


async def test_what_the_server_gives_is_sealed_and_opens_with_the_units_key(here: Room) -> None:
    worker, case = await told(here)
    answer = await here.ask(worker, "GET", f"/console/j/case/{case.id.hex()}")
    assert STORY not in answer.text
    assert [record["answers"]["story"] for record in here.opened(case, answer.json())] == [STORY]
    assert (audit.CASE_OPENED, case.id, (worker.id,)) in await here.audited()
    frames = [await here.ask(worker, "GET", path) for path in (f"/console/f/case/{case.id.hex()}", "/console/f/cases")]
    for page in (*frames, await here.listed(worker), await here.listed(worker, which="unread")):
        assert page.status_code == 200
        assert STORY not in page.text


async def test_opening_says_that_it_was_read(here: Room) -> None:
    worker, case = await told(here)
    assert 'class="entry other unread"' in (await here.listed(worker)).text
    assert (await here.get(worker, f"/console/j/case/{case.id.hex()}"))["status"] == "assessed"
    assert 'class="entry other"' in (await here.listed(worker)).text


async def test_a_reply_reaches_the_mailbox_and_stands_signed_in_the_case(here: Room) -> None:
    worker, case = await told(here)
    seen = await here.get(worker, f"/console/j/case/{case.id.hex()}")
    message, message_id = mail(case, ANSWER, worker)
    # Written in the report's own second, with an id before every other: it stands below the report all the same.
    first = bytes(16)
    entry = here.entry(worker, case, {"from": "staff", "text": ANSWER}, previous=seen["head"], kind="reply", record_id=first)
    answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/reply", {**entry, "messages": [message]})
    assert answer.status_code == 200, answer.text
    [row] = await here.service.reads.mailbox(case.mailbox)
    assert here.read_mail(case, message_id, row.sealed) == ANSWER
    after = await here.get(worker, f"/console/j/case/{case.id.hex()}")
    assert after["head"] == answer.json()["head"] != seen["head"]
    assert [record["kind"] for record in after["records"]] == ["report", "reply"]
    assert after["records"][1]["author"] == worker.id.hex()
    assert [one["id"] for one in after["waiting"]] == [message_id.hex()]


async def test_a_mailbox_of_another_case_takes_nothing(here: Room) -> None:
    worker, case = await told(here)
    other = await here.case(case.unit)
    message, _ = mail(other, ANSWER, worker)
    entry = here.entry(worker, case, {"text": ANSWER}, previous="00" * 32, kind="reply")
    answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/reply", {**entry, "messages": [message]})
    assert answer.status_code == 400
    assert await here.service.reads.mailbox(other.mailbox) == []


@pytest.mark.parametrize("what", ["another's key", "another case", "another author", "another content"])
async def test_what_its_author_did_not_sign_is_not_taken(here: Room, what: str) -> None:
    worker, case = await told(here)
    colleague = await here.person(case.unit, "counsellor")
    other = await here.case(case.unit)
    entry = here.entry(worker, case, {"text": "x"}, previous="00" * 32)
    if what == "another's key":
        entry = here.entry(worker, case, {"text": "x"}, previous="00" * 32, signing=generate_signing())
    elif what == "another case":
        entry = here.entry(worker, other, {"text": "x"}, previous="00" * 32)
    elif what == "another author":
        entry = here.entry(colleague, case, {"text": "x"}, previous="00" * 32)
    else:
        entry["sealed"] = here.entry(worker, case, {"text": "y"}, previous="00" * 32)["sealed"]
    answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/note", entry)
    assert (answer.status_code, answer.json()["error"]) == (422, "forged")
    assert len((await here.get(worker, f"/console/j/case/{case.id.hex()}"))["records"]) == 1


async def test_what_is_sealed_to_a_key_that_somebody_put_there_is_not_taken(here: Room) -> None:
    """It would open for whoever exchanged the case's key in the database."""
    worker, case = await told(here)
    await here.service.writer.write([Update(table="cases", key={"id": case.id}, values={"public_key": generate_keypair().public})])
    entry = here.entry(worker, case, {"text": "x"}, previous="00" * 32)
    for path, more in (("note", {}), ("duty", {}), ("status", {"status": "closed"})):
        answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/{path}", {**entry, **more})
        assert (answer.status_code, answer.json()["error"]) == (409, "doubtful_key")
    assert len((await here.get(worker, f"/console/j/case/{case.id.hex()}"))["records"]) == 1


async def test_what_was_sealed_to_a_key_that_lay_there_for_a_moment_is_not_taken(here: Room) -> None:
    """Somebody exchanged the case's key in the database for as long as a page looked, and put it back."""
    worker, case = await told(here)
    thief = replace(case, pair=generate_keypair())
    entry = here.entry(worker, thief, {"text": "x"}, previous="00" * 32)
    for path, more in (("note", {}), ("duty", {}), ("status", {"status": "closed"})):
        answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/{path}", {**entry, **more})
        assert (answer.status_code, answer.json()["error"]) == (409, "behind"), "look at the case again"
    unnamed = {name: value for name, value in here.entry(worker, case, {"text": "x"}, previous="00" * 32).items() if name != "public_key"}
    assert (await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/note", unnamed)).status_code == 400
    seen = await here.get(worker, f"/console/j/case/{case.id.hex()}")
    assert (seen["status"], len(seen["records"])) == ("assessed", 1)


async def test_a_note_does_not_pass_a_change_of_the_key_that_was_quicker(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, case = await told(here)
    write, new = here.service.writer.write, generate_keypair()

    async def slow(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        values = {"public_key": new.public, "tag": here.service.tags.case(case.id, new.public)}
        await write([Update(table="cases", key={"id": case.id}, values=values)])
        return await write(*given, **more)

    monkeypatch.setattr(here.service.writer, "write", slow)
    entry = here.entry(worker, case, {"text": "x"}, previous="00" * 32)
    answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/note", entry)
    assert (answer.status_code, answer.json()["error"]) == (409, "behind")
    assert len((await here.get(worker, f"/console/j/case/{case.id.hex()}"))["records"]) == 1


async def test_of_two_who_write_at_once_the_second_is_told_what_stands_there_now(here: Room) -> None:
    worker, case = await told(here)
    colleague = await here.person(case.unit, "counsellor")
    entries = [(each, here.entry(each, case, {"text": each.role}, previous="00" * 32)) for each in (worker, colleague)]
    path = f"/console/j/case/{case.id.hex()}/note"
    answers = await asyncio.gather(*(here.ask(each, "POST", path, entry) for each, entry in entries))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    second = next(number for number, answer in enumerate(answers) if answer.status_code == 409)
    head = answers[second].json()["head"]
    assert head == answers[1 - second].json()["head"]
    again = here.entry(entries[second][0], case, {"text": "again"}, previous=head)
    assert (await here.ask(entries[second][0], "POST", path, again)).status_code == 200
    # Sent once more, because the answer was lost: nothing is written twice.
    assert (await here.ask(entries[second][0], "POST", path, again)).status_code == 409
    assert len((await here.get(worker, f"/console/j/case/{case.id.hex()}"))["records"]) == 3


async def test_the_status_is_what_the_reporter_is_told_and_why_is_sealed(here: Room) -> None:
    worker, case = await told(here)
    why = "Keluarga sudah ditemui."
    entry = here.entry(worker, case, {"status": "in_progress", "text": why}, previous="00" * 32, kind="status")
    answer = await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/status", {**entry, "status": "in_progress"})
    assert answer.status_code == 200
    row = await here.service.reads.case(case.id)
    assert row is not None
    assert row.status == "in_progress"
    wrong = here.entry(worker, case, {}, previous=answer.json()["head"], kind="status")
    assert (await here.ask(worker, "POST", f"/console/j/case/{case.id.hex()}/status", {**wrong, "status": "stored"})).status_code == 400


async def test_other_processes_hear_of_each_entry_in_its_commit(here: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague whose console is at another one sees note, status, answer and that a block was lifted without loading anything anew."""
    unit = await here.unit("ours")
    lead, case = await here.person(unit, "lead"), await here.case(unit)
    path = f"/console/j/case/{case.id.hex()}"
    block = await here.service.blocks.rows("telegram", "1", case_id=case.id, until=here.now + 3600, staff_id=lead.id)
    await here.service.writer.write(block)
    commits, head = Commits(here.service.writer, monkeypatch), FIRST.hex()
    wire, _ = mail(case, ANSWER, lead)
    entries: dict[str, dict[str, Any]] = {
        "note": {}, "status": {"status": "in_progress"}, "duty": {}, "reply": {"messages": [wire]}, "unblock": {},
    }  # fmt: skip
    for what, more in entries.items():
        commits.made.clear()
        entry = here.entry(lead, case, {"text": "kata"}, previous=head, kind="note" if what == "unblock" else what)
        answer = await here.ask(lead, "POST", f"{path}/{what}", {**entry, **more})
        assert answer.status_code == 200, (what, answer.text)
        head = answer.json()["head"]
        assert commits.told_with("case_record") == {notice(CASE_CHANGED, case.id)}, what


async def test_a_long_list_goes_on_where_it_ended(here: Room) -> None:
    unit = await here.unit("ours")
    worker = await here.person(unit, "case_worker")
    for _ in range(103):
        await here.case(unit)
        here.wait(1)
    first = (await here.listed(worker)).text
    assert first.count('class="row"') == 100
    assert "cases-newer" not in first
    rest = (await here.listed(worker, before=before_of(first))).text
    assert rest.count('class="row"') == 3
    assert "cases-older" not in rest and "cases-newer" in rest
    assert not set(numbers_of(first)) & set(numbers_of(rest))


async def test_a_files_pieces_are_given_sealed_and_kept_on_the_chain(here: Room) -> None:
    worker, case = await told(here)
    pieces = (await here.get(worker, f"/console/j/file/{case.file.hex()}/0"))["pieces"]
    assert [base64.b64decode(piece) for piece in pieces] == [b"sealed piece"]
    assert (audit.FILE_OPENED, case.file, (worker.id,)) in await here.audited()
    assert (await here.get(worker, f"/console/j/file/{case.file.hex()}/1"))["pieces"] == []


async def test_the_reporter_is_told_in_the_chat_that_an_answer_waits_and_that_stands_on_the_chain(
    here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, case = await told(here)
    path = f"/console/j/case/{case.id.hex()}"
    address = json.dumps({"channel": "telegram", "address": "7"}).encode()
    inner = wrap_for_delivery(address, delivery_public=here.service.keys.delivery.public, case_id=case.id)
    record_id = secrets.token_bytes(16)
    left = {
        "id": record_id, "case_id": case.id, "version": 1, "kind": "return_address", "created_at": here.now,
        "sealed": wrap_for_case(inner, case_public=case.pair.public, case_id=case.id, record_id=record_id, version=1),
    }  # fmt: skip
    await here.service.writer.write([Insert(table="case_record", row=left)])
    asks = {"record_id": record_id.hex(), "address": base64.b64encode(inner).decode()}
    assert (await here.ask(worker, "POST", f"{path}/tell", asks)).status_code == 400, "nothing waits: nobody is told so"
    message, _ = mail(case, ANSWER, worker)
    seen = await here.get(worker, path)
    entry = here.entry(worker, case, {"from": "staff", "text": ANSWER}, previous=seen["head"], kind="reply")
    assert (await here.ask(worker, "POST", f"{path}/reply", {**entry, "messages": [message]})).status_code == 200
    answer = await here.ask(worker, "POST", f"{path}/tell", asks)
    assert answer.json() == {"code": "told"}
    await here.service.settle()
    phones = here.service.channels["telegram"]
    assert isinstance(phones, Phones)
    (bubble,) = phones.seen["7"]
    assert bubble.text.startswith("Halo, ada kabar baru di sini") and ANSWER not in bubble.text
    assert (audit.ADDRESS_USED, case.id, (worker.id,)) in await here.audited()
    # What another case's address says is used for nothing here.
    other = wrap_for_delivery(address, delivery_public=here.service.keys.delivery.public, case_id=b"x" * 16)
    false = {**asks, "address": base64.b64encode(other).decode()}
    assert (await here.ask(worker, "POST", f"{path}/tell", false)).json() == {"code": "unreachable"}
    # The reporter leaves, and takes it back, while it is being used; and a page that has the case open still holds it, in vain.
    opens = here.service.keys.delivery_privates

    async def left_meanwhile() -> list[bytes]:
        await here.service.writer.write([Delete(table="case_record", key={"id": record_id})])
        return await opens()

    with monkeypatch.context() as patch:
        patch.setattr(here.service.keys, "delivery_privates", left_meanwhile)
        assert (await here.ask(worker, "POST", f"{path}/tell", asks)).json() == {"code": "unreachable"}
    assert (await here.ask(worker, "POST", f"{path}/tell", asks)).json() == {"code": "unreachable"}
    await here.service.settle()
    assert len(phones.seen["7"]) == 1
