"""Many people who write anything at all to one running service, and what must hold for every answer that they get."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import orjson

from bot import contexts
from bot.app import Service
from bot.channels.base import Channel, Received
from bot.channels.web import WebChannel
from bot.running import understander
from bot.settings import load_settings
from bot.shelf import Shelf, load_shelf
from bot.vault.draft import unlock
from bot.vault.keys import generate_keypair
from flows.message import Danger, Inbound, InboundKind, Media, Outbound
from flows.session import Session
from tests.bot.house import Phones, add_unit
from tests.stores import given

PLACEHOLDER = re.compile(r"\{[a-z_]+\.[a-z0-9_]+\}")
CANARY = re.compile(r"kenari(\d+)q")

_UNIT = generate_keypair()
_numbers = count(1)


@dataclass(kw_only=True)
class Chatter:
    """One person: where they write, what they wrote, what they saw."""

    number: int
    channel: str
    address: str
    wrote: list[str] = field(default_factory=list)
    seen: list[Outbound] = field(default_factory=list)
    taps: list[str] = field(default_factory=list)
    last: Received | None = None
    spoke: float = 0  # a message is recognised for 48 to 72 hours, then the day's key is dead

    @property
    def story(self) -> str:
        """What this person did, for who has to find out why."""
        return " → ".join(tap or words[:60] or "(no words)" for tap, words in zip(self.taps, self.wrote, strict=False))

    @property
    def canary(self) -> str:
        """This person's own word."""
        return f"kenari{self.number}q"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that a person does. `kind` is what, `text` and `pick` say more."""

    kind: str
    text: str = ""
    pick: int = 0


class Complaints(logging.Handler):
    """Everything that the service logs as an error: none is expected, whatever people do, but that nobody is there whom it alarms."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Notes it."""
        if record.getMessage() == "desk_nobody":
            return
        error = record.exc_info[1] if record.exc_info else None
        self.heard.append(f"{record.name}: {record.getMessage()} {error!r}")


