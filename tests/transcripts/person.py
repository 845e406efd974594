"""A transcript: one person, what that person does turn by turn, and what has to come of it. Read from YAML, strictly.

```yaml
name: nine-year-old            # = file name
who: one sentence: who writes, and in which position
channels: [telegram, web]      # default: all four
units: 1                       # how many units can read (0: nobody); or a list of {name, kind, lead}
roles: {uptd_head: service, legal_companion: legal}   # identity roles that have a key, with their units' kinds; default: none
begins: "2026-11-23T15:00"     # local time of the first message
staffed: true                  # somebody is on duty: default false
hours: {mon: [["08:00", "16:00"]]}   # when somebody is planned to be there: at all times where somebody is on duty; else never
additions: 40                  # how many a case takes on one day
typed: true                    # false: the taps of this person cannot be typed instead (numbers, labels)
turns:
  - {say: "halo", at: start.menu, says: ["Mau apa"]}
  - {say: "apa itu bullying", understood: faq/bullying, at: start.menu}  # what a model made of what nothing took
  - {say: "adik 9 tahun dipukul", understood: {intent: disclosure, entities: [{entity: victim_age, value: "9", words: 9 tahun}]}, at: …}
  - {desk: "wait 2 10"}          # the desk thinks: two are before this one, ten minutes; `wait` alone: it does not know
  - {desk: "accept Rina", says: ["Rina"]}   # also offer, transfer, lose, ask_safe, close, alarm (two minutes), away (nobody on duty),
                                                          # empty (nobody has been for two minutes)
  - {desk: "reply Halo", says: ["Halo"]}
  - {say: "itu gimana", understood: {intent: unclear, ranking: {faq/visum: 0.2, faq/cost: 0.1}}, at: …}
stored: {cases: [{kind: report, urgency: child}], hand_offs: {danger: waiting}, nothing_left: true}
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from actions.follow_up import MOST
from bot.desk.hours import DAYS, Hours, read_hours
from flows.marked import read
from flows.message import Danger, Entity, Understanding

FOLDER = Path(__file__).parent
CHANNELS = ("telegram", "web", "terminal", "whatsapp")
ZONE = ZoneInfo("Asia/Makassar")

ACTS = {
    "start": bool, "say": str, "tap": str, "ticks": list, "tap_again": bool, "redeliver": bool, "tap_old": dict, "send_location": list,
    "media": str, "unsupported": bool, "leave": bool, "wait": str, "restart": bool, "reply": str, "new_device": bool,
    "mode": str, "desk": str,
}  # fmt: skip
_EXPECTS = {"at": str, "says": list, "never": list, "silent": bool, "bubbles": int, "danger": str, "wiped": bool}
_UNDERSTOOD = {"intent": str, "entities": list, "ranking": dict, "danger": str}
_STORED = {"cases": list, "hand_offs": dict, "nothing_left": bool}
_KEYS = {"name", "who", "channels", "units", "roles", "begins", "staffed", "hours", "additions", "typed", "turns", "stored"}
_CASE = {"kind", "urgency", "readers", "not_readers", "fields", "holds", "absent", "records", "address", "identity"}
ALWAYS = {day: [["00:00", "24:00"]] for day in DAYS}
TAPS_THEMSELVES = {"tap_again", "tap_old"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One thing that the person (or the clock, or the operator) does, and what is expected after it."""

    line: int
    act: str
    value: Any
    only: tuple[str, ...]
    caption: str = ""
    at: str = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    silent: bool = False
    bubbles: int | None = None
    danger: str = ""
    wiped: bool = False
    understood: Understanding | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A unit that can read."""

    name: str
    kind: str
    lead: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A transcript."""

    name: str
    who: str
    channels: tuple[str, ...]
    units: tuple[Unit, ...]
    begins: datetime
    typed: bool
    turns: tuple[Turn, ...]
    stored: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    staffed: bool = False
    additions: int = MOST
    hours: Hours = field(default_factory=Hours)

    @property
    def can_type(self) -> bool:
        """Whether this person's taps can be replaced by what they stand for."""
        return self.typed and not any(turn.act in TAPS_THEMSELVES for turn in self.turns)

    @property
    def taps(self) -> bool:
        """Whether there is anything to replace."""
        return any(turn.act in ("tap", "ticks") for turn in self.turns)


class TranscriptError(ValueError):
    """A transcript that cannot be played as it is written."""


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _understood(given: Any, text: str, where: str) -> Understanding:
    """What a model says in this turn: an intent, or a mapping with entities (their words are looked for in the text) and a ranking."""
    about = {"intent": given} if isinstance(given, str) else given
    if not isinstance(about, Mapping) or not all(isinstance(value, _UNDERSTOOD.get(key, ())) for key, value in about.items()):
        raise TranscriptError(f"{where}: 'understood' is an intent, or a mapping of {', '.join(_UNDERSTOOD)}")
    entities = []
    for one in about.get("entities", ()):
        start = text.find(str(one.get("words")))
        if one.keys() != {"entity", "value", "words"} or start < 0:
            raise TranscriptError(f"{where}: an entity has entity, value and words, and its words stand in what is said")
        entities.append(Entity(entity=one["entity"], value=str(one["value"]), start=start, end=start + len(one["words"])))
    ranking = tuple((name, float(much)) for name, much in about.get("ranking", {}).items())
    intent = about.get("intent", "unclear")
    danger = Danger(about["danger"]) if "danger" in about else None
    return Understanding(
        text=text, intent=intent, confidence=0.9 if intent != "unclear" else 0.1, danger=danger, entities=tuple(entities),
        ranking=ranking or ((intent, 0.9),),
    )  # fmt: skip


