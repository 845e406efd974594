"""The desk as the bot sees it, over the real rows: what counsellors do at their consoles, done by hand and without a console.

Each act changes the hand-off as the desk does (one version more, only if it is as it was seen), and says what is to be told to the bot.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from actions.desk import moves, told
from actions.queue import (
    Alarmed,
    CallbackDue,
    ConsoleLost,
    Emptied,
    Event,
    HandOff,
    Offered,
    Pulled,
    Refusal,
    SafeAsked,
    State,
    TransferAccepted,
    TransferAsked,
    Untied,
    Urgency,
    WrappedUp,
    after,
)
from actions.rows import Insert, Require
from bot.app import Service
from bot.desk.hours import Hours
from bot.outbox import bubble_rows
from bot.storage import tables
from bot.turn import TimerDue
from bot.vault.seal import seal
from flows.desk import NOTHING
from flows.message import Outbound

OPEN = (State.WAITING, State.OFFERED, State.ACTIVE, State.CALLBACK)


class NotYours(AssertionError):
    """A reply that the desk must not send: not this person's conversation, or it is not safe to write."""


def hand_off_in(row: Mapping[str, Any]) -> HandOff:
    """A row as the queue's rules know it."""
    known = {each.name for each in fields(HandOff)} & row.keys()
    values = {name: row[name] for name in known}
    return HandOff(**{**values, "state": State(row["state"]), "urgency": Urgency(row["urgency"])})


@dataclass(slots=True)
class DeskByHand:
    """`ahead` and `minutes` are what the desk thinks of the wait; None: it does not know. `hours`: when somebody is planned there."""

    staffed: bool = False
    ahead: int | None = None
    minutes: int | None = None
    telephone: bool = True
    hours: Hours = field(default_factory=Hours)
    names: dict[bytes, str] = field(default_factory=dict)

    def about(self, was: HandOff | None) -> dict[str, Any]:
        """What the desk says about a conversation whose hand-off is this (None: it is in none)."""
        wait = {"ahead": self.ahead, "wait_minutes": self.minutes, "empty": not self.staffed}
        if was is None:
            return {**NOTHING, **wait}
        state = "waiting" if was.state is State.OFFERED else was.state.value if was.state in OPEN else "ended"
        name = self.names.get(was.owner_id or b"", "") if state == "active" else ""
        about = {"state": state, "with": name, "version": was.version, "safe": was.safe or "", "telephone": self.telephone}
        return {**NOTHING, **wait, **about}

    def owner(self, name: str) -> bytes:
        """The id of a colleague."""
        known = {shown: each for each, shown in self.names.items()}
        if name not in known:
            known[name] = secrets.token_bytes(16)
            self.names[known[name]] = name
        return known[name]

    def change(self, verb: str, words: str, was: HandOff, now: int) -> HandOff:
        """A hand-off after an act, by the queue's own rules."""
        owner = was.owner_id or b""
        steps: dict[str, Callable[[], list[Event]]] = {
            "accept": lambda: [*_due(was), Pulled(at=now, by=self.owner(words))],
            "offer": lambda: [Offered(at=now, to=self.owner(words))],
            "transfer": lambda: [
                TransferAsked(at=now, by=owner, to=self.owner(words)), TransferAccepted(at=now, by=self.owner(words))
            ],
            "lose": lambda: [ConsoleLost(at=now, of=owner)],
            "ask_safe": lambda: [SafeAsked(at=now, by=owner)],
            "close": lambda: [WrappedUp(at=now, by=owner)],
            "empty": lambda: [Emptied(at=now), Emptied(at=now + 120)],
            "alarm": lambda: [Alarmed(at=now, stage="console", step=step) for step in (1, 2, 3)],
            "untie": lambda: [Untied(at=now)],
        }  # fmt: skip
        for event in steps[verb]():
            then = after(was, event)
            assert not isinstance(then, Refusal), (verb, event, then)
            was = then
        return was


def may_reply(was: HandOff) -> None:
    """Raises NotYours where the desk must not send what somebody wrote."""
    if was.state is not State.ACTIVE or was.owner_id is None or was.safe == "no":
        raise NotYours(f"{was.state}, safe: {was.safe}")


