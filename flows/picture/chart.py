"""A flow as cards and ways between them: what a reader of the picture sees, before it is known where anything lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flows.catalogue import PLACEHOLDER, Catalogue
from flows.condition import Condition
from flows.definition import PLACES, Flow, Step
from flows.inspection.names import saved
from flows.library import INTERRUPTS
from flows.picture.phrases import door_of, name_of, word

LONGEST_TEXT = 95
LONGEST_OPTIONS = 90
_DANGER_DOORS = ("danger", "self_harm")


class Look(StrEnum):
    """What a card is, told by colour and by shape: never by colour alone."""

    SAY = "say"
    ASK = "ask"
    BRANCH = "branch"
    DO = "do"
    DANGER = "danger"
    HANDOFF = "handoff"
    JUMP = "jump"
    REVIEW = "review"


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """An arrow: `label` stands on it, `target` is a card's id. Without one the conversation ends, or goes to another, named by `leaves`."""

    label: str
    target: str | None
    leaves: str = ""
    look: Look = Look.JUMP


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One box. `title` is bold, `text` is what a person reads, `note` small print."""

    id: str
    look: Look
    title: str
    text: str
    note: str
    ways: tuple[Way, ...]
    doors: tuple[str, ...] = ()
    alarm: bool = False  # the door of somebody in danger


def shorten(text: str, most: int) -> str:
    """A text on one line, cut at a word where it is too long."""
    flat = " ".join(text.split())
    if len(flat) <= most:
        return flat
    return flat[: most - 1].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


_LOOKS = {
    "say": Look.SAY, "answer": Look.SAY, "directory": Look.SAY, "ask": Look.ASK, "branch": Look.BRANCH, "review": Look.REVIEW,
    "do": Look.DO,
}  # fmt: skip


class Charting:
    """Reads one flow in one language."""

    def __init__(self, flow: Flow, catalogue: Catalogue, language: str) -> None:
        self.flow = flow
        self.catalogue = catalogue
        self.language = language
        self.saved = saved(flow)
        self.alarms = {flow.entries[door] for door in _DANGER_DOORS if door in flow.entries}

    @property
    def name(self) -> str:
        """What the conversation is called."""
        return name_of(self.language, self.flow.name)

    def word(self, key: str, **values: object) -> str:
        """One of the picture's own words, filled."""
        return word(self.language, key).format(**values)

    def cards(self) -> tuple[Card, ...]:
        """The cards in the order of the definition; texts that follow each other are one card, ends are no card of their own."""
        merged = self._merged()
        inside = {name for chain in merged.values() for name in chain[1:]}
        doors: dict[str, list[str]] = {self.flow.start: [self.word("start")]}
        for entry, target in self.flow.entries.items():
            doors.setdefault(target, []).append(door_of(self.language, entry))
        cards = []
        for name, step in self.flow.steps.items():
            if name in inside or (step.type in ("end", "go") and name not in doors):
                continue
            chain = merged.get(name, (name,))
            cards.append(self._card(step, [self.flow.steps[other] for other in chain], tuple(dict.fromkeys(doors.get(name, ())))))
        return tuple(cards)

    def _merged(self) -> Mapping[str, tuple[str, ...]]:
        """Texts that follow each other and are reached in no other way are read as one bubble."""
        arrivals: dict[str, int] = dict.fromkeys((self.flow.start, *self.flow.entries.values()), 1)
        for step in self.flow.steps.values():
            for target in step.targets():
                arrivals[target] = arrivals.get(target, 0) + 1
        chains: dict[str, tuple[str, ...]] = {}
        taken: set[str] = set()
        for name, step in self.flow.steps.items():
            if step.type != "say" or name in taken:
                continue
            chain = [name]
            while (after := self.flow.steps.get(self.flow.steps[chain[-1]].otherwise or "")) is not None:
                if after.type != "say" or arrivals[after.id] != 1 or after.id in chain:
                    break
                chain.append(after.id)
            chains[name] = tuple(chain)
            taken.update(chain)
        return chains

    def _text(self, step: Step) -> str:
        flow, _, name = str(step.settings.get("text", f"{self.flow.name}.{step.id}")).partition(".")
        text = self.catalogue.part(self.language, flow, name, "text", "child") or ""
        return PLACEHOLDER.sub(self._filled, text)

    def _filled(self, match: object) -> str:
        name = match[1]  # type: ignore[index]
        scope, _, key = name.partition(".")
        return self.catalogue.numbers.get(key, "…") if scope == "number" else "…"

    def _label(self, step: Step, option: str) -> str:
        flow, _, name = str(step.settings.get("text", f"{self.flow.name}.{step.id}")).partition(".")
        return self.catalogue.option(self.language, flow, name, option, "child")

    def _look(self, step: Step) -> Look:
        to_danger = step.type in ("go", "call") and step.settings.get("flow") == INTERRUPTS and step.settings.get("entry") in _DANGER_DOORS
        if to_danger or step.settings.get("action") == "raise_alert":
            return Look.DANGER
        if step.type in ("handoff", "talk") or (step.type in ("go", "call") and step.settings.get("flow") == "counsellor"):
            return Look.HANDOFF
        return _LOOKS.get(step.type, Look.JUMP)

    def _card(self, step: Step, chain: list[Step], doors: tuple[str, ...]) -> Card:
        look = self._look(step)
        title, text, notes = "", "", []
        if step.type == "say":
            text = shorten(self._text(step), LONGEST_TEXT)
            if len(chain) > 1:
                notes.append(self.word("more", count=len(chain) - 1))
        elif step.type == "ask":
            text = shorten(self._text(step), LONGEST_TEXT)
            notes.append(self.word(step.kind))
            if not step.skippable:
                notes.append(self.word("no_skip"))
        elif step.type == "branch":
            text = self._asked(step)
        elif step.type in ("do", "handoff"):
            title = name_of(self.language, step.settings.get("action", "hand_off"))
        elif step.type in ("answer", "directory", "talk"):
            title = self.word(step.type)
        elif step.type == "review":
            title = self.word("review")
        elif step.type in ("go", "call"):
            title = self._elsewhere(step)
            notes.append(self.word("back") if step.type == "call" else "")
        elif step.type == "end":
            title = self.word("end")
        if step.when is not None and len(chain) == 1:
            notes.append(self.word("only", what=self.condition(step.when)))
        return Card(
            id=step.id, look=look, title=title, text=text, note=" · ".join(note for note in notes if note),
            ways=self._ways(step, chain[-1]), doors=doors, alarm=step.id in self.alarms,
        )  # fmt: skip

    def _elsewhere(self, step: Step) -> str:
        entry = step.settings.get("entry")
        flow = str(step.settings.get("flow"))
        return door_of(self.language, str(entry)) if entry and flow in (INTERRUPTS, "start") else name_of(self.language, flow)

    def _asked(self, step: Step) -> str:
        names = dict.fromkeys(name for case in step.cases for name in sorted(case.when.names()))
        return " / ".join(shorten(self._name(name), 50) for name in names) + "?"

    def _name(self, name: str) -> str:
        scope, _, key = name.partition(".")
        if scope == "answers" and key in self.saved:
            asked = self.saved[key][0]
            label = self.catalogue.part(self.language, self.flow.name, asked.id, "label", "child")
            return label if label and label != "-" else self._text(asked)
        return name_of(self.language, name)

    def condition(self, condition: Condition) -> str:
        """A condition in words."""
        groups = []
        for group in condition.any_of:
            groups.append(self.word("and").join(self._term(name, accepted) for name, accepted in group))
        return shorten(self.word("or").join(groups), LONGEST_OPTIONS)

    def _term(self, name: str, accepted: tuple[object, ...]) -> str:
        shown = self.word("or").join(self._value(name, value) for value in accepted)
        return f"{shorten(self._name(name), 40)}: {shown}"

    def _value(self, name: str, value: object) -> str:
        scope, _, key = name.partition(".")
        if scope == "answers" and isinstance(value, str):
            for asked in self.saved.get(key, ()):
                if any(option.id == value for option in asked.options):
                    return self._label(asked, value)
        return name_of(self.language, value)

    def _ways(self, step: Step, last: Step) -> tuple[Way, ...]:
        """The ways out, one for each place that they lead to, with all answers that go there on it."""
        labels: dict[str | None, list[str]] = {}
        if step.type == "branch":
            for case in step.cases:
                labels.setdefault(case.next, []).append(self._case(case.when))
            if step.otherwise is not None:
                labels.setdefault(step.otherwise, []).append(self.word("else"))
        elif step.type == "ask":
            labels = self._answers(step)
        elif step.type in ("do", "handoff", "directory", "talk"):
            for code, target in step.routes.items():
                labels.setdefault(target, []).append(name_of(self.language, code))
            if step.otherwise is not None:
                labels.setdefault(step.otherwise, []).append(self.word("else") if step.routes else "")
        elif last.type not in ("go", "end"):
            labels.setdefault(last.otherwise, [])
            for target in last.routes.values():
                labels.setdefault(target, [])
        return tuple(self._way(" / ".join(dict.fromkeys(filter(None, said))), target) for target, said in labels.items())

    def _case(self, when: Condition) -> str:
        """A case's label: only the value where the card already says what is asked."""
        if len(when.any_of) == 1 and len(when.any_of[0]) == 1:
            name, accepted = when.any_of[0][0]
            return self.word("or").join(self._value(name, value) for value in accepted)
        return self.condition(when)

    def _answers(self, step: Step) -> dict[str | None, list[str]]:
        labels: dict[str | None, list[str]] = {}
        for option in step.options:
            labels.setdefault(step.after(option.id), []).append(self._label(step, option.id))
        for place in PLACES & step.routes.keys() if step.kind == "place" else ():
            labels.setdefault(step.routes[place], []).append(self.word(place))
        if "skip" in step.routes:
            labels.setdefault(step.routes["skip"], []).append(self.word("skip"))
        if step.otherwise is not None:
            spoken = step.kind in ("text", "number", "date", "place", "where", "media", "topic")
            if spoken and (len(labels) > 1 or step.otherwise not in labels) and labels:
                labels.setdefault(step.otherwise, []).append(self.word("any"))
            else:
                labels.setdefault(step.otherwise, [])
        return labels

    def _way(self, label: str, target: str | None) -> Way:
        label = shorten(label, LONGEST_OPTIONS)
        step = self.flow.steps.get(target or "")
        if step is None or step.type == "end":
            return Way(label=label, target=None)
        if step.type == "go":
            return Way(label=label, target=None, leaves=self._elsewhere(step), look=self._look(step))
        return Way(label=label, target=step.id)
