"""Several texts of one turn → as few bubbles as fit.

WhatsApp takes about one message per 6 s and recipient, and a child who is hiding should feel
one vibration: one bubble a turn where it fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flows.message import Outbound

BUBBLE = 1000  # below the 1,024 characters of a WhatsApp button message, the shortest limit of all platforms


def length(message: Outbound) -> int:
    """How long a bubble is with its options numbered in the text, in characters."""
    listed = sum(len(choice.label) + 4 + (len(choice.description) + 3 if choice.description else 0) for choice in message.choices)
    return len(message.text) + listed


def merge(messages: Iterable[Outbound]) -> tuple[Outbound, ...]:
    """The same texts in the same order in fewer bubbles. A bubble with choices ends one: nothing is put after its buttons."""
    merged: list[Outbound] = []
    for message in messages:
        last = merged[-1] if merged else None
        joins = last is not None and not last.choices and not last.ask_location and not last.accept and last.language == message.language
        if last is not None and joins and length(last) + 2 + length(message) <= BUBBLE:
            numbers = tuple(dict.fromkeys((*last.numbers, *message.numbers)))
            merged[-1] = replace(
                message, text=f"{last.text}\n\n{message.text}", numbers=numbers, code=message.code or last.code,
                fixed=message.fixed and last.fixed,
            )  # fmt: skip
        else:
            merged.append(message)
    return tuple(merged)
