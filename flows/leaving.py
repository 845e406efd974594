"""What means that somebody has to go at once."""

from __future__ import annotations

from flows.catalogue import Catalogue, fold
from flows.message import Inbound, InboundKind


def leaves(message: Inbound, *, catalogue: Catalogue, exit_word: object) -> bool:
    """Whether a message means leaving at once: the button, a word for it, or the word that the person chose."""
    word = fold(message.text) if message.kind is InboundKind.TEXT else ""
    return message.kind is InboundKind.LEAVE or bool(word and (word == exit_word or catalogue.command(message.text) == "exit"))
