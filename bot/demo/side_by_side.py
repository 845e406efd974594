"""The first page of the demo: a reporter's web chat and the counsellors' console beside each other, in one window.

Outside the demo neither of them may be framed by anybody; here, and only here, the demo's own page may.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.web_page import PAGE_HEADERS
from bot.demo.colleagues import PASSPHRASE, Credential

PATH = "/demo"
_FOLDER = Path(__file__).parent / "static"
_FRAMED = ("/chat", "/console")
_ROLES = {"lead": "ketua", "counsellor": "konselor"}
_POLICY, _FRAME = "content-security-policy", "x-frame-options"


def side_by_side(staff: Sequence[Credential]) -> list[Route]:
    """The page, with what one signs in with, and how it looks."""
    templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("side_by_side.html").render(staff=staff, roles=_ROLES, passphrase=PASSPHRASE).encode()
    headers = {name: value for name, value in PAGE_HEADERS.items() if name.lower() != _POLICY}
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; frame-ancestors 'none'"

    async def endpoint(request: Request) -> Response:
        return Response(page, headers=headers, media_type="text/html; charset=utf-8")

    look = (_FOLDER / "side_by_side.css").read_bytes()

    async def style(request: Request) -> Response:
        return Response(look, headers=dict(PAGE_HEADERS), media_type="text/css; charset=utf-8")

    return [Route(PATH, endpoint, methods=["GET"]), Route(f"{PATH}/static/side_by_side.css", style, methods=["GET"])]


class Framed:
    """Lets the demo's page frame the chat and the console."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] not in _FRAMED:
            await self._app(scope, receive, send)
            return

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[_POLICY] = headers.get(_POLICY, "").replace("frame-ancestors 'none'", "frame-ancestors 'self'")
                headers[_FRAME] = "SAMEORIGIN"
            await send(message)

        await self._app(scope, receive, changed)
