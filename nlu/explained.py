"""One sentence as each layer understands it, for those who want to see why the bot understood what it did.

The understanding itself is `Understander`'s, the one that the bot uses: this only looks over its shoulder.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from flows.message import Danger, Understanding
from nlu.danger import DangerPhrases
from nlu.mask import mask
from nlu.normalise import tokens
from nlu.understand import IntentBackend, Search, Understander


class By(StrEnum):
    """Who said what a sentence is about."""

    MODEL = "model"
    SEARCH = "search"  # the keyword search, which stands in while there is no model
    PHRASES = "phrases"  # nobody: there are only the danger phrases


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A danger phrase that stands in a sentence, from character `start` to `end`; `silenced` says by what, and is empty if it alarms."""

    danger: Danger
    phrase: str
    file: str
    line: int
    start: int
    end: int
    silenced: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """`together` is the bot's understanding; `phrases` and `model_danger` the danger that each layer alone hears; `sent` what the model
    was sent, None if it did not answer; `words` the words of the masked sentence in their normal form; `seconds` how long it took."""

    together: Understanding
    by: By
    phrases: Danger | None
    model_danger: Danger | None
    findings: tuple[Place, ...]
    sent: str | None
    words: tuple[str, ...]
    seconds: float


class _Overheard:
    """A backend that remembers what it said last."""

    def __init__(self, backend: IntentBackend) -> None:
        self._backend = backend
        self.said: Understanding | None = None

    async def parse(self, text: str, language: str) -> Understanding | None:
        """What the backend says."""
        self.said = await self._backend.parse(text, language)
        return self.said


async def explain(
    text: str, language: str, *, phrases: DangerPhrases, backend: IntentBackend | None, search: Search | None = None
) -> Explained:  # fmt: skip
    """How `text` is understood, and by whom."""
    overheard = _Overheard(backend) if backend is not None else None
    begun = time.perf_counter()
    together = await Understander(phrases, overheard, search).understand(text, language)
    seconds = time.perf_counter() - begun
    said = overheard.said if overheard is not None else None
    by = By.MODEL if said is not None else By.SEARCH if together.ranking else By.PHRASES
    words, masked = tokens(text), mask(text).text
    return Explained(
        together=together, by=by, phrases=phrases.assess(text),
        model_danger=said.danger if said is not None else None, sent=masked if said is not None else None,
        findings=tuple(
            Place(
                danger=found.danger, phrase=found.phrase.text, file=found.phrase.file, line=found.phrase.line, silenced=found.silenced,
                start=words[found.first].start, end=words[found.last].end,
            )
            for found in phrases.explain(text)
        ),
        words=tuple(word.word for word in tokens(masked)), seconds=seconds,
    )  # fmt: skip
