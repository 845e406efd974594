"""The Telegram channel: sends, deletes, acknowledges. What comes in is read by `update`, fetched by `poller` or taken by `webhook`."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest

from bot.channels.base import ChannelError, Limits, Received, Refused, TryLater
from bot.channels.bubble import body, pieces, utf16_length, whole_unicode
from bot.channels.telegram.errors import GONE, UNCHANGED, call
from bot.channels.telegram.transport import QuietRequest, downloaded, quiet_loggers
from bot.channels.telegram.update import CHANNEL, Ignored, read_update
from flows.message import Choice, Outbound

log = logging.getLogger(__name__)

DEFAULT_BASE_URL = "https://api.telegram.org/bot"
# Asked of Telegram, so that nothing else even travels to us.
ALLOWED_UPDATES = ("message", "callback_query")

# A keyboard of more buttons than this is refused (REPLY_MARKUP_TOO_LONG; the Bot API does not document it).
_BUTTONS = 100
# Two answers this short stand side by side on the narrowest phone ("Ya" / "Tidak").
_SHORT = 12
# Shown with the location button. The channel holds no words of its own in any language, so this one is in both.
_LOCATION_TEXT = "📍 Lokasi · Location"
_LOCATION_BUTTON = "📍 Kirim lokasi · Send location"

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
_REF = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_ADDRESS = re.compile(r"-?[1-9][0-9]{0,18}", re.ASCII)


class Telegram:
    """Telegram's Bot API as a Channel.

    `token` and `base_url` as python-telegram-bot's Bot takes them. `request` and `updates_request` replace the HTTP transport for sending
    and for fetching (a benchmark counts with one), `download` that for files. `paced` keeps the bot under Telegram's 30 messages a second.
    """

    name = CHANNEL
    pull = False
    file_is_message = True  # what was sent stands in the person's own chat: it is not taken away because we have it too
    limits = Limits(text=4096, options=_BUTTONS, label=64, id_bytes=64)

    def __init__(
        self,
        *,
        token: str,
        base_url: str = DEFAULT_BASE_URL,
        request: BaseRequest | None = None,
        updates_request: BaseRequest | None = None,
        paced: bool = True,
        download: Callable[[str], AsyncIterator[bytes]] = downloaded,
    ) -> None:
        quiet_loggers()
        self._request = request or QuietRequest(connection_pool_size=64, pool_timeout=10.0)
        self._updates_request = updates_request or QuietRequest(connection_pool_size=2)
        base_file_url = base_url.removesuffix("bot") + "file/bot" if base_url.endswith("/bot") else base_url
        self._file_base = f"{base_file_url}{token}"
        self._download = download
        self._bot: ExtBot[Any] = ExtBot(
            token,
            base_url=base_url,
            base_file_url=base_file_url,
            request=self._request,
            get_updates_request=self._updates_request,
            rate_limiter=AIORateLimiter(max_retries=0) if paced else None,  # retries are the outbox's
        )

    def __repr__(self) -> str:
        return "Telegram()"  # the Bot's own repr shows the token

    # Incoming

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """The message of a private chat in an update; None if there is none. Never raises."""
        try:
            found = read_update(update)
        except Exception as error:  # a fault of ours in one message must not hold up everybody behind it
            log.error("telegram_update_unreadable", extra={"error": type(error).__name__})
            return None
        return None if isinstance(found, Ignored) else found

    async def get_updates(self, *, offset: int | None, wait: int, limit: int = 100) -> list[Any]:
        """What waits at Telegram from update number `offset` on, as raw JSON; waits up to `wait` seconds for something to come.

        Everything before `offset` is thereby confirmed, and Telegram forgets it. Raises TryLater or Refused.
        """
        arguments: dict[str, Any] = {"timeout": wait, "limit": limit, "allowed_updates": list(ALLOWED_UPDATES)}
        if offset is not None:
            arguments["offset"] = offset
        result = await self._raw("getUpdates", arguments, read_timeout=wait + 10.0)
        return result if isinstance(result, list) else []

    async def acknowledge(self, received: Received) -> None:
        """Stops the spinner on a tapped button. Best effort: never raises."""
        if not received.receipt:
            return
        try:
            await call(self._bot.answer_callback_query(received.receipt))
        except ChannelError as error:  # mostly telegram_tap_expired, after an outage
            log.info("telegram_acknowledge_failed", extra={"code": error.code})
        except Exception as error:  # promised: a spinner is no reason to stop
            log.warning("telegram_acknowledge_failed", extra={"error": type(error).__name__})

    # Outgoing

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        """Sends one bubble as plain text, in several messages if it is longer than 4,096; the buttons are under the last one.

        Gives the message ids. Raises TryLater or Refused.
        """
        return await self.send_rest(address, message, ())

    async def send_rest(self, address: str, message: Outbound, sent: Sequence[str]) -> tuple[str, ...]:
        """Like `send`, without the first messages, whose ids are `sent`."""
        chat = _number(_ADDRESS, address, "telegram_address_invalid")
        parts = [part for part in pieces(body(message), self.limits.text, length=utf16_length) if part.strip()]
        if not parts:
            raise Refused("telegram_text_empty")
        keyboard = _keyboard(message.choices)
        last: dict[str, Any] = {"remove_keyboard": True}  # takes away the location button of an earlier question
        if keyboard:
            last = {"inline_keyboard": keyboard}
        elif message.ask_location:
            last = _location_keyboard()
        refs = list(sent)
        try:
            for number in range(len(refs), len(parts)):
                refs.append(await self._send(chat, parts[number], last if number == len(parts) - 1 else None))
        except ChannelError as error:
            error.refs = tuple(refs)
            raise
        if message.ask_location and keyboard:
            # A message carries one keyboard. The options are there already, so the location button comes with a message of its own. If that
            # one fails the question has been asked all the same: to fail here would ask it twice.
            try:
                refs.append(await self._send(chat, _LOCATION_TEXT, _location_keyboard()))
            except ChannelError as error:
                log.info("telegram_location_button_failed", extra={"code": error.code})
        return tuple(ref for ref in refs if ref)

    async def ring(self, address: str, text: str) -> None:
        """Sends a short text with which the telephone makes a sound: to a colleague, never to somebody who may hide. Raises TryLater or
        Refused."""
        await self._send(_number(_ADDRESS, address, "telegram_address_invalid"), text, None, quiet=False)

    async def edit(self, address: str, ref: str, message: Outbound) -> tuple[str, ...]:
        """Changes a sent question: its text and its buttons; one that is so already counts as changed (an answer to us was lost).

        Raises TryLater; Refused if it is gone, too long or older than 48 hours.
        """
        chat, number = _number(_ADDRESS, address, "telegram_address_invalid"), _number(_REF, ref, "telegram_ref_invalid")
        text = body(message)
        if utf16_length(text) > self.limits.text:
            raise Refused("telegram_text_too_long")
        arguments = {"chat_id": chat, "message_id": number, "text": text, "link_preview_options": {"is_disabled": True}}
        try:
            await self._raw("editMessageText", {**arguments, "reply_markup": {"inline_keyboard": _keyboard(message.choices)}})
        except Refused as error:
            if error.code != UNCHANGED:
                raise
        return (ref,)

    async def delete(self, address: str, ref: str) -> None:
        """Deletes a message of either side; one that is gone already counts as deleted.

        Telegram allows it for 48 hours (https://core.telegram.org/bots/api#deletemessage): later it is Refused.
        """
        chat, number = _number(_ADDRESS, address, "telegram_address_invalid"), _number(_REF, ref, "telegram_ref_invalid")
        try:
            await call(self._bot.delete_message(chat, number))
        except Refused as error:
            if error.code != GONE:
                raise

    async def typing(self, address: str) -> None:
        """Shows "typing" in the chat, for five seconds or until a message comes (sendChatAction). Raises TryLater or Refused."""
        await self._raw("sendChatAction", {"chat_id": _number(_ADDRESS, address, "telegram_address_invalid"), "action": "typing"})

    # Files

    async def fetch(self, handle: str) -> AsyncIterator[bytes]:
        """The bytes of a file in pieces. Raises TryLater; Refused if it is gone, or too big (Telegram lets a bot fetch 20 MB)."""
        _, _, file_id = _handle(handle)
        told = await self._raw("getFile", {"file_id": file_id})
        path = told.get("file_path") if isinstance(told, dict) else None
        if not isinstance(path, str) or not path:
            raise TryLater("telegram_bad_answer")
        # The address has the token in it. It is given to the transport and to nobody else, and no error of the transport is passed on.
        address = f"{self._file_base}/{quote(path)}"
        async for piece in self._download(address):
            yield piece

    async def drop(self, handle: str) -> None:
        """Deletes the message that the file is in. Raises TryLater or Refused."""
        chat, number, _ = _handle(handle)
        await self.delete(chat, number)

    async def close(self) -> None:
        """Ends connections."""
        await self._request.shutdown()
        if self._updates_request is not self._request:
            await self._updates_request.shutdown()

    # Set-up

    async def username(self) -> str:
        """The bot's name, without the @. Raises TryLater or Refused."""
        return str((await call(self._bot.get_me())).username or "")

    async def set_webhook(self, url: str, secret: str) -> None:
        """Has Telegram deliver to `url` with `secret` in a header. Nothing that waits is dropped. Raises TryLater, Refused, ValueError."""
        check_secret(secret)
        await call(
            self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False, max_connections=40)
        )

    async def delete_webhook(self) -> None:
        """Goes back to polling; what waits is kept. Raises TryLater or Refused."""
        await call(self._bot.delete_webhook(drop_pending_updates=False))

    async def _send(self, chat: int, text: str, markup: dict[str, Any] | None, *, quiet: bool = True) -> str:
        """`quiet`: the phone must not ring in the pocket of somebody who hides; the message shows all the same."""
        arguments: dict[str, Any] = {
            "chat_id": chat,
            "text": text,
            "link_preview_options": {"is_disabled": True},
            "disable_notification": quiet,
        }
        if markup is not None:
            arguments["reply_markup"] = markup
        result = await self._raw("sendMessage", arguments)
        number = result.get("message_id") if isinstance(result, dict) else None
        return str(number) if isinstance(number, int) and number > 0 else ""

    async def _raw(self, method: str, arguments: dict[str, Any], *, read_timeout: float | None = None) -> Any:
        """One call whose answer is left as JSON. See docs/decisions/telegram.md for why not `send_message` and `get_updates`."""
        # `do_api_request` warns whenever the Bot has a method of that name. A name with other capitals than the Bot's goes through
        # unwarned, and is turned into the same "sendMessage" (`send_Message`, `edit_Message_Text`).
        name = re.sub("(?=[A-Z])", "_", method)
        patience = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
        return await call(self._bot.do_api_request(name, api_kwargs=arguments, read_timeout=patience))


