"""The WhatsApp channel: sends, deletes, asks what arrived, fetches files. What comes in is read by `update` and taken by `webhook`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import orjson
from twilio.base import values  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from twilio.rest.content.v1.content import ContentList  # type: ignore[import-untyped]

from bot.channels.base import ChannelError, Limits, Received, Refused, TryLater
from bot.channels.bubble import body, pieces
from bot.channels.whatsapp.errors import GONE, NO_CONTENT, Unauthorized, call
from bot.channels.whatsapp.media import download
from bot.channels.whatsapp.pacing import Pace
from bot.channels.whatsapp.prompts import Prompt, Remembered, Stored, prompt_of
from bot.channels.whatsapp.transport import HttpxClient, new_client, quiet_loggers
from bot.channels.whatsapp.update import ADDRESS, CHANNEL, HANDLE, SID, Ignored, read_form
from flows.message import Outbound

log = logging.getLogger(__name__)

T = TypeVar("T")

DEFAULT_API_URL = "https://api.twilio.com"
_CONTENT_URL = "https://content.twilio.com"
STATUS_PATH = "/webhooks/whatsapp/status"
DAY = 86_400.0
KEPT = 3600.0  # seconds: what passed is deleted at Twilio by then, delivered or not

_MAKING = 5.0  # seconds for making a stored prompt: after that the words go as text
_NO_MAKING = 300.0  # seconds for which no other is tried after one could not be made
_LOOK_BACK = 50  # messages to one person that are looked through
_CLOCKS_DIFFER = 120  # seconds


class WhatsApp:
    """Twilio's Messages and Content APIs as a Channel.

    `sender` is our own address (`whatsapp:+62…`). `public_url` is where Twilio reaches us: without it nothing is reported back. `template`
    is the sid of the approved template that asks a person to write again, if there is one. `stored` remembers the prompts kept at Twilio.

    `state` says how the last call to Twilio went, for /readyz.
    """

    name = CHANNEL
    pull = False
    limits = Limits(text=1_600, options=10, label=24, id_bytes=200)
    window = DAY
    kept = KEPT

    def __init__(
        self, *, account_sid: str, auth_token: str, sender: str, api_url: str = DEFAULT_API_URL, public_url: str = "", template: str = "",
        stored: Stored | None = None, client: httpx.AsyncClient | None = None, pace: Pace | None = None,
    ) -> None:  # fmt: skip
        quiet_loggers()
        self.state = "starting"
        self._account, self._token, self._sender = account_sid, auth_token, sender
        self._api_url = api_url.rstrip("/")
        self._public_url, self._template = public_url.rstrip("/"), template
        self.stored: Stored = stored if stored is not None else Remembered()
        self._http = client or new_client()
        self._pace = pace or Pace()
        # An environment of its own: TWILIO_EDGE and the like of another program on this machine are not ours.
        self._client = Client(account_sid, auth_token, http_client=HttpxClient(self._http), environment={"": ""})
        self._client.api.base_url = self._api_url
        self._client.content.base_url = _CONTENT_URL if self._api_url == DEFAULT_API_URL else self._api_url
        self._making: dict[bytes, asyncio.Lock] = {}
        self._made: dict[bytes, str] = {}
        self._no_making_until = 0.0

    def __repr__(self) -> str:
        return "WhatsApp()"  # nobody's number, nobody's token

    # Incoming

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """The message in Twilio's form; None if there is none. Never raises."""
        found = self.parse_all(update)
        return found[0] if found else None

    def parse_all(self, update: Mapping[str, Any]) -> tuple[Received, ...]:
        """All that is in it: a message with several files is as many. Never raises."""
        try:
            found = read_form(update)
        except Exception as error:  # a fault of ours in one message: it must not come again for ever
            log.error("whatsapp_form_unreadable", extra={"error": type(error).__name__})
            return ()
        return () if isinstance(found, Ignored) else found

    async def acknowledge(self, received: Received) -> None:
        """There is nothing to stop."""

    # Outgoing

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        """Sends one bubble, in several messages if it is longer than 1,600. Gives the message sids. Raises TryLater or Refused."""
        return await self.send_as(0, address, message)

    async def send_as(self, row_id: int, address: str, message: Outbound, sent: Sequence[str] = ()) -> tuple[str, ...]:
        """Like `send`; what becomes of it is reported under `row_id`. Its first messages are not sent again if `sent` has their sids."""
        _checked(ADDRESS, address, "whatsapp_address_invalid")
        parts = _parts(message)
        if not parts:
            raise Refused("whatsapp_text_empty")
        refs = list(sent)
        try:
            if len(refs) < len(parts):
                await self._pace.wait(address, len(parts) - len(refs))
            prompt = prompt_of(message, parts[-1])
            for number in range(len(refs), len(parts)):
                refs.append(await self._one(row_id, address, parts[number], prompt if number == len(parts) - 1 else None))
        except ChannelError as error:
            error.refs = tuple(refs)
            raise
        return tuple(refs)

    async def _one(self, row_id: int, address: str, text: str, prompt: Prompt | None) -> str:
        if prompt is not None:
            digest = prompt.digest(self._account)
            sid = await self._sid_of(prompt, digest)
            if sid is not None:
                variables = orjson.dumps(dict(prompt.variables)).decode() if prompt.variables else values.unset
                try:
                    return await self._create(row_id, address, content_sid=sid, content_variables=variables)
                except Refused as error:
                    if error.code != NO_CONTENT:
                        raise
                # Somebody deleted it at Twilio, or it is not as it was: the words go all the same.
                log.warning("whatsapp_prompt_gone")
                self._made.pop(digest, None)
                await self._quietly(self.stored.forget(digest))
        return await self._create(row_id, address, body=text)

    async def _create(self, row_id: int, address: str, **what: Any) -> str:
        callback = f"{self._public_url}{STATUS_PATH}?row={row_id}" if row_id and self._public_url else values.unset
        made = await self._call(
            lambda: self._client.messages.create_async(to=address, from_=self._sender, status_callback=callback, **what)
        )  # fmt: skip
        sid = made.sid
        if not isinstance(sid, str) or not SID.fullmatch(sid):
            raise TryLater("whatsapp_bad_answer", unsure=True)
        return sid

    async def _sid_of(self, prompt: Prompt, digest: bytes) -> str | None:
        """The stored prompt, made now if it is new; None if it could not be made: nobody waits for buttons."""
        known = self._made.get(digest)
        if known is not None:
            return known
        async with self._making.setdefault(digest, asyncio.Lock()):
            known = self._made.get(digest) or await self._quietly(self.stored.find(digest))
            if known is None and time.monotonic() >= self._no_making_until:
                known = await self._make(prompt, digest)
        self._making.pop(digest, None)
        if known is not None:
            self._made[digest] = known
        return known

    async def _make(self, prompt: Prompt, digest: bytes) -> str | None:
        request = ContentList.ContentCreateRequest({"friendly_name": f"ruang-aman-{digest.hex()[:16]}", **prompt.resource})
        try:
            async with asyncio.timeout(_MAKING):
                made = await self._call(lambda: self._client.content.v1.contents.create_async(request))
            sid = made.sid
        except (ChannelError, TimeoutError) as error:
            log.warning("whatsapp_prompt_not_made", extra={"code": error.code if isinstance(error, ChannelError) else "timed_out"})
            sid = None
        if not isinstance(sid, str) or not sid.startswith("HX"):
            self._no_making_until = time.monotonic() + _NO_MAKING
            return None
        await self._quietly(self.stored.keep(digest, sid))
        return sid

    @staticmethod
    async def _quietly(work: Awaitable[T]) -> T | None:
        """Remembering is a convenience: a database that is away must not keep the words back."""
        try:
            return await work
        except Exception as error:
            log.warning("whatsapp_prompt_memory", extra={"error": type(error).__name__})
            return None

    async def invite(self, address: str) -> tuple[str, ...]:
        """Sends the approved template: the only thing that goes when a person has not written for a day. Raises TryLater or Refused."""
        _checked(ADDRESS, address, "whatsapp_address_invalid")
        if not self._template:
            raise Refused("whatsapp_no_template")
        await self._pace.wait(address)
        return (await self._create(0, address, content_sid=self._template),)

    async def sent_already(self, address: str, message: Outbound, since: int, known: Collection[str]) -> tuple[str, ...]:
        """The sids of this bubble's messages, as far as Twilio has them. Raises TryLater or Refused."""
        _checked(ADDRESS, address, "whatsapp_address_invalid")
        found = await self._call(
            lambda: self._client.messages.list_async(to=address, from_=self._sender, limit=_LOOK_BACK, page_size=_LOOK_BACK)
        )  # fmt: skip
        earliest = datetime.fromtimestamp(since - _CLOCKS_DIFFER, UTC)
        there: list[tuple[str, str]] = []
        for one in reversed(found):  # Twilio gives the newest first
            made = one.date_created
            if one.sid not in known and isinstance(one.body, str) and (not isinstance(made, datetime) or made >= earliest):
                there.append((one.sid, _squeezed(one.body)))
        sids = []
        for part in _parts(message):
            match = next((each for each in there if each[1] == _squeezed(part)), None)
            if match is None:
                break
            there.remove(match)
            sids.append(match[0])
        return tuple(sids)

    async def delete(self, address: str, ref: str) -> None:
        """Deletes a message at Twilio, with its files; one that is gone counts as deleted. The person's phone keeps its copy.

        Raises TryLater (error 20009, for ten minutes: it is still on its way) or Refused.
        """
        _checked(SID, ref, "whatsapp_ref_invalid")
        try:
            files = await self._call(lambda: self._client.messages(ref).media.list_async(limit=20))
            for file in files:
                await self._deleted(lambda: self._client.messages(ref).media(file.sid).delete_async())  # noqa: B023  awaited here
            await self._deleted(lambda: self._client.messages(ref).delete_async())
        except Refused as error:
            if error.code != GONE:
                raise

    async def fetch(self, handle: str) -> AsyncIterator[bytes]:
        """A file of a person, in pieces. Raises TryLater or Refused (gone, too large, led elsewhere)."""
        message, file = _handle(handle)
        url = f"{self._api_url}/2010-04-01/Accounts/{self._account}/Messages/{message}/Media/{file}"
        async for piece in download(self._http, url, auth=(self._account, self._token)):
            yield piece

    async def drop(self, handle: str) -> None:
        """Has Twilio delete a file; one that is gone counts as deleted. Raises TryLater or Refused."""
        message, file = _handle(handle)
        await self._deleted(lambda: self._client.messages(message).media(file).delete_async())

    async def check(self) -> None:
        """Asks Twilio who we are. Raises TryLater (`whatsapp_account_refused` if the account or token is wrong) or Refused."""
        await self._call(lambda: self._client.api.v2010.accounts(self._account).fetch_async())

    async def close(self) -> None:
        """Ends connections."""
        await self._http.aclose()

    async def _deleted(self, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            await self._call(work)
        except Refused as error:
            if error.code != GONE:
                raise

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        """One call, and what it tells about the platform's state."""
        try:
            result = await call(work())
        except Unauthorized:
            self.state = "account_refused"
            raise
        except TryLater:
            self.state = "unreachable"
            raise
        self.state = "ok"
        return result


def _parts(message: Outbound) -> list[str]:
    return [part for part in pieces(body(message), WhatsApp.limits.text) if part.strip()]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _checked(shape: Any, value: str, code: str) -> None:
    if not shape.fullmatch(value):
        raise Refused(code)


def _handle(handle: str) -> tuple[str, str]:
    found = HANDLE.fullmatch(handle)
    if found is None:
        raise Refused("whatsapp_handle_invalid")
    return found[1], found[2]
