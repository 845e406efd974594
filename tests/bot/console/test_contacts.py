"""A colleague's own chat and telephone: linked by a code that only who has both can know, and nothing of it in the store of messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from actions import audit
from bot.channels.base import Received
from bot.desk.alarm import ALERT
from bot.desk.contacts import Contacts
from bot.desk.events import STAFF
from bot.desk.linking import CODE_SECONDS, CONNECTED, code_in, new_code
from bot.storage import tables
from flows.message import Inbound, InboundKind
from tests.bot.console.room import Person, Room, room
from tests.bot.desk.sitting import Telegrams, Telephone
from tests.bot.house import Phones
from tests.stores import sqlite_only

CHAT, STRANGER = "5550100042", "5550100043"
NUMBER = "+628115550042"


class Site(Room):
    """A console whose service has a Telegram and a telephone."""

    phones: Phones
    telegrams: Telegrams
    telephone: Telephone
    folder: Path


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    phones, telegrams, telephone = Phones(), Telegrams(), Telephone()
    async with room(tmp_path, phones=phones, messenger=telegrams, caller=telephone) as made:
        made.__class__ = Site
        assert isinstance(made, Site)
        made.phones, made.telegrams, made.telephone, made.folder = phones, telegrams, telephone, tmp_path
        yield made


async def post(here: Room, person: Person, what: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await here.ask(person, "POST", f"/console/j/contacts/{what}", body)


async def code(here: Room, person: Person) -> str:
    """The code that the console shows."""
    answer = await post(here, person, "code")
    assert answer.status_code == 200, answer.text
    assert answer.json()["until"] == here.now + CODE_SECONDS
    return str(answer.json()["code"])


async def writes(here: Site, text: str, *, chat: str = CHAT, number: str = "1") -> list[str]:
    """Somebody writes to the bot; gives what it answers."""
    before = len(here.phones.seen[chat])
    inbound = Inbound(kind=InboundKind.TEXT, text=text)
    await here.service.receive(Received(channel="telegram", message_id=number, address=chat, inbound=inbound, ref=f"in{number}"))
    await here.service.linking.settle()
    await here.service.settle()
    return [bubble.text for bubble in here.phones.seen[chat][before:]]


async def rows(here: Room, name: str) -> int:
    table = tables.metadata.tables[name]
    async with here.service.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def linked(here: Room, person: Person) -> str | None:
    """The chat that alerts would go to."""
    row = await here.people.store.member(person.id)
    return Contacts(lambda: here.service.keys.desk).read(row, "telegram")


async def test_the_code_from_the_console_links_the_chat_that_sends_it(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "lead")
    assert await here.get(person, "/console/j/contacts") == {
        "telegram": False, "telephone": "", "place": None, "ways": ["telegram", "telephone"],
    }  # fmt: skip
    shown = await code(here, person)
    assert await writes(here, f" {shown.lower().replace('-', ' ')}\n") == [CONNECTED]
    assert here.phones.deleted[CHAT] == ["in1"], "the code does not stay in the chat"
    assert await linked(here, person) == CHAT
    assert (await here.get(person, "/console/j/contacts"))["telegram"] is True
    assert (audit.CONTACT_CHANGED, person.id, (person.id,)) in await here.audited()
    for table in ("conversation", "inbox", "outbox", "address", "timer"):
        assert await rows(here, table) == 0, f"nothing of it in {table}"
    await here.case(person.unit, urgency="danger")
    await here.service.desk.tick()
    await here.service.settle()
    assert (CHAT, ALERT) in here.telegrams.sent


async def test_the_page_hears_that_the_chat_is_linked(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown = await code(here, person)
    async with here.service.desk.events.subscribe() as news:
        await writes(here, shown)
        assert (await asyncio.wait_for(anext(news), 1)).what == STAFF


def test_the_answer_says_neither_to_what_nor_to_whom() -> None:
    assert not re.search(r"(?i)petugas|staff|desk|meja|konsol|console|alert|peringatan|unit", CONNECTED)


async def test_a_code_is_good_once_and_for_the_newest_only_and_for_ten_minutes(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    old = await code(here, person)
    new = await code(here, person)
    assert CONNECTED not in await writes(here, old, number="1")
    here.wait(CODE_SECONDS)
    assert CONNECTED not in await writes(here, new, number="2")
    assert await linked(here, person) is None
    here.wait(600)
    session = here.people.sessions.new(person.id)
    await here.service.writer.write([session.row])
    person.token, person.csrf = session.token, session.csrf
    newest = await code(here, person)
    assert await writes(here, newest, number="3") == [CONNECTED]
    assert CONNECTED not in await writes(here, newest, chat=STRANGER, number="4"), "who saw the code over a shoulder is too late"
    assert await linked(here, person) == CHAT


async def test_the_platform_delivers_the_message_again(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown = await code(here, person)
    assert await writes(here, shown) == [CONNECTED]
    assert await writes(here, shown) == [CONNECTED]
    assert await rows(here, "conversation") == 0


async def test_of_two_chats_with_one_code_at_once_one_is_linked(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown = await code(here, person)
    answers = await asyncio.gather(*(writes(here, shown, chat=chat, number=chat) for chat in (CHAT, STRANGER)))
    assert sum(CONNECTED in each for each in answers) == 1
    assert await linked(here, person) == (CHAT if CONNECTED in answers[0] else STRANGER)


async def test_a_stranger_with_a_made_up_code_meets_the_bot_as_everybody_does(here: Site) -> None:
    answer = await writes(here, new_code(), chat=STRANGER)
    assert answer and CONNECTED not in answer
    assert answer == await writes(here, "anu", chat="5550100044", number="9"), "no word that a code was looked for"
    assert await rows(here, "conversation") == 2


async def test_who_guesses_is_slowed_down_and_keeps_nobody_else_from_linking(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown = await code(here, person)
    for number in range(7):
        await writes(here, new_code(), chat=STRANGER, number=f"g{number}")
    assert CONNECTED not in await writes(here, shown, chat=STRANGER, number="g9"), "even a right guess is not looked at any more"
    assert await writes(here, shown, number="1") == [CONNECTED]
    answers = [(await post(here, person, "code")).status_code for _ in range(6)]
    assert answers[0] == 200 and answers[-1] == 429, "codes are not to be had without end either"


@pytest.mark.parametrize("text", ["tolong aku", "secepatnya-secepatnya", "ABC123", "/start KQF729-MRX384", "KQF729-MRX384 apa", "1", "ya"])
def test_what_people_write_is_no_code(text: str) -> None:
    assert code_in(text) is None


def test_codes_are_read_as_people_copy_them() -> None:
    made = {new_code() for _ in range(200)}
    assert len(made) == 200
    for each in made:
        assert code_in(each) == code_in(f" {each.lower()} ") == code_in(each.replace("-", "")) == code_in(each.replace("-", " ")) == each
        assert not set("ILOU01") & set(each.replace("U", "")), "none that look like another"


async def test_unlinking_ends_it_and_a_code_that_was_shown(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    assert await writes(here, await code(here, person)) == [CONNECTED]
    shown = await code(here, person)
    assert (await post(here, person, "unlink")).status_code == 200
    assert await linked(here, person) is None
    assert CONNECTED not in await writes(here, shown, number="2")


async def test_who_was_removed_links_nothing_any_more(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown = await code(here, person)
    async with here.service.engine.begin() as connection:
        await connection.execute(tables.staff.update().where(tables.staff.c.id == person.id).values(state="removed"))
    assert CONNECTED not in await writes(here, shown)
    assert await linked(here, person) is None


async def test_a_telephone_is_confirmed_by_the_code_that_the_voice_says(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    assert (await post(here, person, "ring", {"number": "0811 555"})).json()["error"] == "number"
    assert here.telephone.rang == []
    assert (await post(here, person, "ring", {"number": "+62 811-5550042"})).status_code == 200
    assert here.telephone.rang == [NUMBER]
    (said,) = here.telephone.heard
    row = await here.people.store.member(person.id)
    assert row is not None and row.telephone is None, "not before it is confirmed"
    wrong = "000000" if said != "000000" else "111111"
    assert (await post(here, person, "confirm", {"code": wrong, "place": 2})).json()["error"] == "code"
    assert (await post(here, person, "confirm", {"code": said, "place": 2})).status_code == 200
    row = await here.people.store.member(person.id)
    assert row is not None and (Contacts(lambda: here.service.keys.desk).read(row, "telephone"), row.on_call) == (NUMBER, 2)
    assert (await here.get(person, "/console/j/contacts"))["telephone"] == "042", "the page shows no whole number to whoever passes by"
    assert (await post(here, person, "confirm", {"code": said, "place": 1})).json()["error"] == "code", "once"
    assert (await post(here, person, "forget")).status_code == 200
    row = await here.people.store.member(person.id)
    assert row is not None and (row.telephone, row.on_call) == (None, None)


async def test_another_colleagues_code_confirms_nothing_and_guessing_ends(here: Site) -> None:
    unit = await here.unit("ours")
    one, other = await here.person(unit, "counsellor"), await here.person(unit, "counsellor")
    await post(here, one, "ring", {"number": NUMBER})
    (said,) = here.telephone.heard
    assert (await post(here, other, "confirm", {"code": said, "place": 0})).json()["error"] == "code"
    statuses = [(await post(here, other, "confirm", {"code": f"{number:06}", "place": 0})).status_code for number in range(8)]
    assert statuses[-1] == 429
    rang = [(await post(here, one, "ring", {"number": NUMBER})).status_code for _ in range(6)]
    assert rang[-1] == 429, "a telephone is not made to ring without end"


async def test_a_number_that_cannot_be_called_is_said(here: Site) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    here.telephone.broken.add(NUMBER)
    assert (await post(here, person, "ring", {"number": NUMBER})).json()["error"] == "not_reached"


async def test_where_there_is_no_way_it_is_said(tmp_path: Path) -> None:
    async with room(tmp_path) as bare:
        bare.service.linking._channel = None
        person = await bare.person(await bare.unit("ours"), "lead")
        assert (await bare.get(person, "/console/j/contacts"))["ways"] == []
        assert (await post(bare, person, "code")).json()["error"] == "no_way"
        assert (await post(bare, person, "ring", {"number": NUMBER})).json()["error"] == "no_way"


@sqlite_only
async def test_a_thief_finds_neither_the_chat_nor_the_code(here: Site, caplog: pytest.LogCaptureFixture) -> None:
    person = await here.person(await here.unit("ours"), "counsellor")
    shown, unused = await code(here, person), ""
    assert await writes(here, shown) == [CONNECTED]
    unused = await code(here, person)
    await post(here, person, "ring", {"number": NUMBER})
    held = b"".join(path.read_bytes() for path in here.folder.rglob("*") if path.is_file() and "keys" not in path.parts)
    assert person.id in held, "he looks at the right place"
    for canary in (CHAT, NUMBER, NUMBER.removeprefix("+62"), shown, unused, unused.replace("-", ""), *here.telephone.heard):
        assert canary.encode() not in held
        assert canary not in caplog.text
