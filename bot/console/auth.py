"""Who is asking: the one door of every request to the console but those that let people in.

`signed_in` gives the staff member behind a request, or raises; what it raises becomes an answer by `HANDLERS`, which the application
registers. A request that changes something must carry the session's token in `X-CSRF`, and come from our own page: that is looked at
here, so that no route can forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from bot.console.body import HEADERS, BadRequest, answer
from bot.desk.errors import Refused
from bot.desk.session import Open
from bot.desk.throttle import TooFast

CSRF_HEADER = "x-csrf"
BY_ITSELF_HEADER = "x-by-itself"  # the page asks, and nobody has touched it for a minute
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Staff:
    """Somebody who is signed in. `name` is what they sign in with, `shown` what others see; `role` as in `actions.access`."""

    id: bytes
    unit_id: bytes
    role: str
    name: str
    shown: str
    session_id: bytes


class NotSignedIn(Exception):
    """There is no session, or it is over: 401. The page asks for the passphrase."""


class NotAdmitted(Exception):
    """Signed in, and nobody has admitted this person yet: 403. The page shows the words that a lead has to hear."""


class Forged(Exception):
    """Something that our own page, unlocked with the passphrase, did not ask for: 403."""


class Sessions(Protocol):
    """What `signed_in` asks, at `request.app.state.sessions` (`bot.console.sessions`)."""

    async def of(self, request: Request) -> tuple[Staff, bool, Open]:
        """Who is asking, whether a lead has admitted them, and the session. Raises NotSignedIn."""

    def csrf_matches(self, token: str, expected: bytes) -> bool:
        """Whether a CSRF token is the session's."""

    async def used(self, session: Open) -> None:
        """A person did something, so the session is not idle."""


def from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site's page makes this request (Fetch Metadata; where a browser sends none, `Origin`)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host", "")


async def signed_in(request: Request, *, active: bool = True, waiting: bool = False, proved: bool = True) -> Staff:
    """Who is asking, from a page that has proved the passphrase: it sends the token that it got for it, with everything. So a cookie alone
    reads nothing and does nothing. `proved` is False for what a page does before that, and for the stream of events, which can carry none.

    `active` is False for what the page always does by itself (heartbeats, the event stream): such a request does not keep a session alive,
    nor does any that says that nobody touches the page, nor one without the token: whoever has the cookie alone keeps nothing open.
    `waiting` lets in who has not been admitted yet. Raises NotSignedIn, NotAdmitted or Forged.
    """
    sessions: Sessions = request.app.state.sessions
    staff, admitted, session = await sessions.of(request)
    token = request.headers.get(CSRF_HEADER, "")
    if request.method not in _READING and from_elsewhere(request):
        raise Forged
    if proved and not sessions.csrf_matches(token, session.csrf):
        raise Forged
    if proved and active and BY_ITSELF_HEADER not in request.headers:
        await sessions.used(session)
    if not admitted and not waiting:
        raise NotAdmitted
    return staff


def _refusal(status: int, code: str) -> Any:
    async def refusal(request: Request, error: Exception) -> Response:
        return _said(request, status, code)

    return refusal


def _said(request: Request, status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    if request.url.path.startswith("/console/f/"):  # a fragment has no body to say it in
        return Response(status_code=status, headers={**HEADERS, **(headers or {}), "X-Refused": code})
    return answer({"error": code}, status=status, headers=headers)


async def _bad(request: Request, error: Exception) -> Response:
    return _said(request, getattr(error, "status", 400), getattr(error, "code", "bad"))


async def _not_now(request: Request, error: Exception) -> Response:
    seconds = getattr(error, "seconds", 1)
    return _said(request, 429, "too_fast", {"Retry-After": str(seconds)})


_STATUS = {"wrong": 403, "not_allowed": 403, "not_believed": 403, "unknown": 404, "over": 410, "taken": 409, "moved": 409, "only_lead": 409}


async def _refused(request: Request, error: Exception) -> Response:
    code = getattr(error, "code", "refused")
    return _said(request, _STATUS.get(code, 400), code)


HANDLERS: Mapping[Any, Any] = {
    NotSignedIn: _refusal(401, "signed_out"), NotAdmitted: _refusal(403, "not_admitted"), Forged: _refusal(403, "forged"),
    BadRequest: _bad, TooFast: _not_now, Refused: _refused,
}  # fmt: skip
"""What the application answers to what is raised on the way (Starlette's `exception_handlers`)."""
