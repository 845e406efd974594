"""The service with WhatsApp: real channel, twilio's client, and a Twilio that fails where a test wants it to."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette

from actions.rows import Delete, Update
from bot import contexts
from bot.adapters import StoredPrompts
from bot.app import Service
from bot.channels.whatsapp import WhatsApp, routes
from bot.channels.whatsapp.pacing import Pace
from bot.heads_up import TOLD
from bot.outbox import bubble_rows
from bot.row_ids import RowIds
from bot.running import understander
from bot.settings import load_settings
from bot.vault.delivery import wrap_for_delivery
from bot.vault.draft import lock
from flows.message import Outbound
from tests.bot.house import UNIT, add_unit
from tests.contracts.twilio_peer import PHONE, TEMPLATE, TOKEN, Fault, Kept, Twilio, channel, signed
from tests.faults.asgi import call
from tests.stores import given

URL = "https://bot.example.org"
HOOK, STATUS = "/webhooks/whatsapp", "/webhooks/whatsapp/status"
DAY = 86_400


class Line:
    """A service, its Twilio, and the web side between them. `now` is the service's clock."""

    def __init__(self, service: Service, twilio: Twilio, whatsapp: WhatsApp, clock: list[float]) -> None:
        self.service, self.twilio, self.whatsapp, self._clock = service, twilio, whatsapp, clock
        self.app = Starlette(routes=routes(service, service.reports, whatsapp, public_url=URL, auth_token=TOKEN))

    def wait(self, seconds: float) -> None:
        self._clock[0] += seconds

    async def post(self, form: dict[str, str], *, path: str = HOOK, query: str = "", url: str = "", token: str = TOKEN) -> int:
        """A call of Twilio's, signed for `url` (as configured, unless given)."""
        body, headers = signed(url or f"{URL}{path}" + (f"?{query}" if query else ""), form, token=token)
        return (await call(self.app, "POST", path, headers=headers, chunks=[body], query=query.encode())).status

    async def says(self, text: str, *, address: str = PHONE) -> list[Kept]:
        """A person writes; gives what came of it."""
        before = len(self.twilio.screen(address))
        assert await self.post(self.twilio.writes(text, address=address)) == 200
        await self.service.settle()
        return self.twilio.screen(address)[before:]

    async def reported(self, one: Kept, status: str, code: str = "") -> int:
        query, form = self.twilio.report(one, status, code)
        return await self.post(form, path=STATUS, query=query)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.service.engine.connect() as connection:
            return [tuple(row) for row in (await connection.exec_driver_sql(query)).all()]


@asynccontextmanager
async def line(folder: Path, twilio: Twilio | None = None, clock: list[float] | None = None, **options: Any) -> AsyncIterator[Line]:
    """The same folder, Twilio and clock again are the same line after a restart."""
    twilio, clock = twilio or Twilio(), clock or [1_795_500_000.0]
    whatsapp = channel(twilio, public_url=URL, pace=Pace(lambda: clock[0]), **options)
    settings = load_settings(from_environment=False, given=given(folder))
    service = Service(settings, channels={"whatsapp": whatsapp}, understander=understander(), clock=lambda: clock[0])
    await service.start(jobs=False)
    try:
        if not service.units.any:
            await add_unit(service, UNIT)
        yield Line(service, twilio, whatsapp, clock)
    finally:
        await service.stop()
    assert twilio.problems == []


