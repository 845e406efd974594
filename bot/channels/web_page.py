"""The web chat's page and files: one document, its modules and styles, and the cover that "leave quickly" ends on.

Everything is read once at start and served from memory, with `no-store`: the browser's cache on a shared phone is a trace too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COVER_PATH = "/chat/pr"  # a page of our own: a search engine would learn who left, and when
_FOLDER = Path(__file__).parent / "web_static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

# Which numbers the page itself names, in this order, and the key of their label. The numbers themselves come from the service directory.
_SHOWN = {"emergency": "Darurat", "police": "Polisi", "ambulance": "Ambulans"}

_SAFE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "X-DNS-Prefetch-Control": "off",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
API_HEADERS: Mapping[str, str] = {**_SAFE, "Content-Security-Policy": _NOTHING}
PAGE_HEADERS: Mapping[str, str] = {
    **_SAFE,
    "Content-Security-Policy": _NOTHING + "; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'",
}


def page_routes(*, numbers: Mapping[str, str], service_name: str, cover: str, text_limit: int) -> list[Route]:
    """GET /chat, its files and its cover. `numbers` maps service id to telephone number; ValueError if one that must show is missing."""
    missing = [name for name in _SHOWN if not numbers.get(name)]
    if missing:
        raise ValueError(f"the web chat needs the telephone numbers of: {', '.join(missing)}")
    shown = [{"label": label, "key": name, "number": numbers[name], "tel": _tel(numbers[name])} for name, label in _SHOWN.items()]
    templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    words = {"service_name": service_name, "numbers": shown, "cover": cover, "text_limit": text_limit}
    routes = [
        served("/chat", templates.get_template("chat.html").render(words).encode(), "text/html; charset=utf-8"),
        served(COVER_PATH, templates.get_template("cover.html").render(words).encode(), "text/html; charset=utf-8"),
    ]
    routes += [
        served(f"/chat/static/{file.name}", file.read_bytes(), _TYPES[file.suffix])
        for file in sorted(_FOLDER.iterdir())
        if file.suffix in _TYPES
    ]
    return routes


def _tel(number: str) -> str:
    return "tel:" + "".join(c for c in number if c.isdigit() or c == "+")


def served(path: str, body: bytes, media_type: str) -> Route:
    """A route that answers GET with `body`, made once; with the headers of a page."""
    async def endpoint(request: Request) -> Response:
        return Response(body, headers=dict(PAGE_HEADERS), media_type=media_type)

    return Route(path, endpoint, methods=["GET"])
