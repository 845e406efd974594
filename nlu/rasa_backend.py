"""The model behind a Rasa server: one masked sentence over HTTP, at most a second and a half, and never an error.

Rasa may be starting, busy, hanging or gone. Whoever wrote must be answered all the same: then `parse` gives None at once, or after
`SECONDS` at the latest, and what works without a model stands in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import httpx
import orjson

from flows.message import Understanding
from nlu.breaker import Breaker
from nlu.mask import mask
from nlu.rasa_answer import AnswerError, read_answer
from nlu.thresholds import Thresholds

log = logging.getLogger(__name__)

SECONDS = 1.5  # that a person waits for the model, all in all
AT_ONCE = 16  # questions on their way: Rasa answers one after the other
LARGEST = 256 * 1024  # bytes of an answer; Rasa's own have about ten thousand
_KEPT_ALIVE = 3.0  # seconds: Rasa's server closes a quiet connection after five, and what is sent into that moment is lost


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    LATE = "late"
    FAILED = "failed"  # refused, broken off, or no answer of Rasa
    LEFT_OUT = "left_out"  # not asked: Rasa is not up, or has failed too often a moment ago


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a Rasa server listens (`http://127.0.0.1:5005`), and the token that it wants."""

    url: str
    token: str = field(default="", repr=False)


class RasaBackend:
    """`IntentBackend` over HTTP. `where` gives the server to ask now, None while there is none; `count` hears of every question's outcome
    and how many seconds it took. `close` it in the end."""

    def __init__(
        self, where: Callable[[], Endpoint | None], thresholds: Thresholds, *, count: Callable[[Outcome, float], None] | None = None,
        breaker: Breaker | None = None, seconds: float = SECONDS,
    ) -> None:  # fmt: skip
        self._where, self._thresholds, self._seconds = where, thresholds, seconds
        self._count = count or (lambda outcome, took: None)
        self._breaker = breaker or Breaker()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._client: httpx.AsyncClient | None = None

    async def parse(self, text: str, language: str) -> Understanding | None:
        """What the model understands, or None when it cannot say now. `language` is not sent: one model serves all of them."""
        endpoint, sent = self._where(), mask(text)
        if endpoint is None or not sent.text or not self._breaker.enter():
            self._count(Outcome.LEFT_OUT, 0.0)
            return None
        begun, outcome, found = time.monotonic(), None, None
        try:
            async with asyncio.timeout(self._seconds), self._slots:
                body = await self._ask(endpoint, sent.text)
            found = read_answer(body, sent=sent, text=text, thresholds=self._thresholds)
            outcome = Outcome.ANSWERED
        except (TimeoutError, httpx.TimeoutException):
            outcome = Outcome.LATE
        except (AnswerError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError):
            outcome = Outcome.FAILED
        finally:
            if outcome is None:
                self._breaker.left()
        self._told(outcome, time.monotonic() - begun)
        return found

    def _told(self, outcome: Outcome, took: float) -> None:
        self._count(outcome, took)
        if outcome is Outcome.ANSWERED:
            self._breaker.succeeded()
        elif self._breaker.failed():
            log.warning("nlu_paused", extra={"code": outcome.value})

    async def _ask(self, endpoint: Endpoint, text: str) -> bytes:
        """The answer's bytes. Raises AnswerError if there are too many of them or the server refuses."""
        if self._client is None:
            # trust_env: no proxy of the machine may come between, and no .netrc.
            self._client = httpx.AsyncClient(
                trust_env=False, timeout=self._seconds, headers={"accept-encoding": "identity"},
                limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=_KEPT_ALIVE),
            )  # fmt: skip
        request = self._client.build_request(
            "POST", f"{endpoint.url}/model/parse", params={"token": endpoint.token} if endpoint.token else None,
            content=orjson.dumps({"text": text.encode("utf-8", "replace").decode()}), headers={"content-type": "application/json"},
        )  # fmt: skip
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != httpx.codes.OK:
                raise AnswerError("refused")
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > LARGEST:
                    raise AnswerError("too large")
            return bytes(body)
        finally:
            await answer.aclose()

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
