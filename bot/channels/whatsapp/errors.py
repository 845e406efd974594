"""twilio's and httpx's errors become the channel's: a code, and whether to try again.

The words of an error are never kept, nor the original as the new one's cause: both may carry a number or a message.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TypeVar

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]

from bot.channels.base import ChannelError, Refused, TryLater
from bot.channels.whatsapp.transport import Heard, heard

T = TypeVar("T")

GONE = "whatsapp_message_gone"
NO_CONTENT = "whatsapp_content_gone"
BUSY = "whatsapp_20009"

_CONFIGURATION_PAUSE = 60.0  # seconds: somebody has to change a setting first
_RATE_PAUSE = 2.0  # where Twilio asks to slow down without saying for how long
_IN_PROGRESS_PAUSE = 600.0  # error 20009: a message that is on its way cannot be deleted, which can last as long as a phone is off

# Twilio's error codes (https://www.twilio.com/docs/api/errors) that pass: the message itself is not at fault.
_SLOWER = {14107, 20429, 63018, 63038}  # too many at once, the daily limit
_CONFIGURATION = {20003, 20005, 20403, 21212, 21606, 63007, 63020}  # who we are, or the sender: somebody has to act
_STORED_PROMPT = {21655, 21656, 21658, 63013, 63021, 63027}  # the stored prompt or its variables: the words still go as text


class Unauthorized(TryLater):
    """The account or the token is refused."""


def status_code(value: str) -> str:
    """The code of a message that failed: `whatsapp_63016`. Anything that is no number of Twilio's is `whatsapp_failed`."""
    return f"whatsapp_{value}" if re.fullmatch(r"[1-9][0-9]{4}", value, re.ASCII) else "whatsapp_failed"


def channel_error(error: Exception, noted: Heard | None = None) -> ChannelError:
    """The channel's error for one of twilio's or httpx's. `noted` is what the transport heard beside it."""
    noted = noted or Heard()
    match error:
        case TwilioRestException() | TwilioServiceException():
            return _answered(int(error.status or 0), _number(error.code), noted.after)
        case TwilioException() if noted.status >= 400:  # a list: its exception tells nothing
            return _answered(noted.status, 0, noted.after)
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.UnsupportedProtocol():
            return TryLater("whatsapp_unreachable")  # nothing was sent
        case httpx.TimeoutException():
            return TryLater("whatsapp_timed_out", unsure=True)
        case httpx.HTTPError():
            return TryLater("whatsapp_unreachable", unsure=True)
        case _:  # an answer of another shape than Twilio's: it may have been taken
            return TryLater("whatsapp_bad_answer", unsure=True)


def _answered(status: int, code: int, after: float) -> ChannelError:
    if status == 401 or code in _CONFIGURATION:
        refused = status == 401 or code == 20003
        return Unauthorized("whatsapp_account_refused" if refused else f"whatsapp_{code}", after=_CONFIGURATION_PAUSE)
    if code == 20009:
        return TryLater(BUSY, after=_IN_PROGRESS_PAUSE, of_message=True)
    if status == 429 or code in _SLOWER:
        return TryLater("whatsapp_flood", after=after or _RATE_PAUSE)
    if status >= 500:  # it may have been taken all the same
        return TryLater("whatsapp_fault", after=after, unsure=True)
    if code in _STORED_PROMPT:
        return Refused(NO_CONTENT)
    if status == 404 or code == 20404:
        return Refused(GONE)
    if 400 <= status < 500:
        return Refused(f"whatsapp_{code}" if code else "whatsapp_bad_request")
    return TryLater("whatsapp_bad_answer", unsure=True)


def _number(code: object) -> int:
    return code if isinstance(code, int) and 10_000 <= code <= 99_999 else 0


async def call(awaitable: Awaitable[T]) -> T:
    """Awaits a call of the client and gives its result. Raises TryLater or Refused."""
    noted = Heard()
    token = heard.set(noted)
    try:
        return await awaitable
    except (TwilioException, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = channel_error(error, noted)
    finally:
        heard.reset(token)
    raise problem  # outside the `except`: the new error must not carry the old one in its context