async def test_a_message_in_and_its_answer_out_are_forgotten_at_twilio(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        (shown,) = await here.says("halo")
        assert shown.buttons, "the menu has a list"
        await here.service.clearing.run()
        assert len(here.twilio.kept) == 1, "what the person wrote is gone, what was answered has not arrived yet"
        assert await here.reported(shown, "delivered") == 200
        await here.service.clearing.run()
        assert here.twilio.kept == {}
        assert await here.rows("select state, status, body is null, ref is null from outbox") == [("sent", "delivered", 1, 1)]
        # Nothing was reported: an hour at most.
        await here.says("1")
        here.wait(3601)
        await here.service.clearing.run()
        assert here.twilio.kept == {}


async def test_what_cannot_be_deleted_yet_holds_nothing_up_and_outlives_the_conversation(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        (shown,) = await here.says("halo")
        here.twilio.undeletable.add(shown.sid)
        here.wait(3601)
        await here.service.clearing.run()
        assert await here.rows("select code, attempts from outbox where kind = 'delete'") == [("whatsapp_20009", 1)]
        assert await here.says("1"), "a reply does not wait for it"
        here.wait(4 * DAY)
        await here.service.jobs.forget()
        assert await here.rows("select count(*) from conversation") == [(0,)]
        assert list(here.twilio.kept) == [shown.sid]
        here.twilio.undeletable.clear()
        here.wait(4000)
        await here.service.clearing.run()
        assert here.twilio.kept == {}
        assert await here.rows("select count(*) from outbox where kind = 'delete'") == [(0,)]


async def test_what_is_never_delivered_is_tried_ever_less_and_given_up_for_people_to_see(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A phone that stays off: WhatsApp tries for 30 days, and Twilio deletes nothing that is on its way."""
    async with line(tmp_path) as here:
        (shown,) = await here.says("halo")
        here.twilio.undeletable.add(shown.sid)
        tries: list[int] = []
        waiting: list[tuple[int, int]] = []
        for day in range(34):
            for _ in range(24):
                before = len(here.twilio.tried("delete"))
                here.wait(3600)
                await here.service.clearing.run()
                tries.append(len(here.twilio.tried("delete")) - before)
            counts = await here.service.reads.counts(int(here.service._clock()))
            waiting.append((counts["outbox_deletions"], counts["outbox_deletions_late"]))
            if day == 31:
                assert await here.rows("select state, code, body from outbox where kind = 'delete'") == [("dead", "whatsapp_20009", None)]
            await here.service.jobs.forget()
        assert sum(tries[:24]) > 5 and 3 <= sum(tries[24 * 20 : 24 * 21]) <= 5, tries
        assert sum(tries[24 * 32 :]) == 0, "it ended"
        assert waiting[0] == (1, 0) and waiting[20] == (1, 1) and waiting[33] == (0, 0)
        (given_up,) = [record for record in caplog.records if record.message == "deletion_given_up"]
        assert given_up.levelno == logging.ERROR and given_up.code == "whatsapp_20009"  # type: ignore[attr-defined]
        assert await here.service.keys.known_ids(before=2**40) == set(), "its own key is dead, too"
        assert shown.sid not in caplog.text


async def test_a_platform_that_is_away_is_asked_until_it_is_back(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        await here.says("halo")
        here.twilio.faults.append(Fault(call="media", status=401, code=20003, times=10_000))
        for _ in range(40):
            here.wait(DAY)
            await here.service.clearing.run()
        assert [state for (state,) in await here.rows("select state from outbox where kind = 'delete'")] == ["pending"] * 2
        here.twilio.faults.clear()
        here.wait(3601)
        await here.service.clearing.run()
        assert here.twilio.kept == {}


async def test_what_can_be_deleted_of_a_long_bubble_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        await here.says("halo")
        before = len(here.twilio.sent)
        await _bubble(here, LONG)
        await here.service.settle()
        first, second, third = here.twilio.sent[before:]
        here.twilio.undeletable.add(first.sid)
        for left in ({first.sid}, set()):
            here.wait(7200)
            await here.service.clearing.run()
            assert here.twilio.kept.keys() == left
            here.twilio.undeletable.clear()
        assert len([call for call in here.twilio.tried("delete") if second.sid in call[1] or third.sid in call[1]]) == 2


LONG = Outbound(text=" ".join(f"Kalimat ke-{number} dari cerita ini." for number in range(120)))  # three messages


def _parts(twilio: Twilio) -> list[str]:
    """What of it came to the phone."""
    return [one.body for one in twilio.sent if one.body.strip() in LONG.text]


_BUSY: dict[str, Any] = {"status": 429, "code": 20429, "headers": {"Retry-After": "1"}}
_ENDED: dict[str, Any] = {"kind": "slow", "seconds": 60.0}  # the program ends before it hears that a part was taken


@pytest.mark.parametrize(
    ("restarted", "after", "fault"),
    [
        (False, 1, _BUSY), (False, 1, {"kind": "lost"}), (False, 1, {"kind": "drop"}), (False, 2, {"status": 503, "times": 3}),
        (True, 1, _BUSY), (True, 2, {"status": 500}), (True, 1, {"kind": "lost"}), (True, 0, _ENDED), (True, 1, _ENDED), (True, 2, _ENDED),
    ],
    ids=lambda value: str(value.get("kind", value.get("status"))) if isinstance(value, dict) else str(value),
)  # fmt: skip
async def test_no_part_of_a_long_bubble_comes_twice(
    tmp_path: Path, restarted: bool, after: int, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever part fails, and whether the program goes on or is started again: three parts, each once, and none stays at Twilio."""
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 3600.0 if restarted else 0.01)
    twilio, clock = Twilio(), [float(int(time.time()))]
    async with line(tmp_path, twilio, clock) as here:
        await here.says("halo")
        twilio.faults.append(Fault(call="send", after=after, **fault))
        await _bubble(here, LONG)
        if not restarted:
            await here.service.settle()
        elif fault is _ENDED:
            while not (twilio.faults[0].met and len(_parts(twilio)) == after + 1):
                await asyncio.sleep(0.01)
            here.service.deliver._closing = True
            for task in list(here.service.deliver._tasks):
                task.cancel()
        else:
            while not await here.rows("select id from outbox where kind = 'send' and attempts > 0"):
                await asyncio.sleep(0.01)
        if restarted:
            twilio.faults.clear()
    clock[0] += 4000
    async with line(tmp_path, twilio, clock) as here:
        await here.service.settle()
        assert await here.rows("select distinct state from outbox where kind = 'send'") == [("sent",)]
        assert len(_parts(twilio)) == 3
        assert len({one.body for one in twilio.sent}) == len(twilio.sent) == 4
        here.wait(3601)
        await here.service.clearing.run()
        assert twilio.kept == {}, "every part is forgotten there"


async def test_the_parts_that_came_of_a_bubble_that_is_refused_or_taken_back_are_deleted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with line(tmp_path) as here:
        await here.says("halo")
        here.twilio.faults.append(Fault(call="send", status=400, code=63024, after=1))
        await _bubble(here, LONG)
        await here.service.settle()
        assert len(_parts(here.twilio)) == 1
        here.wait(3601)
        await here.service.clearing.run()
        assert here.twilio.kept == {}
        # Whoever holds the phone leaves while the second part is on its way, in vain.
        monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 0.01)
        here.twilio.faults = [Fault(call="send", status=500, after=1, seconds=0.5)]
        await _bubble(here, LONG)
        while len(_parts(here.twilio)) < 2:
            await asyncio.sleep(0.01)
        (homework,) = await here.says("mtk")
        await here.service.clearing.run()
        assert list(here.twilio.kept) == [homework.sid]
        assert len(_parts(here.twilio)) == 2


async def test_a_part_that_arrived_is_remembered_while_the_next_one_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arrival brings its deletion forward only once the whole bubble is out: the deletion's row says how far it came."""
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: 3600.0)
    twilio, clock = Twilio(), [float(int(time.time()))]
    async with line(tmp_path, twilio, clock) as here:
        await here.says("halo")
        twilio.faults.append(Fault(call="send", status=429, code=20429, after=1))
        await _bubble(here, LONG)
        while not await here.rows("select id from outbox where kind = 'send' and attempts > 0"):
            await asyncio.sleep(0.01)
        assert await here.reported(twilio.sent[-1], "delivered") == 200
        await here.service.clearing.run()
        assert twilio.sent[-1].sid in twilio.kept
    clock[0] += 4000
    twilio.faults.clear()
    twilio.kept.pop(twilio.sent[-1].sid)  # its list does not show it when it is asked: what was noted counts
    async with line(tmp_path, twilio, clock) as here:
        await here.service.settle()
        assert len(_parts(twilio)) == 3 and len({one.body for one in twilio.sent}) == 4


