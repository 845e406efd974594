"""What a person sent, and what it means. Danger is listened for in every word, by phrases alone and before any definition sees it; a model
is asked only about what the definitions could make nothing of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot.metrics import DANGER
from bot.vault.receipt_reader import looks_like_receipt
from flows.asides import leads
from flows.message import RECEIPT, Danger, Inbound, InboundKind, Understanding
from flows.session import Session
from flows.signals import Said


class Understands(Protocol):
    """Text → what it means."""

    def danger(self, text: str) -> Danger | None:
        """What the danger phrases of all languages hear: at once, without a model."""

    def in_care(self, text: str) -> bool:
        """Whether an adult tells of a child in their care."""

    async def understand(self, text: str, language: str) -> Understanding:
        """Never raises; without a model it still hears danger."""


class Hearing:
    """Decides what of a message is listened to for what."""

    def __init__(self, understander: Understands) -> None:
        self._understander = understander

    async def said(self, message: Inbound, session: Session) -> Said:
        """The message with what the danger phrases hear in it. A tap means what its button says, and is not looked at."""
        if not message.text or message.kind is InboundKind.TAP:
            return Said(message=message, understanding=Understanding())
        if looks_like_receipt(message.text):
            # One code in two hundred sounds like a cry to the danger phrases ("… ulat cair …"): a code is no sentence.
            return Said(message=message, understanding=Understanding(text=message.text, intent=RECEIPT, confidence=1.0))
        danger = self._understander.danger(message.text)
        if danger is not None:
            DANGER.labels(danger.value).inc()
        in_care = danger is not None and self._understander.in_care(message.text)
        return Said(message=message, understanding=Understanding(text=message.text, danger=danger, in_care=in_care))

    async def meant(self, said: Said, session: Session) -> Said | None:
        """A message that puzzled the definitions, with what a model makes of it; None where it makes nothing of it, or there is none."""
        understanding = await self._understander.understand(said.message.text, session.language)
        if not leads(understanding):
            return None
        if understanding.danger is not None:
            DANGER.labels(understanding.danger.value).inc()
        return replace(said, understanding=understanding)