def _due(was: HandOff) -> list[Event]:
    return [CallbackDue(at=was.callback_at)] if was.state is State.CALLBACK and was.callback_at is not None else []


def wait_for(hand: DeskByHand, verb: str, words: str) -> None:
    """`wait 2 10`, `wait` (not known), `away` (nobody on duty)."""
    if verb == "away":
        hand.staffed = False
        return
    ahead, _, minutes = words.partition(" ")
    hand.ahead, hand.minutes = (int(ahead), int(minutes)) if words else (None, None)


class LiveDesk:
    """The same over a running service."""

    def __init__(self, hand: DeskByHand, service: Service) -> None:
        self.hand, self.service = hand, service

    @staticmethod
    def options(hand: DeskByHand, engine: list[Service]) -> dict[str, Any]:
        """How a service is told of the desk. `engine` holds the service as soon as there is one."""

        async def world(row: Any) -> Mapping[str, Any]:
            return hand.about(await engine[0].reads.hand_off(row.hand_off_id) if row.hand_off_id is not None else None)

        return {"desk": world, "staffed": lambda: hand.staffed, "hours": hand.hours}

    async def hand_off(self, conversation_id: bytes | None = None) -> HandOff:
        """The hand-off of a conversation; the newest that can be talked in, if none is named."""
        hand_off = tables.hand_off
        wanted = hand_off.c.conversation_id.is_not(None) if conversation_id is None else hand_off.c.conversation_id == conversation_id
        async with self.service.engine.connect() as connection:
            found = (await connection.execute(select(hand_off).where(wanted).order_by(hand_off.c.created_at.desc()))).mappings().first()
        assert found is not None, "there is nobody to talk with"
        return hand_off_in(dict(found))

    async def act(self, verb: str, words: str = "", *, seen: HandOff | None = None, now: int = 0, tell: bool = True) -> None:
        """An act of the desk. `seen` is the hand-off as the console knows it; as it is unless given. Raises Moved if it has changed. Once
        the reporter has heard that a talk is over, the link goes."""
        was = seen or await self.hand_off()
        conversation_id = was.conversation_id
        assert conversation_id is not None
        if verb == "reply":
            await self._reply(words, was, now)
            return
        moved = moves(was, self.hand.change(verb, words, was, now), at=now)
        await self.service.writer.write([*moved.rows, told(conversation_id, now)], requires=moved.requires)
        if not tell:
            return
        self.service.turns.arrived(TimerDue(conversation_id=conversation_id, name="desk"))
        if verb == "close":
            await self.service.settle()
            await self.act("untie", now=now, tell=False)

    async def _reply(self, words: str, was: HandOff, now: int) -> None:
        """What a browser posts: the words for the platform, and the same sealed to the case; one commit, if it is still this person's."""
        may_reply(was)
        assert was.conversation_id is not None
        service = self.service
        conversation = await service.reads.conversation(was.conversation_id)
        case = await service.reads.case(was.case_id)
        assert conversation is not None and case is not None
        key = await service.keys.key(conversation.key_id)
        assert key is not None
        record_id = secrets.token_bytes(16)
        told_at = datetime.fromtimestamp(now, UTC).isoformat()
        body = json.dumps({"from": "staff", "text": words, "kind": "said", "told_at": told_at}).encode()
        sealed = seal(body, public_key=case.public_key, case_id=case.id, record_id=record_id, version=1)
        record = {"id": record_id, "case_id": case.id, "version": 1, "kind": "said", "created_at": now, "sealed": sealed}
        channel = service.channels[conversation.channel]
        rows, waiting = bubble_rows(
            [Outbound(text=words, language="id")], [(conversation.key_id, key)], row=conversation, ids=service.rollover._ids,
            pull=channel.pull, now=now,
        )  # fmt: skip
        own = Require(table="hand_off", key={"id": was.id}, values={"owner_id": was.owner_id, "state": "active"})
        await service.witnessing.write([*rows, Insert(table="case_record", row=record)], requires=[own])
        service.deliver.enqueue(waiting)