def _turn(data: Any, where: str) -> Turn:
    if not isinstance(data, Mapping):
        raise TranscriptError(f"{where}: a turn must be a mapping")
    line = getattr(data, "line", 0)
    acts = [key for key in data if key in ACTS]
    if len(acts) != 1:
        raise TranscriptError(f"{where}:{line}: a turn must do exactly one of {', '.join(ACTS)}")
    act = acts[0]
    if not isinstance(data[act], ACTS[act]):
        raise TranscriptError(f"{where}:{line}: '{act}' has the wrong sort of value")
    for key in data.keys() - {act, "only", "caption", "understood"}:
        if key not in _EXPECTS:
            raise TranscriptError(f"{where}:{line}: a turn has no '{key}'")
        if not isinstance(data[key], _EXPECTS[key]) and not (key in ("says", "never") and isinstance(data[key], str)):
            raise TranscriptError(f"{where}:{line}: '{key}' has the wrong sort of value")
    only = _listed(data["only"]) if "only" in data else CHANNELS
    if not set(only) <= set(CHANNELS):
        raise TranscriptError(f"{where}:{line}: 'only' names no channel of ours")
    return Turn(
        line=line, act=act, value=data[act], only=only, caption=str(data.get("caption", "")), at=str(data.get("at", "")),
        says=_listed(data.get("says", [])), never=_listed(data.get("never", [])), silent=bool(data.get("silent", False)),
        understood=_understood(data["understood"], data[act], f"{where}:{line}") if "understood" in data else None,
        bubbles=data.get("bubbles"), danger=str(data.get("danger", "")), wiped=bool(data.get("wiped", False)),
    )  # fmt: skip


def _units(value: Any, where: str) -> tuple[Unit, ...]:
    if isinstance(value, int):
        return tuple(Unit(name=f"unit {number}", kind="service", lead=number == 1) for number in range(1, value + 1))
    try:
        return tuple(Unit(name=unit["name"], kind=unit["kind"], lead=unit.get("lead", False)) for unit in value)
    except (TypeError, KeyError) as error:
        raise TranscriptError(f"{where}: a unit needs name and kind") from error


def read_person(text: str, *, name: str) -> Person:
    """A transcript from its YAML text. Raises TranscriptError with the place of the first mistake."""
    where = f"{name}.yml"
    data, problems = read(text, file=where)
    if problems:
        raise TranscriptError(str(problems[0]))
    for key in data.keys() - _KEYS:
        raise TranscriptError(f"{where}: a transcript has no '{key}'")
    if data.get("name") != name or not str(data.get("who", "")).strip():
        raise TranscriptError(f"{where}: must say its name (that of the file) and who this is")
    channels = tuple(data.get("channels", CHANNELS))
    if not channels or not set(channels) <= set(CHANNELS):
        raise TranscriptError(f"{where}: channels are {', '.join(CHANNELS)}")
    turns = tuple(_turn(item, where) for item in data.get("turns") or ())
    if not any(turn.at or turn.says or turn.silent for turn in turns):
        raise TranscriptError(f"{where}: expects nothing")
    stored = data.get("stored", {})
    for key, value in stored.items():
        if key not in _STORED or not isinstance(value, _STORED[key]):
            raise TranscriptError(f"{where}: 'stored' cannot hold '{key}' like that")
    for case in stored.get("cases", ()):
        if not set(case) <= _CASE or "kind" not in case:
            raise TranscriptError(f"{where}: a stored case has a kind, and of the rest only {', '.join(sorted(_CASE))}")
    return Person(
        name=name, who=str(data["who"]).strip(), channels=channels, units=_units(data.get("units", 1), where),
        begins=datetime.fromisoformat(str(data.get("begins", "2026-11-23T15:00"))).replace(tzinfo=ZONE),
        typed=bool(data.get("typed", True)), turns=turns, stored=stored,
        roles=dict(data.get("roles", {})), staffed=bool(data.get("staffed", False)), additions=int(data.get("additions", MOST)),
        hours=read_hours({"hours": json.dumps(data.get("hours", ALWAYS if data.get("staffed") else {}))}),
    )  # fmt: skip


def everybody() -> list[Person]:
    """All transcripts of the folder, by name."""
    return [read_person(path.read_text(encoding="utf-8"), name=path.stem) for path in sorted(FOLDER.glob("*.yml"))]


def seconds(text: str) -> int:
    """ "25h", "90m", "3d" → seconds."""
    return int(float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[text[-1]])
