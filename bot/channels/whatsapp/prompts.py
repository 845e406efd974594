"""Buttons on WhatsApp: a question whose words are all ours, as a Content resource that Twilio stores.

Twilio sends buttons only from a stored resource (https://www.twilio.com/docs/content). So a resource is made for each such question once,
named by the hash of what it says, and its sid remembered. Nothing that a person said is ever in one: `Outbound.fixed` sees to that, and
whatever is not fixed goes as numbered text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from bot.channels.bubble import whole_unicode
from flows.message import Choice, Outbound

# https://www.twilio.com/docs/content/twilio-quick-reply and …/twiliolist-picker: three buttons without approval inside the 24 hours.
BODY = 1024
BUTTONS, BUTTON = 3, 20
ITEMS, ITEM, DESCRIPTION = 10, 24, 72
ID = 200

# What opens the list. The channel holds no words of its own in any language, so this one is in both.
_OPEN_LIST = "Pilih · Choose"
_NUMBERED = re.compile(r"([0-9]{1,9})\.(.+)", re.ASCII | re.DOTALL)


class Stored(Protocol):
    """Which stored prompt of the platform belongs to which words; given by whoever builds the channel."""

    async def find(self, digest: bytes) -> str | None:
        """The platform's name of the prompt with these words, if it was made before."""

    async def keep(self, digest: bytes, sid: str) -> None:
        """Remembers it."""

    async def forget(self, digest: bytes) -> None:
        """It is gone at the platform."""


class Remembered:
    """`Stored` in memory, for a channel without a database behind it."""

    def __init__(self) -> None:
        self._sids: dict[bytes, str] = {}

    async def find(self, digest: bytes) -> str | None:
        """As `Stored`."""
        return self._sids.get(digest)

    async def keep(self, digest: bytes, sid: str) -> None:
        """As `Stored`."""
        self._sids[digest] = sid

    async def forget(self, digest: bytes) -> None:
        """As `Stored`."""
        self._sids.pop(digest, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A question with buttons. `resource` is what Twilio stores; `variables` are filled in at each sending."""

    resource: Mapping[str, Any]
    variables: Mapping[str, str]

    def digest(self, account: str) -> bytes:
        """The name of what is said, in this account."""
        return hashlib.sha256(account.encode() + b"\0" + orjson.dumps(self.resource, option=orjson.OPT_SORT_KEYS)).digest()


def prompt_of(message: Outbound, text: str) -> Prompt | None:
    """The stored question for a bubble whose words are `text` (options numbered in it); None if it goes as text.

    The ids of choices carry the number of the question ("17.yes"), by which a tap on an older question is told from one on the present.
    It alone changes, so it alone is a variable: a number is never empty and never has two lines (error 21656).

    Where several may be ticked there are none: after the first tick the list shows what this person ticked, and a number typed there counts
    for the whole answer. Several numbers in one message are also one message instead of many.
    """
    choices = message.choices
    if not message.fixed or message.many or not choices or not text.strip() or len(text) > BODY or "{{" in text:
        return None
    number, ids = _ids(choices)
    labels = [whole_unicode(choice.label).strip() for choice in choices]
    if not _fit(labels, ids, choices):
        return None
    if len(choices) <= BUTTONS and all(len(label) <= BUTTON for label in labels):
        actions = [{"type": "QUICK_REPLY", "title": label, "id": each} for label, each in zip(labels, ids, strict=True)]
        types: dict[str, Any] = {"twilio/quick-reply": {"body": text, "actions": actions}}
    elif len(choices) <= ITEMS and all(len(label) <= ITEM for label in labels):
        items = [_item(label, each, choice.description) for label, each, choice in zip(labels, ids, choices, strict=True)]
        types = {"twilio/list-picker": {"body": text, "button": _OPEN_LIST, "items": items}}
    else:
        return None
    resource: dict[str, Any] = {"language": message.language or "id", "types": types}
    if number:
        resource["variables"] = {"1": "1"}  # the example that Twilio asks for
    return Prompt(resource=resource, variables={"1": number} if number else {})


def _ids(choices: Sequence[Choice]) -> tuple[str, list[str]]:
    """The number that all ids begin with, and the ids with a variable in its place; no number if they have none in common."""
    found = [_NUMBERED.fullmatch(choice.id) for choice in choices]
    numbers = {match[1] if match else "" for match in found}
    if len(numbers) == 1 and "" not in numbers:
        return numbers.pop(), [f"{{{{1}}}}.{match[2]}" for match in found if match]
    return "", [choice.id for choice in choices]


def _fit(labels: list[str], ids: list[str], choices: Sequence[Choice]) -> bool:
    if len(set(labels)) < len(labels) or any("{{" in label for label in labels) or any("{{" in choice.id for choice in choices):
        return False
    return all(labels) and all(0 < len(each) <= ID and each.isprintable() for each in ids)


def _item(label: str, identity: str, description: str) -> dict[str, str]:
    item = {"item": label, "id": identity}
    described = whole_unicode(description).strip()
    if described and len(described) <= DESCRIPTION and "{{" not in described:
        item["description"] = described
    return item
