"""The telephone chain over Twilio's Calls API: a number rings, and a voice says to open the console. It knows nothing of anybody."""

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
_SAID = "Ada yang perlu dilihat di meja. Tolong buka konsol sekarang."
TWIML = f'<Response><Say language="id-ID" voice="Google.id-ID-Standard-A" loop="3">{_SAID}</Say></Response>'


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

    async def call(self, number: str) -> None:
        """Has a number (+62…) ring. Raises TryLater or Refused."""
        if not _NUMBER.fullmatch(number):
            raise Refused("voice_number_invalid")
        await call(self._client.calls.create_async(to=number, from_=self._sender, twiml=TWIML, timeout=RING_SECONDS))

    async def close(self) -> None:
        """Ends connections."""
        await self._http.aclose()
