"""What stands before every route of the console: who asks, whether they may, and an answer that says no more than it should.

Which route needs what is `access_table.ROUTES`: an endpoint without a line there cannot be guarded, and so not be served.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from actions.access import Refused, Subject, access
from bot.console.access_table import ROUTES
from bot.console.auth import Forged, NotAdmitted, NotSignedIn, Staff, signed_in
from bot.console.body import BadRequest, read
from bot.console.document import SAFE
from bot.storage.faults import Moved

log = logging.getLogger(__name__)

_MOST_FIELDS = 32
# What the page always does by itself: it does not keep a session alive whose person has gone.
EVENTS = "/console/events"
BY_ITSELF = frozenset(
    {
        EVENTS, "/console/j/presence", "/console/f/queue", "/console/f/hand-off/{id}/head", "/console/f/board",
        "/console/j/overdue",
    }
)  # fmt: skip

Found = Callable[[str, str, bytes], Awaitable[Subject | None]]
Endpoint = Callable[[Request, "Asked"], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who asks, and for what: `subject` has the id of the path where there is one."""

    staff: Staff
    subject: Subject

    @property
    def id(self) -> bytes:
        """The id in the path. Raises BadRequest where there is none."""
        if self.subject.id is None:
            raise BadRequest
        return self.subject.id


class Guard:
    """`found` gives the subject of an id, None if there is no such thing; `note` writes a refusal to the audit chain."""

    def __init__(self, *, found: Found, note: Callable[[Staff, bytes], Awaitable[None]]) -> None:
        self._found, self._note = found, note

    def __call__(self, method: str, path: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint behind the guard. Raises KeyError for a route without a line in the table, and for an open one."""
        needs = ROUTES[(method, path)]
        if needs is None:
            raise KeyError(path)

        async def run(request: Request) -> Response:
            try:
                staff = await signed_in(request, active=path not in BY_ITSELF, proved=path != EVENTS)
                if needs.by_id:
                    subject = await self._found(needs.kind, needs.verb, _id(request.path_params["id"]))
                    if subject is None:
                        return answer({"error": "not_there"}, 404)
                else:
                    subject = Subject(kind=needs.kind)
                return await endpoint(request, Asked(staff=staff, subject=access(staff, needs.verb, subject)))
            except (NotSignedIn, NotAdmitted, Forged):
                raise  # answered by the application (`auth.HANDLERS`)
            except Refused as refused:
                if refused.subject.id is not None:
                    await self._note(staff, refused.subject.id)
                    return answer({"error": "not_there"}, 404)  # as if it were not there: whose it is, is nobody's business
                return answer({"error": "refused"}, 403)
            except BadRequest as bad:
                return answer({"error": bad.code}, bad.status)
            except Moved:
                return answer({"error": "conflict"}, 409)
            except ClientDisconnect:
                return answer({"error": "gone"}, 400)  # nobody is left to read it
            except Exception as error:
                log.error("console_request_failed", extra={"path": path, "error": type(error).__name__})
                return answer({"error": "busy"}, 503)

        return run


def answer(body: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """JSON with the console's headers."""
    return JSONResponse(dict(body), status, dict(SAFE))


def _id(text: object) -> bytes:
    return identifier(text)


def identifier(text: object) -> bytes:
    """16 bytes from 32 hex digits. Raises BadRequest."""
    found = hex_of(text)
    if len(found) != 16:
        raise BadRequest
    return found


def hex_of(text: object) -> bytes:
    """Bytes from hex digits. Raises BadRequest."""
    if not isinstance(text, str):
        raise BadRequest
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadRequest from None


def whole(value: object, *, least: int = 0) -> int:
    """A whole number. Raises BadRequest."""
    if type(value) is not int or value < least or value >= 2**53:
        raise BadRequest
    return value


def one_of(value: object, words: Mapping[str, Any] | tuple[str, ...] | frozenset[str]) -> str:
    """One of some words of ours. Raises BadRequest."""
    if not isinstance(value, str) or value not in words:
        raise BadRequest
    return value


async def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON object in a request. Raises BadRequest, as soon as it is known to be too large: such a one is never held whole."""
    try:
        body = json.loads(await read(request))
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(body, dict):
        raise BadRequest
    return body


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form in a request; of two with one name the last. What somebody looks for stands there and in no address, for
    addresses are logged on the way. Raises BadRequest."""
    try:
        fields = parse_qsl((await read(request)).decode("ascii"), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise BadRequest from None
    return dict(fields)
