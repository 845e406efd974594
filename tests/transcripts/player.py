"""Plays a person on a stage, and holds what comes back against what the transcript and the rules expect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from unittest.mock import patch

from actions import follow_up
from bot.vault.word_code import NUMBERS as CODE_WORDS
from flows.library import INTERRUPTS
from flows.message import Choice, Inbound, InboundKind, Media, Outbound
from flows.session import Session
from tests.transcripts.person import Turn, seconds
from tests.transcripts.rules import TICK, broken
from tests.transcripts.stage import Setting, Stage

IDLE = "idle"
TALK = "counsellor.talk"  # with a person, who reads the cry; the numbers come all the same
_MIME = {"image": "image/jpeg", "voice": "audio/ogg", "video": "video/mp4", "document": "application/pdf"}


SAMPLES = {"image": "photo.jpg", "voice": "voice.ogg", "video": "video.mp4", "document": "letter.pdf"}


class Way(StrEnum):
    """How taps are made."""

    TAPS = "taps"
    NUMBERS = "numbers"
    LABELS = "labels"


@dataclass(slots=True)
class Asked:
    """The options of a question as they went out."""

    at: str
    choices: tuple[Choice, ...]

    def choice(self, option: str) -> Choice:
        """The choice that stands for an option."""
        found = [choice for choice in self.choices if choice.id.partition(".")[2] == option]
        assert len(found) == 1, f"{self.at} offers no '{option}': {[choice.id for choice in self.choices]}"
        return found[0]

    def number(self, option: str) -> int:
        """Its number in the list."""
        return self.choices.index(self.choice(option)) + 1


@dataclass(slots=True)
class Play:
    """One person being played."""

    setting: Setting
    stage: Stage
    way: Way = Way.TAPS
    asked: list[Asked] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    last: Inbound | None = None
    last_tap: Inbound | None = None
    told: list[str] = field(default_factory=list)  # the conversation so far, for whoever reads a failure
    standing: Session | None = None
    played: int = 0

    async def run(self) -> None:
        """Plays everything. Raises AssertionError with the conversation so far."""
        with patch.object(follow_up, "MOST", self.setting.person.additions):
            await self._played()

    async def _played(self) -> None:
        await self.stage.open()
        try:
            for turn in self.setting.person.turns:
                if self.setting.channel in turn.only:
                    try:
                        await self._turn(turn)
                    except AssertionError as error:
                        raise AssertionError(f"{self.setting.person.name}.yml:{turn.line}: {error}\n{self._talk()}") from None
            try:
                await self._look_back()
            except AssertionError as error:
                raise AssertionError(f"{self.setting.person.name}.yml, stored: {error}\n{self._talk()}") from None
        finally:
            await self.stage.close()
        assert self.played > 0, "nothing was played"

    def _talk(self) -> str:
        return f"--- {self.setting.channel}, {self.way}\n" + "\n".join(self.told[-60:])

    async def _turn(self, turn: Turn) -> None:
        ears = self.setting.ears
        ears.alarm, ears.understood, ears.asked = None, turn.understood, []
        before = self.standing
        bubbles = await self._act(turn)
        taken = turn.understood is not None and not ears.asked
        assert not taken or ears.alarm is not None, "the definitions took it: no model was asked"  # phrases may learn what a model heard
        self.played += 1
        after = self.standing = await self.stage.session()
        at = _at(after)
        for bubble in bubbles:
            self.told += [f"  {line}" for line in bubble.text.splitlines()]
            self.told += [f"    [{choice.id}] {choice.label}" for choice in bubble.choices]
        self.told.append(f"  = {at}")
        offered = [bubble for bubble in bubbles if bubble.choices]
        if offered:
            self.asked.append(Asked(at=at, choices=offered[-1].choices))
        self._notice_codes(bubbles)
        self._rules(bubbles, at, before)
        self._expected(turn, bubbles, at)

    async def _act(self, turn: Turn) -> list[Outbound]:
        match turn.act:
            case "wait":
                self.told.append(f"⏲ {turn.value}")
                return await self.stage.pass_time(seconds(turn.value))
            case "restart":
                self.told.append("⏻")
                return await self.stage.restart()
            case "reply":
                await self.stage.answer(turn.value)
                return []
            case "desk":
                self.told.append(f"desk: {turn.value}")
                return await self.stage.desk(turn.value)
            case "mode":
                await self.stage.switch(turn.value)
                return []
            case "new_device":
                self.stage.new_device()
                return []
            case "redeliver":
                assert self.last is not None
                self.told.append("> (delivered again)")
                return await self.stage.deliver(self.last, again=True)
            case "ticks":
                return await self._ticks([str(option) for option in turn.value])
            case _:
                return await self._send(self._message(turn))

    async def _send(self, message: Inbound) -> list[Outbound]:
        self.told.append(f"> {message.tap or message.text or message.kind.value}")
        if message.text:
            self.spoken.append(message.text)
        self.last = message
        if message.kind is InboundKind.TAP:
            self.last_tap = message
        return await self.stage.deliver(message)

    async def _ticks(self, options: list[str]) -> list[Outbound]:
        pending = self.asked[-1]
        if self.way is Way.NUMBERS or self.setting.channel == "whatsapp":  # where several can be ticked there are no buttons
            return await self._send(_text(", ".join(str(pending.number(option)) for option in options)))
        if self.way is Way.LABELS:
            return await self._send(_text(", ".join(pending.choice(option).label for option in options)))
        for option in options:
            bubbles = await self._send(_tap(self.asked[-1].choice(option).id))
            assert len(bubbles) == 1 and bubbles[0].many, f"ticking '{option}' did not show the list again"
            self.asked.append(Asked(at=pending.at, choices=bubbles[0].choices))
            assert self.asked[-1].choice(option).label.startswith(TICK), f"'{option}' is not ticked"
        return await self._send(_tap(self.asked[-1].choice("done").id))

    def _message(self, turn: Turn) -> Inbound:
        match turn.act:
            case "start":
                return Inbound(kind=InboundKind.START, language="id")
            case "leave":
                return Inbound(kind=InboundKind.LEAVE)
            case "say":
                return _text(self._filled(turn.value))
            case "tap":
                choice = self.asked[-1].choice(turn.value)
                if self.way is Way.NUMBERS:
                    return _text(str(self.asked[-1].number(turn.value)))
                return _text(choice.label) if self.way is Way.LABELS else _tap(choice.id)
            case "tap_again":
                assert self.last_tap is not None
                return self.last_tap
            case "tap_old":
                found = [asked for asked in self.asked if asked.at == turn.value["question"]]
                assert found, f"{turn.value['question']} was never asked"
                return _tap(found[-1].choice(turn.value["option"]).id)
            case "send_location":
                return Inbound(kind=InboundKind.LOCATION, location=(float(turn.value[0]), float(turn.value[1])))
            case "media":
                media = Media(kind=turn.value, handle=SAMPLES[turn.value], content_type=_MIME[turn.value], size=4321)
                return Inbound(kind=InboundKind.MEDIA, media=media, text=turn.caption)
            case _:
                return Inbound(kind=InboundKind.UNSUPPORTED)

    def _filled(self, text: str) -> str:
        if "{code" not in text:
            return text
        words = self.codes[-1].split()
        slip = next(n for n, word in enumerate(words) if len(word) > 4)
        misspelt = [*words[:slip], words[slip][:-1] + ("x" if words[slip][-1] != "x" else "z"), *words[slip + 1 :]]
        forms = {
            "{code}": " ".join(words), "{code.misspelt}": " ".join(misspelt), "{code.commas}": ", ".join(words).upper(),
            "{code.two_wrong}": " ".join(["zzzzqq", *words[1:4], "qqqqzz"]),
        }  # fmt: skip
        for name, form in forms.items():
            text = text.replace(name, form)
        return text

    def _notice_codes(self, bubbles: list[Outbound]) -> None:
        for line in (line for bubble in bubbles for line in bubble.text.splitlines()):
            words = line.split()
            if len(words) == 5 and all(word in CODE_WORDS for word in words):
                self.codes.append(line)

    def _rules(self, bubbles: list[Outbound], at: str, before: Session | None) -> None:
        shipped = self.setting.shelf.library.catalogue.numbers.values()
        # A code is made of ordinary words; so are a person's. Neither is ours to judge.
        for bubble in bubbles:
            problems = broken(bubble, spoken=self.spoken, shipped=shipped)
            assert not problems, f"a bubble breaks the rules: {problems}: {bubble.text!r}"
        whole = "\n".join(bubble.text for bubble in bubbles)
        raised = self.setting.ears.alarm is not None and not self._quiet(before)
        if raised or (_alert(before) is None and at in (f"{INTERRUPTS}.where", f"{INTERRUPTS}.thoughts", f"{INTERRUPTS}.stay_closed")):
            numbers = [number for bubble in bubbles for number in bubble.numbers]
            emergency = self.setting.shelf.library.catalogue.numbers["emergency"]
            assert bubbles and emergency in whole and emergency in numbers, "danger was heard, and the emergency number was not given"
            assert at.startswith(INTERRUPTS) or at == TALK, f"danger was heard, and the conversation went to {at}"

    def _quiet(self, before: Session | None) -> bool:
        """Whether the conversation was about the danger already, so that its words raise nothing new."""
        if before is None or not before.frames:
            return False
        frame = before.frames[-1]
        flow = self.setting.shelf.library.flow(frame.flow)
        return flow is not None and flow.steps[frame.step].settings.get("danger") == "quiet"

    def _expected(self, turn: Turn, bubbles: list[Outbound], at: str) -> None:
        heard = self.setting.ears.alarm
        if turn.danger:
            assert (heard.value if heard else "none") == turn.danger, f"heard {heard}, expected {turn.danger}"
        elif heard is not None and not (self.way is Way.LABELS and turn.act == "tap"):  # "Ya, tolong", typed, is a cry for help
            raise AssertionError(f"heard danger ({heard}) where the transcript names none")
        mute = turn.silent or turn.act in ("wait", "restart", "reply", "new_device", "mode") or (turn.act == "desk" and not turn.says)
        assert bool(bubbles) is not mute, "said something" if mute else "said nothing"
        if turn.bubbles is not None:
            assert len(bubbles) == turn.bubbles, f"{len(bubbles)} bubbles"
        shown = "\n".join((b.text + "\n" + "\n".join(choice.label for choice in b.choices)) for b in bubbles)
        for fragment in turn.says:
            assert self._filled(fragment) in shown, f"does not say {fragment!r}"
        for fragment in turn.never:
            assert fragment not in shown, f"says {fragment!r}"
        if turn.at:
            assert at == turn.at, f"stands at {at}, expected {turn.at}"
        if turn.wiped:
            kept = self.stage.not_wiped(bubbles)
            assert not kept, f"not taken away: {kept}"

    async def _look_back(self) -> None:
        expected = self.setting.person.stored
        left = await self.stage.left()
        if "cases" in expected or expected.get("nothing_left"):
            wanted = expected.get("cases", [])
            kinds = [case.kind for case in left.cases]
            assert sorted(kinds) == sorted(case["kind"] for case in wanted), f"cases: {kinds}"
            remaining = list(left.cases)
            for case in wanted:
                seen = next(one for one in remaining if one.kind == case["kind"])
                remaining.remove(seen)
                _compare(case, seen, self.setting.channel)
        if "hand_offs" in expected:
            assert dict(left.hand_offs) == expected["hand_offs"], f"hand-offs: {left.hand_offs}"
        if expected.get("nothing_left"):
            assert not left.traces, f"left behind: {left.traces}"


def _at(session: Session | None) -> str:
    return f"{session.frames[-1].flow}.{session.frames[-1].step}" if session is not None and session.frames else IDLE


def _alert(session: Session | None) -> Any:
    return session.facts.get("alert") if session is not None else None


def _text(text: str) -> Inbound:
    return Inbound(kind=InboundKind.TEXT, text=text)


def _tap(choice: str) -> Inbound:
    return Inbound(kind=InboundKind.TAP, tap=choice)


def _value(records: tuple[Mapping[str, Any], ...], path: str) -> Any:
    """`answers.area.kelurahan` in the first record; `1:answers.…` in another one."""
    number, colon, name = path.rpartition(":")
    found: Any = records[int(number) if colon else 0]
    for part in name.split("."):
        found = found[int(part)] if isinstance(found, list) else found.get(part) if isinstance(found, Mapping) else None
    return found


def _compare(case: Mapping[str, Any], seen: Any, channel: str) -> None:
    assert case.get("urgency", seen.urgency) == seen.urgency, f"{seen.kind} is {seen.urgency}"
    if "readers" in case:
        assert list(seen.readers) == sorted(case["readers"]), f"{seen.kind} can be read by {seen.readers}"
    for name in case.get("not_readers", ()):
        assert name not in seen.readers, f"{seen.kind} can be read by {name}"
    if "records" in case:
        assert len(seen.records) == case["records"], f"{seen.kind} has {len(seen.records)} records"
    assert seen.identity == case.get("identity", {}), f"{seen.kind} holds the identity {seen.identity}"
    if "address" in case:
        wanted = case["address"] if isinstance(case["address"], bool) else channel in case["address"]
        assert seen.address is wanted, f"{seen.kind} {'holds' if seen.address else 'lacks'} a return address"
    for path, value in case.get("fields", {}).items():
        found = _value(seen.records, path)
        assert found == value, f"{path} is {found!r}, expected {value!r}"
    whole = re.sub(r"\s+", " ", " ".join(str(record) for record in seen.records))
    for words in case.get("holds", ()):
        assert words in whole, f"{seen.kind} does not hold {words!r}"
    for path in case.get("absent", ()):
        assert _value(seen.records, path) is None, f"{path} is {_value(seen.records, path)!r}"
