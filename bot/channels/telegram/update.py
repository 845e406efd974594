"""A Telegram update, as raw JSON, becomes a `Received`.

The JSON is read as it comes, not through python-telegram-bot's types: those raise on what they do not know, and one such update would
hold up everybody behind it. Field names: Bot API 10.1, https://core.telegram.org/bots/api#update.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.channels.base import Received
from bot.channels.bubble import text_of, whole_unicode
from flows.message import Inbound, InboundKind, Media

CHANNEL = "telegram"


class Ignored(StrEnum):
    """Why an update is nothing for us."""

    MALFORMED = "malformed"  # not what the Bot API says an update is
    EDITED = "edited"  # see docs/decisions/telegram.md
    NOT_PRIVATE = "not_private"  # groups and channels are not served
    BOT = "bot"  # another bot wrote
    SERVICE = "service"  # Telegram tells of something that happened (timer set, photo changed)
    UNKNOWN = "unknown"  # a kind of update that we did not ask for, or that does not exist yet


# Messages that nobody wrote: to answer "I cannot read this" to somebody who just set the auto-delete timer that we advised would be absurd.
_SERVICE = frozenset(
    {
        "boost_added",
        "channel_chat_created",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "chat_shared",
        "checklist_tasks_added",
        "checklist_tasks_done",
        "connected_website",
        "delete_chat_photo",
        "direct_message_price_changed",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "gift",
        "gift_upgrade_sent",
        "giveaway_completed",
        "giveaway_created",
        "group_chat_created",
        "left_chat_member",
        "managed_bot_created",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "migrate_to_chat_id",
        "new_chat_members",
        "new_chat_photo",
        "new_chat_title",
        "paid_message_price_changed",
        "passport_data",
        "pinned_message",
        "poll_option_added",
        "poll_option_deleted",
        "proximity_alert_triggered",
        "refunded_payment",
        "successful_payment",
        "suggested_post_approval_failed",
        "suggested_post_approved",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "supergroup_chat_created",
        "unique_gift",
        "users_shared",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "write_access_allowed",
    }
)

# Message field → kind of media, in this order: an animation comes with a `document` of the same file, a live photo with a `photo`.
_FILES = (
    ("voice", "voice", "audio/ogg"),
    ("audio", "voice", "audio/mpeg"),
    ("video_note", "video", "video/mp4"),
    ("video", "video", "video/mp4"),
    ("animation", "video", "video/mp4"),
    ("document", "document", ""),
)

# What a link `t.me/<bot>?start=…` may carry (https://core.telegram.org/bots/features#deep-linking).
_START = re.compile(r"/start(?:@\w+)?(?:\s+[A-Za-z0-9_-]{1,64})?\s*", re.IGNORECASE | re.ASCII)
_ADDRESSED = re.compile(r"(/\w+)@\w+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=$|[-_])", re.ASCII)


def read_update(update: object) -> Received | Ignored:
    """The message in an update, or why it holds none for us. Takes anything that JSON can be, and raises nothing."""
    if not isinstance(update, Mapping):
        return Ignored.MALFORMED
    number = _integer(update.get("update_id"))
    if number is None:
        return Ignored.MALFORMED
    if "message" in update:
        return _message(number, update["message"])
    if "callback_query" in update:
        return _tap(number, update["callback_query"])
    if "edited_message" in update:
        return Ignored.EDITED
    return Ignored.UNKNOWN


def _message(number: int, message: object) -> Received | Ignored:
    if not isinstance(message, Mapping):
        return Ignored.MALFORMED
    address = _private(message.get("chat"))
    if isinstance(address, Ignored):
        return address
    sender = message.get("from")
    if isinstance(sender, Mapping) and sender.get("is_bot") is True:
        return Ignored.BOT
    inbound = _content(message, address, _language(sender))
    if isinstance(inbound, Ignored):
        return inbound
    ref = _integer(message.get("message_id"))
    return Received(channel=CHANNEL, message_id=str(number), address=address, inbound=inbound, ref="" if ref is None else str(ref))


def _content(message: Mapping[str, Any], address: str, language: str | None) -> Inbound | Ignored:
    text = text_of(message.get("text"))
    if text:
        if _START.fullmatch(text):
            # The payload of a link is written by whoever made the link, not by the person: it is not taken as their words.
            return Inbound(kind=InboundKind.START, language=language)
        return Inbound(kind=InboundKind.TEXT, text=_ADDRESSED.sub(r"\1", text, count=1) if text[0] == "/" else text, language=language)
    venue = message.get("venue")
    if isinstance(venue, Mapping):
        place = _location(venue.get("location"))
        if place is not None:
            named = ", ".join(part for part in (text_of(venue.get("title")), text_of(venue.get("address"))) if part)
            return Inbound(kind=InboundKind.LOCATION, text=named, location=place, language=language)
    place = _location(message.get("location"))
    if place is not None:
        return Inbound(kind=InboundKind.LOCATION, location=place, language=language)
    caption = text_of(message.get("caption"))
    media = _media(message, address)
    if media is not None:
        return Inbound(kind=InboundKind.MEDIA, text=caption, media=media, language=language)
    if not _SERVICE.isdisjoint(message):
        return Ignored.SERVICE
    # Stickers, contacts, polls, dice, stories, and whatever Telegram invents next: a person sent it, so a person gets an answer.
    # What is in it is not kept, a contact's name and number least of all; only words written beside it are.
    return Inbound(kind=InboundKind.UNSUPPORTED, text=caption, language=language)


def _tap(number: int, query: object) -> Received | Ignored:
    if not isinstance(query, Mapping):
        return Ignored.MALFORMED
    message, data, receipt = query.get("message"), query.get("data"), query.get("id")
    if not isinstance(message, Mapping) or not isinstance(data, str) or not data:
        return Ignored.UNKNOWN  # a game, or a message sent in inline mode: not ours
    address = _private(message.get("chat"))
    if isinstance(address, Ignored):
        return address
    return Received(
        channel=CHANNEL,
        message_id=str(number),
        address=address,
        inbound=Inbound(kind=InboundKind.TAP, tap=whole_unicode(data), language=_language(query.get("from"))),
        receipt=receipt if isinstance(receipt, str) else "",
    )


def _private(chat: object) -> str | Ignored:
    """The address of a chat with one person."""
    if not isinstance(chat, Mapping):
        return Ignored.MALFORMED
    address = _integer(chat.get("id"))
    if address is None:
        return Ignored.MALFORMED
    return str(address) if chat.get("type") == "private" else Ignored.NOT_PRIVATE


def _media(message: Mapping[str, Any], address: str) -> Media | None:
    number = _integer(message.get("message_id"))
    place = f"{address}/{number or 0}/"
    photo = _largest(message.get("photo"))
    if photo is not None:
        return _file(photo, "image", "image/jpeg", place)
    for name, kind, content_type in _FILES:
        found = message.get(name)
        if isinstance(found, Mapping):
            media = _file(found, kind, content_type, place)
            if media is not None:
                return media
    return None


def _file(found: Mapping[str, Any], kind: str, content_type: str, place: str) -> Media | None:
    """The file. Its handle names the message too: Telegram deletes a file with the message that it is in, and not otherwise."""
    handle = text_of(found.get("file_id"))
    if not handle:
        return None
    said = text_of(found.get("mime_type"))
    if kind == "document":  # "send as file" keeps a picture a picture; the type is checked by content once it is fetched
        kind = {"image": "image", "video": "video", "audio": "voice"}.get(said.partition("/")[0], kind)
    size = _integer(found.get("file_size"))
    return Media(kind=kind, handle=place + handle, content_type=said or content_type, size=size if size is not None and size >= 0 else None)


def _largest(sizes: object) -> Mapping[str, Any] | None:
    """The biggest of the sizes in which Telegram offers a photo."""
    if not isinstance(sizes, list):
        return None
    best, area = None, -1
    for size in sizes:
        if isinstance(size, Mapping) and text_of(size.get("file_id")):
            here = (_integer(size.get("width")) or 0) * (_integer(size.get("height")) or 0)
            if here > area:
                best, area = size, here
    return best


def _location(place: object) -> tuple[float, float] | None:
    if not isinstance(place, Mapping):
        return None
    latitude, longitude = _degrees(place.get("latitude"), 90), _degrees(place.get("longitude"), 180)
    return None if latitude is None or longitude is None else (latitude, longitude)


def _degrees(value: object, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -most <= value <= most else None  # NaN is in no range


def _language(sender: object) -> str | None:
    if not isinstance(sender, Mapping):
        return None
    found = _LANGUAGE.match(text_of(sender.get("language_code")).lower())
    return found[0] if found else None


def _integer(value: object) -> int | None:
    """A 64-bit integer; true is not one, and longer ones are not ids (Python refuses to print very long ones)."""
    return value if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63 else None
