"""The engine by itself: no database, no vault, no channel. The session goes through JSON at every step, and stands up to anything."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from actions import registry as actions
from actions.desk import moves
from actions.identity import given_of
from actions.ports import (
    FileKept,
    IdentityRole,
    IssuedReceipt,
    NewCase,
    OpenedMailbox,
    Outcome,
    Ports,
    Recipient,
    Request,
    SealedKey,
    Unread,
)  # fmt: skip
from actions.queue import HandOff
from actions.rows import Change, Delete, Insert, Update
from bot.desk.hours import planned
from bot.hand_offs import seen_in
from bot.hearing import Hearing
from bot.vault.receipt import new_receipt
from bot.vault.receipt_reader import read_receipt
from flows.bubbles import merge
from flows.engine import new_session, resume
from flows.message import Inbound, InboundKind, Media, Outbound
from flows.session import Session
from flows.signals import WORLD, Done, RunAction, Said, Send, Signal, TimedOut
from tests.desk_by_hand import DeskByHand, hand_off_in, may_reply, wait_for
from tests.transcripts.person import ZONE
from tests.transcripts.stage import REMEMBERED, Clock, Left, Seen, Setting

CAN_WIPE = {"telegram": "both", "web": "page"}
DAY = 86_400
CONVERSATION = b"c" * 16
TRIES = 6


@dataclass(slots=True)
class Paper:
    """Cases on paper: what the ports of `actions` need, unsealed."""

    units: tuple[Recipient, ...]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    replies: dict[bytes, list[str]] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    roles: tuple[IdentityRole, ...] = ()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.tables.setdefault(table, [])

    def write(self, changes: Sequence[Change]) -> None:
        for change in changes:
            rows = self.rows(change.table)
            if isinstance(change, Insert):
                if change.table == "timer":
                    rows[:] = [row for row in rows if row["name"] != change.row["name"]]
                rows.append(dict(change.row))
                continue
            hit = [row for row in rows if all(row.get(name) == value for name, value in change.key.items())]
            for row in hit:
                if isinstance(change, Update):
                    row.update(change.values)
                elif isinstance(change, Delete):
                    rows.remove(row)

    # Sealer
    def new_case(self, recipients: Sequence[Recipient]) -> NewCase:
        case_id = secrets.token_bytes(16)
        keys = tuple(SealedKey(recipient_id=unit.id, version=None, sealed=unit.name.encode()) for unit in recipients)
        return NewCase(id=case_id, public_key=case_id * 2, keys=keys)

    def seal(self, plaintext: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes, version: int) -> bytes:
        assert public_key == case_id * 2
        return plaintext

    def seal_address(self, address: bytes, *, public_key: bytes, case_id: bytes, record_id: bytes) -> bytes:
        return address

    def seal_identity(self, plaintext: bytes, *, roles: Sequence[IdentityRole], case_id: bytes, record_id: bytes) -> bytes:
        assert len(roles) == 2
        return plaintext

    # Receipts
    async def issue(self, case_id: bytes) -> IssuedReceipt:
        words = new_receipt()
        return IssuedReceipt(words=words, locator=words.encode(), mailbox_id=secrets.token_bytes(16), mailbox_public=b"", tag=b"")

    async def open(self, text: str) -> OpenedMailbox | None:
        words = read_receipt(text)
        row = next((row for row in self.rows("receipt") if words is not None and row["locator"] == words.encode()), None)
        if row is None:
            return None
        replies = self.replies.pop(row["case_id"], [])
        return OpenedMailbox(
            case_id=row["case_id"], status="stored", public_key=row["case_id"] * 2, replies=tuple(replies),
            reply_ids=tuple(secrets.token_bytes(16) for _ in replies),
        )  # fmt: skip

    # Files
    async def take(self, *, channel: str, handle: str, kind: str, size: int | None) -> FileKept | str:
        return FileKept(
            id=secrets.token_bytes(16), key=secrets.token_bytes(32), kind=kind, content_type=handle, extension="x", size=size or 0,
            sha256="", clean_size=0, clean_sha256="", pieces=(b"",),
        )  # fmt: skip

    def apart(self, channel: str) -> bool:
        return False

    # Units, cases, guesses
    async def recipients(self) -> tuple[Recipient, ...]:
        return self.units

    async def recovery(self) -> Recipient | None:
        return None

    async def identity_roles(self) -> tuple[IdentityRole, ...]:
        return self.roles

    async def public_key(self, case_id: bytes) -> bytes | None:
        return case_id * 2 if any(row["id"] == case_id for row in self.rows("cases")) else None

    async def unread(self, case_id: bytes) -> Unread:
        (row,) = [row for row in self.rows("cases") if row["id"] == case_id]
        return Unread(urgency=row["urgency"], added_at=row.get("added_at"), added_due=row.get("added_due"))

    async def told_since(self, case_id: bytes, since: int) -> int:
        mine = [row for row in self.rows("case_record") if row["case_id"] == case_id and row["kind"] == "message"]
        return sum(row["created_at"] >= since for row in mine)

    async def count(self, *, conversation_id: bytes, channel: str, now: datetime) -> Sequence[Change] | None:
        hour = int(now.timestamp()) // 3600
        if self.tries.get(hour, 0) >= TRIES:
            return None
        self.tries[hour] = self.tries.get(hour, 0) + 1
        return ()


class EngineAlone:
    """A `Stage`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._clock = Clock(now=setting.person.begins.timestamp())
        units = tuple(
            Recipient(id=secrets.token_bytes(16), name=unit.name, kind=unit.kind, lead=unit.lead, public_key=b"")
            for unit in setting.person.units
        )
        roles = tuple(
            IdentityRole(id=secrets.token_bytes(16), name=name, kind=kind, public_key=b"") for name, kind in setting.person.roles.items()
        )
        self._paper = Paper(units=units, roles=roles)
        self._ports = Ports(
            sealer=self._paper, receipts=self._paper, units=self._paper, guesses=self._paper, cases=self._paper, files=self._paper,
            new_id=lambda: secrets.token_bytes(16), recording=setting.shelf.recording, zone=ZONE,
            open_at=lambda moment: setting.person.hours.open_at(moment, ZONE),
        )  # fmt: skip
        self._written: str | None = None
        self._began = self._clock()
        self._last_at = 0.0
        self._timed = False
        self._wiped = False
        self._mode = "normal"
        self._in: HandOff | None = None
        self._hand = DeskByHand(staffed=setting.person.staffed, hours=setting.person.hours)
        self._paper.rows("conversation").append({"id": CONVERSATION, "hand_off_id": None})

    async def switch(self, mode: str) -> None:
        self._mode = mode

    async def open(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    def _world(self, language: str) -> Mapping[str, Any]:
        channel, hours = self._setting.channel, self._setting.person.hours
        now = datetime.fromtimestamp(self._clock(), ZONE)
        world = {
            "can_file": bool(self._paper.units), "staffed": self._hand.staffed, "channel": channel,
            "learn": bool(self._setting.shelf.library.topics),
            "takes_media": channel != "terminal", "files_most": 5,
            "today": datetime.fromtimestamp(self._clock(), self._setting.person.begins.tzinfo).date().isoformat(),
            "service_name": self._setting.shelf.decided("service_name", language),
            "can_wipe": CAN_WIPE.get(channel, "none"),
            "identity": sorted({role.kind for role in self._paper.roles}),
            "identity_first": self._setting.shelf.identity_role(0, language),
            "identity_second": self._setting.shelf.identity_role(1, language),
            "mode": self._mode, "desk": self._about(self._linked()), "blocked": "",
            **planned(hours, now, ZONE),
        }  # fmt: skip
        assert world.keys() == WORLD
        return world

    def _linked(self) -> dict[str, Any] | None:
        """The hand-off that the conversation is in."""
        linked = self._paper.rows("conversation")[0]["hand_off_id"]
        return next((row for row in self._paper.rows("hand_off") if row["id"] == linked), None)

    def _about(self, row: dict[str, Any] | None) -> dict[str, Any]:
        hand_off = None if row is None else hand_off_in(row)
        return {**self._hand.about(hand_off), **(seen_in(hand_off) if hand_off is not None else {})}

    async def desk(self, act: str) -> list[Outbound]:
        verb, _, words = act.partition(" ")
        if verb in ("wait", "away"):
            wait_for(self._hand, verb, words)
            return []
        self._clock.now += 5
        row = self._linked()
        assert row is not None, "there is nobody to talk with"
        was = hand_off_in(row)
        if verb == "reply":
            may_reply(was)
            return [Outbound(text=words)]
        self._paper.write(moves(was, self._hand.change(verb, words, was, int(self._clock())), at=int(self._clock()), tell=False).rows)
        bubbles = await self._turn(TimedOut(timer="desk"))
        if verb == "close":
            was = hand_off_in(row)
            self._paper.write(moves(was, self._hand.change("untie", "", was, int(self._clock())), at=int(self._clock()), tell=False).rows)
        return bubbles

    def _loaded(self) -> Session:
        return Session.from_json(json.loads(self._written)) if self._written is not None else new_session("id")

    async def deliver(self, message: Inbound, *, again: bool = False) -> list[Outbound]:
        if again:
            return []  # the inbox drops what was delivered before: no signal reaches the engine
        self._clock.now += 20
        self._last_at, self._timed, self._wiped = self._clock(), False, False
        message = Inbound.from_json(json.loads(json.dumps(message.to_json())))
        bubbles = await self._turn(await Hearing(self._setting.ears).said(message, self._loaded()))
        if self._setting.channel == self._setting.person.channels[0]:
            self._stand_up()
        return bubbles

    async def _turn(self, signal: Signal) -> list[Outbound]:
        session = self._loaded()
        world = self._world(session.language)
        row = self._linked()
        self._in = None if row is None else hand_off_in(row)
        sends: list[Outbound] = []
        for _ in range(8):
            turn = resume(session, signal, library=self._setting.shelf.library, world=world)
            if turn.puzzled and isinstance(signal, Said):
                meant = await Hearing(self._setting.ears).meant(signal, session)
                turn = resume(session, meant, library=self._setting.shelf.library, world=world) if meant is not None else turn
            assert not turn.fault, turn.fault
            self._written = json.dumps(turn.session.to_json())
            session = self._loaded()
            assert json.dumps(session.to_json()) == self._written
            sends += [effect.message for effect in turn.effects if isinstance(effect, Send)]
            wanted = [effect for effect in turn.effects if isinstance(effect, RunAction)]
            if not wanted:
                return list(merge(sends))
            outcome = await self._act(wanted[0], session)
            told = {part.name: getattr(outcome, part.name) for part in fields(Done) if part.name != "action"}
            signal = Done(action=wanted[0].name, **told)
        raise AssertionError("more actions in a turn than the service allows")

    async def _act(self, wanted: RunAction, session: Session) -> Outcome:
        drafts = {frame.flow: frame.answers for frame in session.frames}
        request = Request(
            arguments=wanted.arguments, answers=wanted.answers, last=wanted.last, drafts=drafts, facts=session.facts,
            language=session.language, channel=self._setting.channel, conversation_id=CONVERSATION, address="1000", apart=wanted.apart,
            hand_off=self._in,
            now=datetime.fromtimestamp(self._clock(), UTC), started=datetime.fromtimestamp(self._began, UTC),
        )  # fmt: skip
        outcome = await actions.run(wanted.name, request, self._ports)
        assert outcome.code in actions.ACTIONS[wanted.name].codes
        self._paper.write(outcome.rows)
        self._wiped = self._wiped or outcome.wipe
        return outcome

    def _stand_up(self) -> None:
        """At every wait there is a way out, and nothing that can be sent upsets the engine."""
        session = self._loaded()
        if not session.frames:
            return
        world = self._world(session.language)

        def heard(message: Inbound) -> list[str]:
            turn = resume(self._loaded(), Said(message=message), library=self._setting.shelf.library, world=world)
            assert not turn.fault, turn.fault
            json.dumps(turn.session.to_json())
            wanted = [effect.name for effect in turn.effects if isinstance(effect, RunAction)]
            return wanted or [f"{frame.flow}.{frame.step}" for frame in turn.session.frames[-1:]]

        at = f"{session.frames[-1].flow}.{session.frames[-1].step}"
        assert heard(Inbound(kind=InboundKind.LEAVE)) == ["leave"], f"no quick exit at {at}"
        assert heard(Inbound(kind=InboundKind.TEXT, text="MTK")) == ["leave"], f"no exit word at {at}"
        menus = [["start.menu" if self._mode == "normal" else "start.people_menu"]]
        if world["desk"]["state"] == "active":
            menus.append(["counsellor.talk"])  # whoever talks with a person is asked first
        assert heard(Inbound(kind=InboundKind.TEXT, text="menu")) in menus, f"no menu at {at}"
        for kind in InboundKind:
            heard(Inbound(kind=kind))
        for text in ("kembali", "lewati", "ulangi", "bantuan", "0", "{result.code}", "\x00", "a" * 5000):
            heard(Inbound(kind=InboundKind.TEXT, text=text))
        heard(Inbound(kind=InboundKind.TAP, tap="99999.x"))
        heard(Inbound(kind=InboundKind.MEDIA, media=Media(kind="image", handle="x")))

    async def pass_time(self, seconds: int) -> list[Outbound]:
        self._clock.now += seconds
        quiet_for = self._clock() - self._last_at
        bubbles: list[Outbound] = []
        for timer in [row for row in self._paper.rows("timer") if row["due_at"] <= self._clock()]:
            self._paper.rows("timer").remove(timer)
            bubbles += await self._turn(TimedOut(timer=timer["name"]))
        if quiet_for >= DAY and not self._timed and self._written is not None:
            self._timed = True
            bubbles = await self._turn(TimedOut(timer="silence"))
        if quiet_for >= 3 * DAY:
            self._written = None
        return bubbles

    async def restart(self) -> list[Outbound]:
        return []

    def new_device(self) -> None:
        self._written = None

    async def answer(self, words: str) -> None:
        self._paper.replies.setdefault(self._paper.rows("cases")[-1]["id"], []).append(words)

    async def session(self) -> Session | None:
        return self._loaded() if self._written is not None else None

    async def left(self) -> Left:
        cases = []
        for case in self._paper.rows("cases"):
            mine = [row for row in self._paper.rows("case_record") if row["case_id"] == case["id"]]
            readers = [row["sealed"].decode() for row in self._paper.rows("case_key") if row["case_id"] == case["id"]]
            records = tuple(json.loads(row["sealed"]) for row in mine if row["kind"] not in ("return_address", "identity"))
            address = any(row["kind"] == "return_address" for row in mine)
            given = [given_of(row["sealed"]) for row in mine if row["kind"] == "identity"]
            cases.append(
                Seen(
                    kind=case["kind"], urgency=case["urgency"], readers=tuple(sorted(readers)), records=records, address=address,
                    identity=given[0] if given else {},
                )
            )  # fmt: skip
        session = self._loaded()
        traces = [f"an open conversation at {frame.flow}.{frame.step}" for frame in session.frames]
        traces += [f"the fact {name}" for name in session.facts if name not in REMEMBERED]
        hand_offs = sorted((row["reason"], row["state"]) for row in self._paper.rows("hand_off"))
        return Left(cases=tuple(cases), hand_offs=tuple(hand_offs), traces=tuple(traces))

    def not_wiped(self, bubbles: list[Outbound]) -> list[str]:
        return [] if self._wiped else ["nothing was asked to be wiped"]
