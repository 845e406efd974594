"""The desk's orders over HTTP: what a counsellor does with a conversation. What is read and written here is sealed in the browser."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from actions import audit
from actions.block import HOURS
from actions.hand_off import State
from actions.queue import Refusal
from bot.console.body import BadRequest
from bot.console.guard import Asked, answer, body_of, hex_of, identifier, one_of, whole
from bot.console.reach import Reach
from bot.console.reading import Reading
from bot.console.shown import ShownItem, head_of, others
from bot.desk.queue import OUTCOMES, RISKS, Desk
from bot.desk.replies import DOUBTFUL
from bot.desk.shown import tick_of
from bot.desk.typing import Typing
from bot.desk.views import Entry, Reply, Result
from bot.storage.case_file import CaseFile
from bot.storage.case_records import Page
from bot.vault.keys import KEY_BYTES

TEXT_LIMIT = 4_000  # characters, as the bot takes from reporters
STATES = ("ready", "away")
# What a refusal of the desk's is over HTTP: another one was there first, or it is not so any more.
_GONE = frozenset(
    {
        "over", "taken", "not_yours", "not_offered", "not_now", "too_soon", "stale", "unknown", "second", "second_lead", "unsafe", "behind",
        "gone", DOUBTFUL,
    }
)  # fmt: skip


def blob(text: object, *, most: int = 96 * 1024) -> bytes:
    """Bytes from base64. Raises BadRequest."""
    if not isinstance(text, str) or len(text) > most:
        raise BadRequest
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest from None


def entry_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a staff entry in a request. Raises BadRequest."""
    signature, previous, public_key = (hex_of(body.get(name)) for name in ("signature", "previous", "public_key"))
    if len(signature) != 64 or len(previous) != 32 or len(public_key) != KEY_BYTES:
        raise BadRequest
    return {
        "record_id": identifier(body.get("record_id")), "version": whole(body.get("version"), least=1), "sealed": blob(body.get("sealed")),
        "signature": signature, "previous": previous, "public_key": public_key,
    }  # fmt: skip


def told(text: object) -> str:
    """What a reporter is to be told. Raises BadRequest if it is nothing, or too much."""
    if not isinstance(text, str) or not text.strip():
        raise BadRequest
    if len(text) > TEXT_LIMIT:
        raise BadRequest("too_long", 413)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def record_json(record: Any) -> dict[str, Any]:
    """A sealed record as the browser gets it. Ids in hex, what is sealed in base64."""
    return {
        "id": record.id.hex(), "version": record.version, "kind": record.kind, "at": record.created_at,
        "sealed": base64.b64encode(record.sealed).decode(), "author": record.author_id.hex() if record.author_id else None,
        "signature": record.signature.hex() if record.signature else None, "previous": record.previous.hex() if record.previous else None,
        "number": record.number or 0,
    }  # fmt: skip


def _result(result: Result) -> Response:
    status = 200 if result.ok else 409 if result.code in _GONE else 422
    body: dict[str, Any] = {"code": result.code, "version": result.version}
    return answer(body if result.ok else {**body, "error": result.code}, status)


def page_json(page: Page) -> dict[str, Any]:
    """A page of sealed records. `from` is the second before which what was said was left out; null: that is all."""
    return {"records": [record_json(record) for record in page.records], "from": page.since}


def ticks_json(rows: Iterable[Any]) -> dict[str, Any]:
    """What became of replies: record id → [status, code]."""
    return {tick.record_id.hex(): [tick.status, tick.code] for tick in map(tick_of, rows)}