class Crowd:
    """The service and everybody who writes to it."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        self._folder, self._shelf = folder, shelf
        self.now = 1_795_500_000.0
        self.phones = Phones()
        self.people: dict[str, Chatter] = {}
        self.complaints = Complaints()
        self.understander = understander()
        self.acts = 0
        self.answers = 0
        self.alarms = 0

    async def open(self) -> None:
        """Starts the service, or starts it again on the same data."""
        settings = load_settings(from_environment=False, given=given(self._folder))
        channels: dict[str, Channel] = {"telegram": self.phones, "web": WebChannel()}
        self.service = Service(settings, channels=channels, understander=self.understander, clock=lambda: self.now, shelf=self._shelf)
        await self.service.start(jobs=False)
        if not self.service.units.any:
            await add_unit(self.service, _UNIT)

    async def restart(self) -> None:
        """A stop and a start."""
        await self.service.stop()
        await self.open()

    def person(self, channel: str) -> Chatter:
        """Somebody new."""
        number = next(_numbers)
        person = Chatter(number=number, channel=channel, address=str(8_000_000_000 + number))
        self.people[person.address] = person
        return person

    async def session(self, person: Chatter) -> Session | None:
        """The session as it is stored: it must load, always."""
        conversation_id = await self.service.intake.conversation(person.channel, person.address)
        row = await self.service.reads.conversation(conversation_id) if conversation_id is not None else None
        if row is None or row.session is None:
            return None
        key = await self.service.keys.key(row.key_id)
        assert key is not None
        return Session.from_json(orjson.loads(unlock(key, row.session, context=contexts.session(row.id))))

    def _inbound(self, person: Chatter, act: Act) -> Inbound:
        text = act.text.replace("KENARI", person.canary)
        offered = next((bubble.choices for bubble in reversed(person.seen) if bubble.choices), ())
        ever = [choice.id for bubble in person.seen for choice in bubble.choices]
        match act.kind:
            case "tap" if offered:
                return Inbound(kind=InboundKind.TAP, tap=offered[act.pick % len(offered)].id)
            case "stale" if ever:
                return Inbound(kind=InboundKind.TAP, tap=ever[act.pick % len(ever)])
            case "foreign":
                return Inbound(kind=InboundKind.TAP, tap=act.text or "999.yes")
            case "start":
                return Inbound(kind=InboundKind.START, language="en" if act.pick % 2 else "id")
            case "leave":
                return Inbound(kind=InboundKind.LEAVE)
            case "place":
                return Inbound(kind=InboundKind.LOCATION, location=(-1.26, 116.83), text=text)
            case "file":
                return Inbound(kind=InboundKind.MEDIA, text=text, media=Media(kind="image", handle="f1", content_type="image/jpeg", size=9))
            case "sticker":
                return Inbound(kind=InboundKind.UNSUPPORTED, text=text)
        return Inbound(kind=InboundKind.TEXT, text=text or "halo")

    async def does(self, person: Chatter, act: Act) -> None:
        """One thing, and everything that must hold after it."""
        self.acts += 1
        if act.kind == "wait":
            self.now += (61, 3_700, 90_000, 265_000)[act.pick % 4]
            await self.service.jobs.timers()
            await self.service.jobs.forget()
            await self.service.settle()
            return
        if act.kind == "again" and person.last is not None and self.now - person.spoke < 48 * 3600:
            before = len(await self._fetched(person))
            assert await self.service.receive(person.last) is False
            await self.service.settle()
            assert len(await self._fetched(person)) == before, "a redelivery was answered"
            return
        before_session = await self.session(person)
        inbound = self._inbound(person, act)
        person.wrote.append(inbound.text)
        person.taps.append(inbound.tap or ("" if inbound.text else f"({inbound.kind.value})"))
        number = f"{person.address}:{len(person.wrote)}:{self.acts}"
        person.last = Received(channel=person.channel, message_id=number, address=person.address, inbound=inbound, ref=f"r{number}")
        person.spoke = self.now
        seen = len(person.seen)
        assert await self.service.receive(person.last) is True
        await self.service.settle()
        new = (await self._fetched(person))[seen:]
        self.answers += len(new)
        assert await self.session(person) is not None
        stale = inbound.tap is not None and (
            before_session is None or inbound.tap == before_session.last_tap or inbound.tap.partition(".")[0] != str(before_session.prompt)
        )
        # The same tap twice, or a tap that says again what was answered, is nothing: the only silence that there is.
        assert new or stale, f"no answer to {inbound} after {person.story}"
        for bubble in new:
            self._holds(person, bubble)
        await self._alarmed(person, before_session, inbound, new)

    async def _fetched(self, person: Chatter) -> list[Outbound]:
        if person.channel == "web":
            waiting = await self.service.pending("web", person.address)
            await self.service.confirm("web", person.address, tuple(row.id for row in waiting))
            person.seen += [row.message for row in waiting]
        else:
            person.seen = self.phones.seen[person.address]
        return person.seen

    def _holds(self, person: Chatter, bubble: Outbound) -> None:
        whole = "\n".join((bubble.text, *(choice.label for choice in bubble.choices)))
        strangers = {number for number in CANARY.findall(whole) if int(number) != person.number}
        assert not strangers, f"words of {strangers} were shown to {person.number}: {person.story}"
        own = "\n".join(person.wrote)
        assert not [found for found in PLACEHOLDER.findall(whole) if found not in own], (bubble.text, person.story)
        assert bubble.text.strip() or bubble.choices
        ids = [choice.id for choice in bubble.choices]
        assert len(ids) == len(set(ids)) and all(choice.label.strip() for choice in bubble.choices)

    async def _alarmed(self, person: Chatter, before: Session | None, inbound: Inbound, new: list[Outbound]) -> None:
        """Words that alarm are answered with the number, wherever they are said, but in the talk about danger itself."""
        if not inbound.text or inbound.kind is InboundKind.TAP or self._shelf.library.catalogue.command(inbound.text) is not None:
            return  # a command word alone is no cry for help
        danger = (await self.understander.understand(inbound.text, before.language if before else "id")).danger
        if danger is None or (before is not None and before.facts.get("exit_word") and self._quiet_word(before, inbound.text)):
            return
        if before is not None and before.frames:
            frame = before.frames[-1]
            flow = self.service.turns.turn._library.flow(frame.flow, frame.revision)
            assert flow is not None
            if flow.steps[frame.step].settings.get("danger") == "quiet":
                return
        self.alarms += 1
        told = "\n".join(bubble.text for bubble in new)
        assert "112" in told, (danger, inbound.text, told, person.story)
        assert danger is not Danger.EMERGENCY or new[0].text.startswith(("Telepon 112", "Call 112")), (new[0].text, person.story)

    @staticmethod
    def _quiet_word(session: Session, text: str) -> bool:
        return str(session.facts["exit_word"]) in text.casefold()


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """A crowd's service, from start to graceful stop. `complaints` has what it logged as an error meanwhile."""
    here = Crowd(folder, load_shelf())
    logging.getLogger("bot").addHandler(here.complaints)
    try:
        await here.open()
        yield here
        await here.service.stop()
    finally:
        logging.getLogger("bot").removeHandler(here.complaints)
