"""python-telegram-bot's errors become the channel's: a code, and whether to try again.

The words of an error are compared and then forgotten: they may hold an address or an answer of the platform. Nor is the original error
kept as the new one's cause: it may carry the token.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.base import ChannelError, Refused, TryLater

T = TypeVar("T")

UNAUTHORIZED = "telegram_token_refused"
CONFLICT = "telegram_conflict"
CONFLICT_WEBHOOK = "telegram_conflict_webhook"
GONE = "telegram_message_gone"
UNCHANGED = "telegram_message_unchanged"

# Seconds until a wrong token is tried again: somebody has to change the configuration first.
_TOKEN_PAUSE = 60.0

# What Telegram's descriptions say → our code. They are undocumented and change now and then: no whole sentence is relied on.
_REFUSALS = (
    ("chat not found", "telegram_chat_not_found"),
    ("message to delete not found", GONE),
    ("message can't be deleted", "telegram_delete_not_allowed"),
    ("message is not modified", UNCHANGED),
    ("message to edit not found", GONE),
    ("message can't be edited", "telegram_edit_not_allowed"),
    ("message identifier is not specified", "telegram_ref_invalid"),
    ("message_id_invalid", "telegram_ref_invalid"),
    ("file is too big", "telegram_file_too_big"),
    ("wrong file", "telegram_file_gone"),
    ("invalid file", "telegram_file_gone"),
    ("temporarily unavailable", "telegram_file_gone"),
    ("message is too long", "telegram_text_too_long"),
    ("message text is empty", "telegram_text_empty"),
    ("text must be non-empty", "telegram_text_empty"),
    ("button_data_invalid", "telegram_button_invalid"),
    ("reply markup", "telegram_button_invalid"),
    ("reply_markup", "telegram_button_invalid"),
    ("query is too old", "telegram_tap_expired"),
    ("query_id_invalid", "telegram_tap_expired"),
)
_FORBIDDEN = (
    ("blocked by the user", "telegram_blocked"),
    ("user is deactivated", "telegram_user_gone"),
    ("can't initiate conversation", "telegram_never_started"),
)


def channel_error(error: TelegramError) -> ChannelError:
    """The channel's error for one of python-telegram-bot's. Never holds the original's words."""
    said = error.message.lower()
    match error:
        case RetryAfter():
            return TryLater("telegram_flood", after=_seconds(error))
        case InvalidToken() | EndPointNotFound():  # 401 or 404: the message itself is not at fault
            return TryLater(UNAUTHORIZED, after=_TOKEN_PAUSE)
        case Forbidden():
            return Refused(_code(_FORBIDDEN, said, "telegram_forbidden"))
        case ChatMigrated():
            return Refused("telegram_chat_migrated")
        case Conflict():
            return TryLater(CONFLICT_WEBHOOK if "webhook" in said else CONFLICT)
        case BadRequest():  # before NetworkError, whose subclass it is
            return Refused(_code(_REFUSALS, said, "telegram_bad_request"))
        case TimedOut():  # may have been taken all the same: a retry can then double it (docs/architecture.md)
            return TryLater("telegram_timed_out")
        case NetworkError():
            return TryLater("telegram_unreachable")
        case _:
            return TryLater("telegram_bad_answer")


async def call(awaitable: Awaitable[T]) -> T:
    """Awaits a call of the Bot and gives its result. Raises TryLater or Refused."""
    problem: ChannelError
    try:
        return await awaitable
    except TelegramError as error:
        problem = channel_error(error)
    except (KeyError, TypeError, AttributeError):  # an answer without "result", or of another shape than the Bot API's
        problem = TryLater("telegram_bad_answer")
    raise problem  # outside the `except`: the new error must not carry the old one in its context


def _code(table: tuple[tuple[str, str], ...], said: str, otherwise: str) -> str:
    return next((code for phrase, code in table if phrase in said), otherwise)


def _seconds(error: RetryAfter) -> float:
    # `RetryAfter.retry_after` warns of its own future type on every use; the value below is that future type.
    pause = error._retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)
