"""Signing in and out over HTTP: the cookie, and the addresses that let people in.

The cookie is `__Host-desk` (Secure, Path=/, no Domain: no other host can set or overwrite it); on plain http of this machine, where
browsers take no such cookie, it is `desk`. A second one, `desk-known`, marks a browser in which somebody has signed in before: it opens
nothing, and keeps others who hammer at that name from making this browser wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from actions.access import ADMINISTRATOR, KEYED_ADMINISTRATOR
from bot.console import roster
from bot.console.auth import Forged, NotSignedIn, Staff, from_elsewhere, signed_in
from bot.console.body import answer, json_body, octets, octets_or_none, text
from bot.desk.people import People
from bot.desk.session import LONGEST, Open, csrf_matches
from bot.desk.sign_in import SignedIn
from bot.vault.encoding import ID_BYTES
from bot.vault.staff_auth import AUTH_BYTES

_SMALL = 8 * 1024
_KNOWN_SECONDS = 180 * 86_400
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def staff_of(row: Any, session_id: bytes) -> Staff:
    """Who it is, as the rest of the console knows them."""
    return Staff(id=row.id, unit_id=row.unit_id, role=row.role, name=row.name, shown=row.shown, session_id=session_id)


class Sessions:
    """The browsers' side of `bot.desk.session`; stands at `app.state.sessions`. `public_url` is how people reach the service from
    outside."""

    def __init__(self, people: People, *, public_url: str) -> None:
        self._people = people
        self._https = public_url.startswith("https://")

    # Cookies

    def _secure(self, request: Request) -> bool:
        return self._https or urlsplit(f"//{request.headers.get('host', '')}").hostname not in _LOOPBACK

    def _cookie(self, request: Request, name: str) -> str:
        return f"__Host-{name}" if self._secure(request) else name

    def token(self, request: Request) -> str:
        """The value of the session's cookie; "" if there is none."""
        return request.cookies.get(self._cookie(request, "desk"), "")

    def browser(self, request: Request) -> str:
        """The mark of a browser that is known; "" if there is none."""
        return request.cookies.get(self._cookie(request, "desk-known"), "")

    def _set(self, request: Request, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie(request, name), value, max_age=seconds, path="/", secure=self._secure(request), httponly=True, samesite="strict"
        )  # fmt: skip

    def let_in(self, request: Request, response: Response, came: SignedIn) -> None:
        """Gives the browser its session and its mark."""
        self._set(request, response, "desk", came.session.token, LONGEST)
        self._set(request, response, "desk-known", came.browser, _KNOWN_SECONDS)

    def let_out(self, request: Request, response: Response) -> None:
        """Takes the session's cookie away."""
        self._set(request, response, "desk", "", 0)

    # What `auth.signed_in` asks

    async def open(self, request: Request) -> Open:
        """The session of a request. Raises NotSignedIn."""
        found = await self._people.sessions.of(self.token(request))
        if found is None:
            raise NotSignedIn
        return found

    async def of(self, request: Request) -> tuple[Staff, bool, Open]:
        """Who is asking, whether they are admitted, and the session. Raises NotSignedIn."""
        found = await self.open(request)
        staff = staff_of(found.staff, found.id)
        if staff.role == ADMINISTRATOR and await self._people.store.holds_key(staff.id, staff.unit_id):
            staff = replace(staff, role=KEYED_ADMINISTRATOR)
        return staff, found.staff.state == "active", found

    async def used(self, session: Open) -> None:
        """A person did something, so the session is not idle."""
        await self._people.sessions.used(session)

    def csrf_matches(self, token: str, expected: bytes) -> bool:
        """Whether a CSRF token is the session's."""
        return csrf_matches(token, expected)


