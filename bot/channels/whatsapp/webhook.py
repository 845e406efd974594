"""Twilio's two doors: messages, and what became of ours. The signature is checked before anything else is looked at."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.routing import Route
from starlette.types import Receive, Scope
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bot.channels.base import Mailroom, Reports
from bot.channels.door import Door, Rejected
from bot.channels.whatsapp.channel import STATUS_PATH, WhatsApp
from bot.channels.whatsapp.errors import status_code

log = logging.getLogger(__name__)

PATH = "/webhooks/whatsapp"
# 1,600 characters, form-encoded, stay below 20 KB; a vCard and ten media addresses below 100.
BODY_LIMIT = 256 * 1024
_FIELDS = 200

# What Twilio says → what we keep (https://www.twilio.com/docs/messaging/api/message-resource#message-status-values).
_STATUSES = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed", "undelivered": "failed"}
_ROW = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)

Form = ImmutableMultiDict[str, str]


def routes(mailroom: Mailroom, reports: Reports, whatsapp: WhatsApp, *, public_url: str, auth_token: str) -> list[Route]:
    """POST /webhooks/whatsapp and POST /webhooks/whatsapp/status.

    200 once what was told is durable (also for a redelivery, and for what is nothing for us); 503 if it could not be stored. 403 without
    Twilio's signature over the public address. 400, 408, 413 with `{"error": code}`.
    """
    validator = RequestValidator(auth_token)

    async def message(form: Form, query: Form) -> None:
        for received in whatsapp.parse_all(dict(form)):
            await mailroom.receive(received)

    async def status(form: Form, query: Form) -> None:
        row, told = query.get("row", ""), _STATUSES.get(form.get("MessageStatus", "").casefold())
        if told is None or not _ROW.fullmatch(row) or int(row) >= 2**63:
            return  # queued, sending, or nothing that we asked for
        await reports.report(whatsapp.name, int(row), told, status_code(form.get("ErrorCode", "")) if told == "failed" else "")

    return [
        Route(path, Webhook(validator, f"{public_url.rstrip('/')}{path}", work), methods=["POST"], name=name)
        for path, work, name in ((PATH, message, "whatsapp_webhook"), (STATUS_PATH, status, "whatsapp_status"))
    ]


class Webhook(Door):
    """The ASGI application behind a route. `url` is its address as Twilio knows it, `work` what is done with a form that is Twilio's."""

    limit = BODY_LIMIT

    def __init__(self, validator: RequestValidator, url: str, work: Callable[[Form, Form], Awaitable[None]]) -> None:
        self._validator, self._url, self._work = validator, url, work

    async def take(self, scope: Scope, receive: Receive) -> None:
        """One form. Raises Rejected."""
        signatures = [value for name, value in scope["headers"] if name == b"x-twilio-signature"]
        if len(signatures) != 1:  # the validator raises on a missing one
            raise Rejected(403, "bad_signature")
        query = scope["query_string"].decode("latin-1")
        form = _form(await self.body(scope, receive))
        url = f"{self._url}?{query}" if query else self._url
        if form is None or not self._validator.validate(url, form, signatures[0].decode("latin-1")):
            raise Rejected(403, "bad_signature")
        asked = _form(query.encode("latin-1"))
        if asked is None:
            raise Rejected(400, "malformed")
        try:
            await self._work(form, asked)
        except Exception as error:  # whatever it is: Twilio is told that it was not taken; the error's words may hold a person's
            log.error("whatsapp_store_failed", extra={"error": type(error).__name__})
            raise Rejected(503, "not_stored") from None


def _form(body: bytes) -> Form | None:
    """The fields as a multidict: blank values and repeated names are part of what was signed. None if it is no form."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        return None
    return ImmutableMultiDict(pairs)