async def test_somebody_who_leaves_leaves_nothing_at_twilio(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        await here.says("halo")
        await here.says("1")
        (homework,) = await here.says("mtk")
        await here.service.clearing.run()
        assert list(here.twilio.kept) == [homework.sid]


async def test_the_window_closes_a_day_after_the_last_message_and_opens_with_the_next(tmp_path: Path) -> None:
    async with line(tmp_path, template=TEMPLATE) as here:
        await here.says("halo")
        for number, invites in enumerate((False, True, True)):
            await _later_bubble(here, Outbound(text=f"Ada kabar {number}.", invites=invites))
        assert await here.rows("select state, code from outbox where code is not null order by id") == [
            ("pending", "window_closed"), ("pending", "window_invited"), ("pending", "window_invited"),
        ]  # fmt: skip
        invitations = [one for one in here.twilio.sent if one.content == TEMPLATE]
        assert len(invitations) == 1, "only where it is allowed, and once, however much waits"
        for _ in range(3):
            assert await here.service.deliver.take_up() == 0
        assert (await here.service.reads.counts(int(here.service._clock())))["outbox_window"] == 3
        await here.says("halo")
        await here.service.deliver.take_up()
        await here.service.settle()
        assert [one.body for one in here.twilio.sent if one.body.startswith("Ada kabar")] == [
            "Ada kabar 0.", "Ada kabar 1.", "Ada kabar 2.",
        ]  # fmt: skip
        assert [one for one in here.twilio.sent if one.content == TEMPLATE] == invitations
        here.wait(3601)
        await here.service.clearing.run()
        assert here.twilio.kept == {}, "the invitation too"


async def test_in_the_last_minute_what_waits_is_not_tried_again_and_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="bot.window")
    async with line(tmp_path, template=TEMPLATE) as here:
        await here.says("halo")
        here.wait(DAY - 30)  # clocks differ: nothing is tried in the last minute
        await _bubble(here, Outbound(text="Ada kabar."))
        await here.service.settle()
        for _ in range(3):
            assert await here.service.deliver.take_up() == 0
        assert [record.getMessage() for record in caplog.records].count("delivery_waits") == 1


