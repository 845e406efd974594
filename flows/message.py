"""What comes in from a person and what goes out to one, free of any platform.

Everything here is a frozen value: channels translate a platform's update into an `Inbound`, the engine answers with `Outbound`s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Danger(StrEnum):
    """How a message alarms. `EMERGENCY` beats `SELF_HARM` when both are heard."""

    EMERGENCY = "emergency"
    SELF_HARM = "self_harm"


class InboundKind(StrEnum):
    """What sort of thing a person sent."""

    TEXT = "text"
    TAP = "tap"
    LOCATION = "location"
    MEDIA = "media"
    START = "start"  # opened the chat: /start on Telegram, the first load of the web chat
    LEAVE = "leave"  # the web chat's "leave quickly" button: same as the quick-exit word
    UNSUPPORTED = "unsupported"  # stickers, polls, calls: something we cannot take


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A file that a person sent, before anything of it was fetched.

    `kind` is one of voice, image, video, document. `handle` is what the channel needs to fetch it. `size` is in bytes, if said.
    """

    kind: str
    handle: str
    content_type: str = ""
    size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One message of a person.

    `tap` is the id of the tapped choice exactly as `Choice.id` went out; `text` is what was typed (or a file's caption),
    `location` is (latitude, longitude) in degrees.
    """

    kind: InboundKind
    text: str = ""
    tap: str | None = None
    location: tuple[float, float] | None = None
    media: Media | None = None
    language: str | None = None  # a hint of the platform ("id", "en"), never trusted over what the person chose

    def to_json(self) -> dict[str, Any]:
        """The message as plain JSON values; `from_json` gives it back."""
        body: dict[str, Any] = {"kind": self.kind.value}
        if self.text:
            body["text"] = self.text
        if self.tap is not None:
            body["tap"] = self.tap
        if self.location is not None:
            body["location"] = list(self.location)
        if self.media is not None:
            body["media"] = {
                "kind": self.media.kind,
                "handle": self.media.handle,
                "content_type": self.media.content_type,
                "size": self.media.size,
            }
        if self.language:
            body["language"] = self.language
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Inbound:
        """The message that `to_json` wrote. Raises KeyError or ValueError on anything else."""
        media = body.get("media")
        location = body.get("location")
        return cls(
            kind=InboundKind(body["kind"]),
            text=body.get("text", ""),
            tap=body.get("tap"),
            location=(float(location[0]), float(location[1])) if location else None,
            media=Media(**media) if media else None,
            language=body.get("language"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One option under a prompt. `id` goes to the platform (at most 64 bytes) and comes back in `Inbound.tap`."""

    id: str
    label: str
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """One bubble to a person.

    `choices` are shown as buttons where the platform has them and are always numbered from 1 in the order given.
    `numbers` are telephone numbers named in the text, that a channel may make tappable. `ask_location` offers the platform's
    own "send location" control. `many` says that several choices may be ticked before "done". `wipe` tells a page that holds the talk
    itself to take everything before this bubble away. `replaces` says that it is the question before it in a new state (one more option
    ticked): where the platform can, the old bubble is changed instead. `language` is the one it is written in. `code` is the
    receipt's words, if the text holds them: a channel may set them large, for they are copied by hand. `accept` names the kinds of file
    (voice, image, document) that may be sent in answer: a channel without a clip of its own shows one. `fixed` says that all its words are
    the catalogue's own, so that a platform may keep the question as a template: nothing in it was said by, or found out about, a person.
    `invites` allows, where a platform lets us write only to whoever wrote lately, that they are asked by its approved message to write
    again: never by default, for somebody else may hold the phone.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    numbers: tuple[str, ...] = ()
    ask_location: bool = False
    many: bool = False
    wipe: bool = False
    replaces: bool = False
    language: str = ""
    code: str = ""
    accept: tuple[str, ...] = ()
    fixed: bool = False
    invites: bool = False

    def to_json(self) -> dict[str, Any]:
        """The bubble as plain JSON values; `from_json` gives it back."""
        body: dict[str, Any] = {"text": self.text}
        if self.choices:
            body["choices"] = [[c.id, c.label, c.description] for c in self.choices]
        if self.numbers:
            body["numbers"] = list(self.numbers)
        if self.ask_location:
            body["ask_location"] = True
        if self.many:
            body["many"] = True
        if self.wipe:
            body["wipe"] = True
        if self.replaces:
            body["replaces"] = True
        if self.language:
            body["language"] = self.language
        if self.code:
            body["code"] = self.code
        if self.accept:
            body["accept"] = list(self.accept)
        if self.fixed:
            body["fixed"] = True
        if self.invites:
            body["invites"] = True
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Outbound:
        """The bubble that `to_json` wrote."""
        return cls(
            text=body["text"],
            choices=tuple(Choice(id=c[0], label=c[1], description=c[2]) for c in body.get("choices", ())),
            numbers=tuple(body.get("numbers", ())),
            ask_location=bool(body.get("ask_location")),
            many=bool(body.get("many")),
            wipe=bool(body.get("wipe")),
            replaces=bool(body.get("replaces")),
            language=body.get("language", ""),
            code=body.get("code", ""),
            accept=tuple(body.get("accept", ())),
            fixed=bool(body.get("fixed")),
            invites=bool(body.get("invites")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """A span of the original text that names something (`value` is normalised; `start`, `end` are character offsets)."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding:
    """What a sentence means, as far as it was understood. `confidence` is 0 to 1; `intent` is "unclear" below the threshold. `in_care`:
    an adult tells of a child in their care (a pupil, a patient, their own), and says nothing of themselves: heard with danger only."""

    text: str = ""
    intent: str = "unclear"
    confidence: float = 0.0
    danger: Danger | None = None
    entities: tuple[Entity, ...] = ()
    ranking: tuple[tuple[str, float], ...] = field(default=())
    in_care: bool = False


RECEIPT = "receipt"  # the intent of a message that is nothing but a code: found by the shell, which knows the words
NOTHING_UNDERSTOOD = Understanding()