def check_secret(secret: str) -> None:
    """Raises ValueError if Telegram would not take this as a webhook's secret (1 to 256 of A-Z a-z 0-9 _ -)."""
    if not _SECRET.fullmatch(secret):
        raise ValueError("the webhook secret must be 1 to 256 characters of A-Z, a-z, 0-9, _ and -")


def _keyboard(choices: tuple[Choice, ...]) -> list[list[dict[str, str]]]:
    """Inline buttons, one a row so that nothing is cut off; two short answers share a row. What cannot be a button has its number still."""
    buttons = [
        {"text": whole_unicode(choice.label) if choice.label.strip() else str(number), "callback_data": choice.id}
        for number, choice in enumerate(choices[:_BUTTONS], 1)
        if 1 <= len(choice.id.encode("utf-8", "replace")) <= 64
    ]
    if len(buttons) == 2 and all(len(button["text"]) <= _SHORT for button in buttons):
        return [buttons]
    return [[button] for button in buttons]


def _location_keyboard() -> dict[str, Any]:
    return {
        "keyboard": [[{"text": _LOCATION_BUTTON, "request_location": True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


def _handle(handle: str) -> tuple[str, str, str]:
    """(chat, message, file id) of a handle. Raises Refused."""
    parts = handle.split("/", 2)
    if len(parts) != 3 or not parts[2]:
        raise Refused("telegram_file_invalid")
    return parts[0], parts[1], parts[2]


def _number(shape: re.Pattern[str], value: str, code: str) -> int:
    if not shape.fullmatch(value):
        raise Refused(code)
    return int(value)