def second_of(request: Request, name: str) -> int:
    """A moment in the query, in seconds since 1970; 0 where none is given. Raises BadRequest."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise BadRequest
    return int(text)


def first_look(item: ShownItem) -> dict[str, str] | None:
    """How a crisis was judged by whoever closed it first; None if that is nobody, or whoever looks."""
    if item.state != State.WRAP_UP or not item.closed_once or item.closed_by_me or not (item.outcome and item.risk):
        return None
    return {"name": item.closed_by, "outcome": item.outcome, "risk": item.risk}


class HandOffs:
    """Endpoints under /console/j/hand-off/{id}."""

    def __init__(self, *, desk: Desk, cases: CaseFile, reach: Reach, reading: Reading, typing: Typing) -> None:
        self._desk, self._cases, self._reach, self._reading, self._typing = desk, cases, reach, reading, typing

    async def opened(self, request: Request, asked: Asked) -> Response:
        """The sealed conversation. The key comes with the first look, which goes to the audit chain; `since` (seconds) gives what came
        later, without it."""
        since = second_of(request, "since")
        view = await self._desk.open(asked.staff, asked.id)
        if view is None:
            return answer({"error": "not_there"}, 404)
        hand_off = view.item.hand_off
        head, records, where = head_of(view, asked.staff), self._cases.records, hand_off.conversation_id
        if since:
            await self._reach.goes_on(asked.staff, asked.id, audit.HAND_OFF_OPENED)
            held: dict[str, Any] = {"records": [record_json(record) for record in await records.later(hand_off.case_id, since)]}
        else:  # a counsellor waits for it: what can be done at the same time is
            page, _, _ = await asyncio.gather(
                records.newest(hand_off.case_id),
                self._reach.opened(asked.staff, asked.id, audit.HAND_OFF_OPENED),
                self._reading.opened(hand_off.case_id),
            )
            held = {**page_json(page), "key": base64.b64encode(view.sealed_key).decode()}
        body: dict[str, Any] = {
            "id": head.id, "case_id": head.case_id, "version": head.version, "state": head.state, "mine": head.mine, "live": head.live,
            "urgency": head.urgency, "language": head.language, "channel": head.channel, "public_key": view.public_key.hex(),
            "unit_id": asked.staff.unit_id.hex(), "head": view.head.hex(), "told": view.told,
            "window": view.window_until, "last_at": view.last_at,
            "now": view.now,
            "ended": hand_off.ended, "rating": hand_off.rating, "safe": hand_off.safe,
            "second": head.second, "first": first_look(head), "closes": "close" in head.actions,
            "colleagues": others(view.colleagues, asked.staff),
            "ticks": ticks_json(await records.ticks(where)) if where is not None else {}, **held,
        }  # fmt: skip
        return answer(body)

    async def earlier(self, request: Request, asked: Asked) -> Response:
        """What was said before a second, and what became of the replies in it."""
        hand_off = await self._cases.hand_off(asked.id)
        if hand_off is None:
            return answer({"error": "not_there"}, 404)
        await self._reach.goes_on(asked.staff, asked.id, audit.HAND_OFF_OPENED)
        page = await self._cases.records.earlier(hand_off.case_id, second_of(request, "before"))
        staffs, where = [record.id for record in page.records if record.author_id is not None], hand_off.conversation_id
        ticks = await self._cases.records.ticks(where, of=staffs) if where is not None else ()
        return answer({**page_json(page), "ticks": ticks_json(ticks)})

    async def accept(self, request: Request, asked: Asked) -> Response:
        """Takes what was offered."""
        return _result(await self._desk.accept(asked.staff, asked.id, await self._version(request)))

    async def refuse(self, request: Request, asked: Asked) -> Response:
        """Not now."""
        return _result(await self._desk.refuse(asked.staff, asked.id, await self._version(request)))

    async def pull(self, request: Request, asked: Asked) -> Response:
        """Takes what waits."""
        return _result(await self._desk.pull(asked.staff, asked.id, await self._version(request)))

    async def take_back(self, request: Request, asked: Asked) -> Response:
        """Keeps it after all."""
        return _result(await self._desk.take_back(asked.staff, asked.id, await self._version(request)))

    async def let_go(self, request: Request, asked: Asked) -> Response:
        """Gives it back to the queue."""
        return _result(await self._desk.let_go(asked.staff, asked.id, await self._version(request)))

    async def transfer(self, request: Request, asked: Asked) -> Response:
        """Asks a colleague to take over."""
        body = await body_of(request)
        to = identifier(body.get("to"))
        if not await self._known(asked, to):
            return _result(Result.no(Refusal.UNKNOWN))
        return _result(await self._desk.transfer(asked.staff, asked.id, _version(body), to=to))

    async def invite(self, request: Request, asked: Asked) -> Response:
        """Asks a colleague to look on."""
        body = await body_of(request)
        colleague = identifier(body["to"]) if body.get("to") is not None else None
        if colleague is not None and not await self._known(asked, colleague):
            return _result(Result.no(Refusal.UNKNOWN))
        return _result(await self._desk.invite(asked.staff, asked.id, _version(body), colleague=colleague))

    async def wrap_up(self, request: Request, asked: Asked) -> Response:
        """Ends the talk; the reporter is told."""
        return _result(await self._desk.wrap_up(asked.staff, asked.id, await self._version(request)))

    async def close(self, request: Request, asked: Asked) -> Response:
        """Says what became of it."""
        body = await body_of(request)
        outcome, risk = one_of(body.get("outcome"), OUTCOMES), one_of(body.get("risk"), RISKS)
        return _result(await self._desk.close(asked.staff, asked.id, _version(body), outcome=outcome, risk=risk))

    async def safe(self, request: Request, asked: Asked) -> Response:
        """Has the reporter asked whether it is safe to write."""
        return _result(await self._desk.safe(asked.staff, asked.id, await self._version(request)))

    async def reply(self, request: Request, asked: Asked) -> Response:
        """Words to the reporter: in clear for the platform, and sealed to the case."""
        body = await body_of(request)
        return _result(await self._desk.reply(asked.staff, asked.id, Reply(text=told(body.get("text")), **entry_of(body))))

    async def typing(self, request: Request, asked: Asked) -> Response:
        """Whoever has it is writing: the reporter is shown that, where and while it may be (`bot.desk.typing`)."""
        await self._typing.counsellor(asked.staff.id, asked.id)
        return answer({})

    async def note(self, request: Request, asked: Asked) -> Response:
        """Words to colleagues: sealed."""
        return _result(await self._desk.note(asked.staff, asked.id, Entry(**entry_of(await body_of(request)))))

    async def relayed(self, request: Request, asked: Asked) -> Response:
        """That an emergency service was called: who, when, who answered; sealed."""
        return _result(await self._desk.relayed(asked.staff, asked.id, Entry(**entry_of(await body_of(request)))))

    async def block(self, request: Request, asked: Asked) -> Response:
        """Ends the talk, and blocks the address that it comes from: which one, nobody is told."""
        body = await body_of(request)
        hours = whole(body.get("hours"))
        if hours not in HOURS:
            raise BadRequest
        entry, seen = Entry(**entry_of(body)), whole(body.get("told"))
        result = await self._desk.blocking.block(asked.staff, asked.id, entry, hours=hours, told=seen)
        if result.ok:
            self._desk.soon()
        return _result(result)

    async def presence(self, request: Request, asked: Asked) -> Response:
        """The console is there; with `state`: ready or away from now on."""
        body = await body_of(request)
        state = one_of(body["state"], STATES) if body.get("state") is not None else None
        now, until = await self._desk.beat(asked.staff, state)
        return answer({"state": now, "until": until})

    async def _known(self, asked: Asked, colleague: bytes) -> bool:
        return await self._reach.colleague(asked.staff, colleague, asked.subject.units or frozenset())

    async def _version(self, request: Request) -> int | None:
        return _version(await body_of(request))


def _version(body: Mapping[str, Any]) -> int | None:
    return whole(body["version"]) if body.get("version") is not None else None
