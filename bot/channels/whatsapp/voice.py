"""The telephone chain over Twilio's Calls API: a number rings, and a voice says to open the console, or says a code. It knows nothing of
anybody."""

from __future__ import annotations

import re

import httpx
from twilio.rest import Client  # type: ignore[import-untyped]

from bot.channels.base import Refused
from bot.channels.whatsapp.channel import DEFAULT_API_URL
from bot.channels.whatsapp.errors import call
from bot.channels.whatsapp.transport import HttpxClient, new_client, quiet_loggers

RING_SECONDS = 25  # short of most mailboxes; the next in the chain is telephoned a minute later
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
# What a passer-by may hear. Said three times, slowly enough to wake up by.
_SAID = "Kamu dibutuhkan sekarang. Tolong buka Meja petugas."
_CODE = "Ini kodemu: {code}."
_SPOKEN = '<Response><Say language="id-ID" voice="Google.id-ID-Standard-A" loop="3">{said}</Say></Response>'
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)


class Voice:
    """`bot.desk.alarm.Caller`. `sender` is a number of ours that can telephone (+62…): not every WhatsApp sender can."""

    def __init__(
        self, *, account_sid: str, auth_token: str, sender: str, api_url: str = DEFAULT_API_URL, client: httpx.AsyncClient | None = None
    ) -> None:  # fmt: skip
        quiet_loggers()
        self._sender = sender
        self._http = client or new_client()
        self._client = Client(account_sid, auth_token, http_client=HttpxClient(self._http), environment={"": ""})
        self._client.api.base_url = api_url.rstrip("/")

    def __repr__(self) -> str:
        return "Voice()"  # nobody's number, nobody's token

    async def call(self, number: str, *, code: str = "") -> None:
        """Has a number (+62…) ring; with a `code` of up to 12 digits the voice says that. Raises TryLater or Refused."""
        if not _NUMBER.fullmatch(number) or not (code == "" or _DIGITS.fullmatch(code)):
            raise Refused("voice_number_invalid")
        said = _CODE.format(code=", ".join(code)) if code else _SAID  # digit by digit, not as one great number
        twiml = _SPOKEN.format(said=said)
        await call(self._client.calls.create_async(to=number, from_=self._sender, twiml=twiml, timeout=RING_SECONDS))

    async def close(self) -> None:
        """Ends connections."""
        await self._http.aclose()