async def stranger(request: Request) -> Mapping[str, Any]:
    """The body of a request of somebody who is not signed in yet. There is no token to forge then; another site's page is refused all the
    same: it could sign somebody in as somebody else. Raises Forged or BadRequest."""
    if from_elsewhere(request):
        raise Forged
    return await json_body(request, limit=_SMALL)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def session_routes(people: People, sessions: Sessions) -> Sequence[BaseRoute]:
    """The addresses under /console/j that have to do with who is signed in."""

    async def salt(request: Request) -> Response:
        body = await stranger(request)
        return answer({"salt": await people.sign_in.salt(text(body, "name", most=80)), "code": people.sign_in.second_factor})

    async def sign_in(request: Request) -> Response:
        body = await stranger(request)
        former = await people.sessions.of(sessions.token(request))
        came = await people.sign_in.sign_in(
            name=text(body, "name", most=80), auth=octets(body, "auth", AUTH_BYTES), code=text(body, "code", most=6, default=""),
            address=_address(request), browser=sessions.browser(request),
        )  # fmt: skip
        if former is not None:  # whoever had this browser before, it was not left open for the next
            await people.sessions.end(former.staff.id, former.id)
        return await let_in(request, came)

    async def let_in(request: Request, came: SignedIn) -> Response:
        response = answer({"csrf": came.session.csrf, **await roster.opened(people.store, came.staff, witness=people.witness)})
        sessions.let_in(request, response, came)
        return response

    async def me(request: Request) -> Response:
        """A page that was loaded anew: whose session the browser has. The keys, and all else, take the passphrase."""
        staff = await signed_in(request, waiting=True, proved=False)
        row = await people.store.member(staff.id)
        if row is None:
            raise NotSignedIn
        return answer({"id": row.id, "name": row.name, "shown": row.shown, "salt": row.salt, "state": row.state})

    async def unlock(request: Request) -> Response:
        """The same page, with the passphrase's proof: from then on it has the token that everything else takes."""
        staff = await signed_in(request, waiting=True, proved=False)
        body = await json_body(request, limit=_SMALL)
        row = await people.store.member(staff.id)
        if row is None:
            raise NotSignedIn
        await people.sign_in.unlock(row, auth=octets(body, "auth", AUTH_BYTES), session_id=staff.session_id)
        await sessions.used(await sessions.open(request))
        csrf = people.sessions.csrf_of(sessions.token(request))
        return answer({"csrf": csrf, **await roster.opened(people.store, row, witness=people.witness)})

    async def sign_out(request: Request) -> Response:
        staff = await signed_in(request, waiting=True, proved=False)
        await people.sign_in.end(staff.id, staff.session_id)
        await left(staff.id)
        response = answer({})
        sessions.let_out(request, response)
        return response

    async def listed(request: Request) -> Response:
        staff = await signed_in(request, waiting=True)
        rows = await people.sessions.all_of(staff.id)
        return answer({
            "sessions": [
                {"id": row.id, "created_at": row.created_at, "seen_at": row.seen_at, "current": row.id == staff.session_id} for row in rows
            ]
        })  # fmt: skip

    async def end(request: Request) -> Response:
        """One session of one's own (`id`), or all of them, this one too."""
        staff = await signed_in(request, waiting=True)
        body = await json_body(request, limit=_SMALL)
        session_id = octets_or_none(body, "id", ID_BYTES)
        await people.sign_in.end(staff.id, session_id)
        await left(staff.id)
        response = answer({})
        if session_id in (None, staff.session_id):
            sessions.let_out(request, response)
        return response

    async def left(staff_id: bytes) -> None:
        if not await people.sessions.all_of(staff_id):
            await people.gone(staff_id)

    return (
        Route("/console/j/salt", salt, methods=["POST"]),
        Route("/console/j/sign-in", sign_in, methods=["POST"]),
        Route("/console/j/me", me, methods=["GET"]),
        Route("/console/j/unlock", unlock, methods=["POST"]),
        Route("/console/j/sign-out", sign_out, methods=["POST"]),
        Route("/console/j/sessions", listed, methods=["GET"]),
        Route("/console/j/sessions/end", end, methods=["POST"]),
    )
