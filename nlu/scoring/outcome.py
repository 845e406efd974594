"""What became of one sentence: what it means, and what was understood."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flows.message import Danger, Understanding
from nlu.scoring.figure import Counts
from nlu.scoring.sentence import Sentence

UNCLEAR = "unclear"
OUT_OF_SCOPE = "out_of_scope"
_FAQ = "faq/"
OFFERED = 3  # topics that are offered at most
_Place = tuple[str, int | None, int | None]  # of an entity: its name, from where and to where


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """`understood` is the whole understanding, danger phrases and thresholds applied; `phrases` and `model` are what each of the two layers
    alone says of danger."""

    sentence: Sentence
    understood: Understanding
    phrases: Danger | None = None
    model: Danger | None = None

    @property
    def right(self) -> bool:
        """The intent is the expected one; "unclear" never is."""
        return self.understood.intent == self.sentence.intent

    @property
    def asks(self) -> bool:
        """It is a question that there is an answer to."""
        return is_topic(self.sentence.intent)

    @property
    def first(self) -> str:
        """The likeliest intent, whatever the threshold says; empty if nothing was understood at all."""
        return self.understood.ranking[0][0] if self.understood.ranking else ""

    @property
    def offered(self) -> tuple[str, ...]:
        """The three likeliest intents: the right answer must be among them, even if the bot would offer topics alone."""
        return tuple(name for name, _ in self.understood.ranking[:OFFERED])

    @property
    def reached(self) -> bool:
        """Whoever asked this comes to the right answer: it is given, or it is among the topics that an unclear message is offered."""
        topics = [name for name, _ in self.understood.ranking if is_topic(name)][:OFFERED]
        return self.right or (self.understood.intent == UNCLEAR and self.sentence.intent in topics)

    @property
    def confidently_wrong(self) -> bool:
        """The bot acts on an intent that is not the expected one, instead of saying that it is not sure."""
        return not self.right and self.understood.intent != UNCLEAR

    def facts(self, entity: str | None = None) -> Counts:
        """The entities by name and value, each once: what a report would know. `entity`: only these."""
        wanted = {(e.entity, _same(e.value)) for e in self.sentence.entities if entity in (None, e.entity)}
        found = {(e.entity, _same(e.value)) for e in self.understood.entities if entity in (None, e.entity)}
        return Counts(len(wanted & found), len(found - wanted), len(wanted - found))

    def spans(self) -> Counts:
        """The entities by name and exact place. Nothing is counted where the set does not say all places."""
        if any(e.start is None for e in self.sentence.entities):
            return Counts()
        wanted: Counter[_Place] = Counter((e.entity, e.start, e.end) for e in self.sentence.entities)
        found: Counter[_Place] = Counter((e.entity, e.start, e.end) for e in self.understood.entities)
        right = (wanted & found).total()
        return Counts(right, found.total() - right, wanted.total() - right)


def is_topic(intent: str) -> bool:
    """Whether an intent is a question that there is an answer to."""
    return intent.startswith(_FAQ)


def _same(value: str) -> str:
    return " ".join(value.casefold().split())