async def _later_bubble(here: Line, message: Outbound) -> None:
    (last_at,) = (await here.rows("select last_at from conversation"))[0]
    if here.service._clock() < last_at + DAY:
        here.wait(DAY + 1)
    await _bubble(here, message)
    await here.service.settle()


async def _bubble(here: Line, message: Outbound) -> None:
    (conversation_id,) = (await here.rows("select id from conversation"))[0]
    row = await here.service.reads.conversation(conversation_id)
    assert row is not None
    key = await here.service.keys.key(row.key_id)
    assert key is not None
    rows, waiting = bubble_rows([message], [(row.key_id, key)], row=row, ids=RowIds(), pull=False, now=int(here.service._clock()))
    await here.service.writer.write(rows)
    here.service.deliver.enqueue(waiting)


async def test_a_failure_is_seen_by_people_and_never_goes_back(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        (shown,) = await here.says("halo")
        for status in ("delivered", "sent", "read", "delivered", "sent"):
            assert await here.reported(shown, status) == 200
        assert await here.rows("select state, status from outbox where kind = 'send'") == [("sent", "read")]
        (other,) = await here.says("1")
        for _ in range(2):
            assert await here.reported(other, "undelivered", "63016") == 200
        assert await here.reported(other, "sent") == 200
        assert await here.rows("select state, status, code from outbox where kind = 'send' order by id desc limit 1") == [
            ("dead", "failed", "whatsapp_63016")
        ]
        assert (await here.service.reads.counts(int(here.service._clock())))["outbox_dead"] == 1


@pytest.mark.parametrize("query", ["row=1", "row=0", "row=-5", "row=99999999999999999999", "row=x", "", "row=%00", "row=1&row=2"])
async def test_a_report_about_nothing_is_harmless(tmp_path: Path, query: str) -> None:
    async with line(tmp_path) as here:
        (shown,) = await here.says("halo")
        _, form = here.twilio.report(shown, "failed", "63016")
        before = await here.rows("select * from outbox")
        assert await here.post(form, path=STATUS, query=query) == 200
        assert await here.rows("select * from outbox") == before
        # The deletion of a message is no message, and a forged report is none at all.
        (row,) = (await here.rows("select id from outbox where kind = 'delete' and due_at > created_at"))[0]
        assert await here.post(form, path=STATUS, query=f"row={abs(row)}", token="another") == 403
        assert await here.rows("select * from outbox") == before


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (Fault(call="send", status=429, code=20429, headers={"Retry-After": "1"}), 2),
        (Fault(call="send", status=500), 2),
        (Fault(call="send", kind="drop"), 2),
        (Fault(call="send", kind="lost"), 1),
        (Fault(call="send", kind="answer", status=503, code=20503, times=2), 3),
    ],
    ids=["429", "500", "dropped", "taken and dropped", "503 twice"],
)
async def test_a_bad_network_loses_and_doubles_nothing(
    tmp_path: Path, fault: Fault, tries: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    monkeypatch.setattr("bot.deliver.pause", lambda attempts, after=0.0: after / 10)
    caplog.set_level(logging.DEBUG)
    async with line(tmp_path) as here:
        here.twilio.faults.append(fault)
        assert len(await here.says("halo kenari rahasia")) == 1
        assert len(here.twilio.tried("send")) == tries
        assert len(await here.says("1")) == 1
        assert await here.rows("select distinct state, code from outbox where kind = 'send'") == [("sent", None)]
    for secret in (PHONE.partition("+")[2], TOKEN, "kenari rahasia", "Rara Kenari"):
        assert secret not in caplog.text


async def test_after_a_crash_twilio_is_asked(tmp_path: Path) -> None:
    """A row that was `sending`: not sent again if Twilio has it, sent if not; the same words said before do not count."""
    twilio, clock = Twilio(), [1_795_500_000.0]
    async with line(tmp_path, twilio, clock) as here:
        await here.says("halo")
        (first,) = await here.says("menu")
        (again,) = await here.says("menu")
        assert first.body == again.body, "the same words twice"
        clock[0] = 1_795_500_000.0
    for lost in (again.sid, None):
        async with line(tmp_path, twilio, clock) as here:
            rows = await here.rows("select id, conversation_id, key_id from outbox where kind = 'send' order by id desc limit 1")
            row = await here.service.reads.conversation(rows[0][1])
            assert row is not None
            await _crashed(here, rows[0][0], row, again)
            if lost is None:
                twilio.kept.pop(again.sid, None)
        before = len(twilio.sent)
        async with line(tmp_path, twilio, clock) as here:
            await here.service.settle()
            assert await here.rows("select count(*) from outbox where kind = 'send' and state <> 'sent'") == [(0,)]
        assert len(twilio.sent) - before == (0 if lost else 1)


async def _crashed(here: Line, row_id: int, row: Any, one: Kept) -> None:
    """The second bubble's row as it was while it was on its way."""
    key = await here.service.keys.key(row.key_id)
    assert key is not None
    body = lock(key, orjson.dumps(Outbound(text=one.body).to_json()), context=contexts.row("outbox", "body", row_id, row.id))
    values = {"state": "sending", "body": body, "key_id": row.key_id, "created_at": int(one.made) - 5}
    await here.service.writer.write(
        [Update(table="outbox", key={"id": row_id}, values=values), Delete(table="outbox", key={"id": -row_id})]
    )  # fmt: skip


async def test_buttons_that_cannot_be_made_do_not_delay(tmp_path: Path) -> None:
    async with line(tmp_path) as here:
        here.twilio.faults.append(Fault(call="content", status=500, times=9))
        (shown,) = await here.says("halo")
        assert not shown.buttons
        assert "\n1. " in shown.body
        assert len(here.twilio.tried("content")) == 1
        await here.says("menu")
        assert len(here.twilio.tried("content")) == 1, "for a while no other is tried"


async def test_a_prompt_is_made_once_and_made_up_for_when_somebody_deleted_it(tmp_path: Path) -> None:
    twilio = Twilio()
    for start in range(2):
        async with line(tmp_path, twilio) as here:
            here.whatsapp.stored = StoredPrompts(here.service.reads, here.service.writer, lambda: 0.0)
            await asyncio.gather(*(here.says("halo", address=f"whatsapp:+62811555{n}{start}00") for n in range(5)))
    assert len(twilio.tried("content")) == 1
    twilio.contents.clear()
    async with line(tmp_path, twilio) as here:
        here.whatsapp.stored = StoredPrompts(here.service.reads, here.service.writer, lambda: 0.0)
        (shown,) = await here.says("halo")
        assert not shown.buttons, "it went as text at once"
        (shown,) = await here.says("halo", address="whatsapp:+62811555900")
        assert shown.buttons


async def test_days_later_whoever_agreed_is_asked_to_write_again_and_then_told_that_an_answer_waits(tmp_path: Path) -> None:
    async with line(tmp_path, template=TEMPLATE) as here:
        case_id = b"c" * 16
        left = orjson.dumps({"channel": "whatsapp", "address": PHONE})
        inner = wrap_for_delivery(left, delivery_public=here.service.keys.delivery.public, case_id=case_id)
        assert await here.service.heads_up.tell(case_id, b"r" * 16, inner, "id") == TOLD
        await here.service.settle()
        (invitation,) = here.twilio.screen()
        assert invitation.content == TEMPLATE, "the platform lets us say no more"
        shown = await here.says("halo")
        await here.service.deliver.take_up()
        await here.service.settle()
        assert "Halo, ada kabar baru di sini" in " ".join(one.body for one in here.twilio.screen()), shown
        assert await here.rows("select count(*) from conversation") == [(1,)]
