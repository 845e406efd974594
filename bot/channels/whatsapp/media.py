"""A person's file, straight from Twilio: in pieces, of limited size, and from nowhere else.

Twilio answers for a file with a redirection to where it lies. It is followed without our credentials, and only to Twilio's own storage.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import httpx

from bot.channels.base import ChannelError, Refused, TryLater
from bot.channels.whatsapp.errors import GONE, Unauthorized, channel_error

# WhatsApp takes up to 16 MB from a person (https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages); a little more fits.
LIMIT = 20 * 1024 * 1024
_REDIRECTIONS = 3
_PIECE = 64 * 1024
_HOSTS = (".twilio.com", ".twiliocdn.com")
_BUCKETS = "s3-external-1.amazonaws.com"  # https://www.twilio.com/docs/usage/security: media lies under /media.twiliocdn.com there
_BUCKET_PATH = "/media.twiliocdn.com/"


async def download(client: httpx.AsyncClient, url: str, *, auth: tuple[str, str]) -> AsyncIterator[bytes]:
    """The bytes at `url`. `auth` goes there alone. Raises TryLater or Refused."""
    problem: ChannelError | None = None
    try:
        where: str = url
        for _ in range(_REDIRECTIONS + 1):
            ours = where == url
            async with client.stream("GET", where, auth=auth if ours else None, follow_redirects=False) as answer:
                if answer.is_redirect:
                    where = _followed(where, answer.headers.get("location", ""), first=url)
                    continue
                _checked(answer)
                size = 0
                async for piece in answer.aiter_bytes(_PIECE):
                    size += len(piece)
                    if size > LIMIT:
                        raise Refused("whatsapp_media_too_large")
                    yield piece
                return
        problem = Refused("whatsapp_media_elsewhere")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        problem = channel_error(error)
    if problem is not None:
        raise problem  # outside the `except`: its context would hold the address


def _followed(where: str, location: str, *, first: str) -> str:
    """Where a redirection leads. Raises Refused if that is not Twilio's."""
    try:
        target = urljoin(where, location)
        parts = urlsplit(target)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("whatsapp_media_elsewhere") from None
    begun = urlsplit(first)
    if target == first:
        raise Refused("whatsapp_media_elsewhere")
    if (parts.scheme, parts.netloc) == (begun.scheme, begun.netloc):
        return target  # the configured host itself, an emulator on this machine too; without our credentials all the same
    known = host.endswith(_HOSTS) or (host == _BUCKETS and parts.path.startswith(_BUCKET_PATH) and ".." not in parts.path)
    if parts.scheme != "https" or not known or parts.username is not None or port not in (None, 443):
        raise Refused("whatsapp_media_elsewhere")
    return target


def _checked(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == 200:
        length = answer.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:12]) > LIMIT:
            raise Refused("whatsapp_media_too_large")
        return
    if status in (401, 403):
        raise Unauthorized("whatsapp_account_refused", after=60.0)
    if status == 429 or status >= 500:
        raise TryLater("whatsapp_fault", after=2.0)
    raise Refused(GONE)
