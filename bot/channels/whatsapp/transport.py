"""The HTTP transport under twilio's client, and silence about what passes through it.

twilio's own transports log each address (a telephone number is in it) and keep the last request and answer in memory; this one does
neither. See docs/decisions/whatsapp.md.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

TIMEOUT = httpx.Timeout(20.0, connect=5.0, pool=10.0)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=30.0)


@dataclass(slots=True)
class Heard:
    """What twilio's exceptions do not carry of the last answer: its status for a list that could not be had, and its Retry-After."""

    status: int = 0
    after: float = 0.0


# That of the present task's call.
heard: contextvars.ContextVar[Heard | None] = contextvars.ContextVar("heard", default=None)


class HttpxClient(AsyncHttpClient):  # type: ignore[misc]  # twilio has no types
    """twilio's asynchronous transport, over an httpx client of ours."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self._client = client

    async def request(
        self, method: str, uri: str, params: Mapping[str, object] | None = None, data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None, timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:  # fmt: skip
        """One call. Raises httpx.HTTPError."""
        headers = dict(headers or {})
        given: dict[str, Any] = {}
        if data is not None and "json" in headers.get("Content-Type", ""):
            given["json"] = data
        elif data:
            given["data"] = {name: _written(value) for name, value in data.items()}
        answer = await self._client.request(
            method.upper(), uri, params={name: str(value) for name, value in (params or {}).items()} or None, headers=headers,
            auth=auth, timeout=TIMEOUT if timeout is None else timeout, follow_redirects=allow_redirects, **given,
        )  # fmt: skip
        noted = heard.get()
        if noted is not None:
            noted.status, noted.after = answer.status_code, _seconds(answer.headers.get("retry-after", ""))
        return Response(answer.status_code, answer.text, answer.headers)


def new_client() -> httpx.AsyncClient:
    """The pool of connections to Twilio."""
    return httpx.AsyncClient(timeout=TIMEOUT, limits=_LIMITS, follow_redirects=False)


def quiet_loggers() -> None:
    """Silences the loggers that would write a number or people's words, whatever the level of the root logger."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    logging.getLogger("twilio").setLevel(logging.CRITICAL + 1)


def _written(value: object) -> object:
    return [str(each) for each in value] if isinstance(value, list | tuple) else str(value)


def _seconds(value: str) -> float:
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() and len(value) < 6 else 0.0
