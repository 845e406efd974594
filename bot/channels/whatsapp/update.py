"""What Twilio posts about a message, as a form, becomes `Received`s.

Field names: https://www.twilio.com/docs/messaging/guides/webhook-request, and for WhatsApp's own
https://www.twilio.com/docs/whatsapp/api. `ProfileName` and `WaId` are never read: the address is all that an answer needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.channels.base import Received
from bot.channels.bubble import text_of
from flows.message import Inbound, InboundKind, Media

CHANNEL = "whatsapp"
MOST_MEDIA = 10  # files in one message, the most that Twilio passes on

ADDRESS = re.compile(r"whatsapp:\+[1-9][0-9]{5,14}", re.ASCII)
SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}", re.ASCII)
HANDLE = re.compile(r"((?:SM|MM)[0-9a-fA-F]{32})/(ME[0-9a-fA-F]{32})", re.ASCII)
_MEDIA_PATH = re.compile(r"/Accounts/AC[0-9a-fA-F]{32}/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})$", re.ASCII)
_CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}", re.ASCII)


class Ignored(StrEnum):
    """Why a call is nothing for us."""

    MALFORMED = "malformed"  # no message id, or an address that is no WhatsApp number
    REACTION = "reaction"  # somebody put an emoji on a message


def read_form(form: Mapping[str, Any]) -> tuple[Received, ...] | Ignored:
    """The messages in a form: one, or one for each file of a message that has several. Takes anything, and raises nothing.

    The words beside several files go with the first, and so does the message's id at the platform.
    """
    sid, address = text_of(form.get("MessageSid")), text_of(form.get("From"))
    if not SID.fullmatch(sid) or not ADDRESS.fullmatch(address):
        return Ignored.MALFORMED
    if text_of(form.get("MessageType")).casefold() == "reaction":
        return Ignored.REACTION
    found = _content(form)
    return tuple(
        Received(channel=CHANNEL, message_id=sid if not number else f"{sid}/{number}", address=address, inbound=inbound,
                 ref="" if number else sid)
        for number, inbound in enumerate(found)
    )  # fmt: skip


def _content(form: Mapping[str, Any]) -> list[Inbound]:
    # The id of a button, never its title: the title was cut to what WhatsApp shows.
    tap = text_of(form.get("ButtonPayload")) or text_of(form.get("ListId"))
    if tap:
        return [Inbound(kind=InboundKind.TAP, tap=tap)]
    body = text_of(form.get("Body"))
    place = _location(form)
    if place is not None:
        named = ", ".join(part for part in (text_of(form.get("Label")), text_of(form.get("Address"))) if part) or body
        return [Inbound(kind=InboundKind.LOCATION, text=named, location=place)]
    files = _files(form)
    if files:
        return [Inbound(kind=InboundKind.MEDIA, text="" if n else body, media=media) for n, media in enumerate(files)]
    button = text_of(form.get("ButtonText")) or text_of(form.get("ListTitle"))  # a template's button has words and no id of ours
    words = body if body.strip() else button
    if words.strip():
        return [Inbound(kind=InboundKind.TEXT, text=words)]
    # A contact, a poll, a file that Twilio could not take, or nothing at all: a person sent it, so a person gets an answer.
    return [Inbound(kind=InboundKind.UNSUPPORTED)]


def _files(form: Mapping[str, Any]) -> list[Media]:
    count = text_of(form.get("NumMedia"))
    many = int(count) if re.fullmatch(r"[0-9]{1,3}", count, re.ASCII) else 0
    found = []
    for number in range(min(many, MOST_MEDIA)):
        # Only the ids are kept, and the address to fetch from is made of them: nobody can have us fetch from elsewhere.
        path = _MEDIA_PATH.search(text_of(form.get(f"MediaUrl{number}")).partition("?")[0])
        if path is None:
            continue
        said = text_of(form.get(f"MediaContentType{number}")).casefold().partition(";")[0].strip()
        said = said if _CONTENT_TYPE.fullmatch(said) else ""
        kind = {"audio": "voice", "image": "image", "video": "video"}.get(said.partition("/")[0], "document")
        if said in ("text/vcard", "text/x-vcard"):
            continue  # somebody's name and number: not kept
        found.append(Media(kind=kind, handle=f"{path[1]}/{path[2]}", content_type=said))
    return found


def _location(form: Mapping[str, Any]) -> tuple[float, float] | None:
    latitude, longitude = _degrees(form.get("Latitude"), 90), _degrees(form.get("Longitude"), 180)
    return None if latitude is None or longitude is None else (latitude, longitude)


def _degrees(value: object, most: int) -> float | None:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", value, re.ASCII):
        return None
    degrees = float(value)
    return degrees if math.isfinite(degrees) and -most <= degrees <= most else None
