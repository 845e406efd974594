"""Text → `Understanding`: the danger phrases of all languages first, then the model if there is one and it answers, else keywords."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from flows.message import Danger, Understanding
from nlu.danger import DangerPhrases


class IntentBackend(Protocol):
    """A model that says what a sentence is about, such as a Rasa server. It may be slow, absent or wrong."""

    async def parse(self, text: str, language: str) -> Understanding | None:
        """What the model understands, with its own view of danger, or None when it cannot say now (starting, down, too slow).

        Applies its own threshold: `intent` is "unclear" below it. Must not raise for a model that is out of reach.
        """


class Search(Protocol):
    """What stands in while there is no model: finds at once, and never raises."""

    def find(self, text: str) -> Understanding:
        """What the words of `text` tell; "unclear" unless they are clear."""


def worse(one: Danger | None, other: Danger | None) -> Danger | None:
    """The graver of two: an emergency beats self-harm, self-harm beats nothing."""
    if Danger.EMERGENCY in (one, other):
        return Danger.EMERGENCY
    return one or other


class Understander:
    """Understands typed messages. `phrases` are always heard; `backend` adds intent, entities and a second vote on danger; `search` finds
    topics while the backend cannot answer."""

    def __init__(self, phrases: DangerPhrases, backend: IntentBackend | None = None, search: Search | None = None) -> None:
        self._phrases = phrases
        self._backend = backend
        self._search = search

    def danger(self, text: str) -> Danger | None:
        """The danger phrases' verdict alone: at once, without a model. For steps that only listen for danger."""
        return self._phrases.assess(text)

    def in_care(self, text: str) -> bool:
        """Whether an adult tells of a child in their care, for the words of the answer to danger. Without a model."""
        return self._phrases.in_care(text)

    async def understand(self, text: str, language: str) -> Understanding:
        """What `text` means. `language` ("id", "en") is the person's choice; danger is heard in every language whatever it is.

        Either of phrases and model raising danger is enough. Without model and search the intent is "unclear".
        """
        heard = self._phrases.assess(text)
        parsed = await self._backend.parse(text, language) if self._backend is not None else None
        if parsed is None and self._search is not None:
            parsed = self._search.find(text)
        if parsed is None:
            parsed = Understanding(text=text)
        danger = worse(heard, parsed.danger)
        return replace(parsed, text=text, danger=danger, in_care=danger is not None and self._phrases.in_care(text))
