"""The one document of the console, its files, and its words: all that somebody gets who is not signed in. No datum of anybody is in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.console.words import Dictionary, Words

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "desk-language"
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SAFE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=(), payment=(), usb=()",
    "X-DNS-Prefetch-Control": "off",
    "X-Robots-Tag": "noindex",
}
"""What every answer of the console carries."""

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
# A section of the console → the object and verb that whoever sees it must be allowed.
VIEWS = (
    ("queue", "queue", "see"), ("cases", "case", "list"), ("board", "board", "see"), ("audit", "audit", "see"), ("staff", "staff", "list"),
    ("hours", "setting", "see"), ("me", "own", "see"),
)  # fmt: skip
# The keys as docs/desk.md tells them: keys, and what they do (`keys.…` of the words).
SHORTCUTS = (
    (("G", "Q"), "g_queue"), (("G", "C"), "g_cases"), (("G", "B"), "g_board"), (("G", "A"), "g_audit"), (("G", "S"), "g_staff"),
    (("G", "H"), "g_hours"),
    (("J", "K"), "move"), (("Enter",), "enter"), (("A",), "accept"), (("R",), "reply"), (("C",), "canned"), (("N",), "note"),
    (("S",), "ask_safe"), (("W",), "wrap"), (("P",), "ready"), (("/",), "search"), (("Shift+H",), "hide"), (("Esc",), "escape"),
    (("?",), "help"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Assets:
    """The bundle: names by role (`console.js`, `console.css`), and the bytes by name. Empty where it was not built."""

    names: Mapping[str, str]
    files: Mapping[str, bytes]


def load_assets(folder: Path | None = None) -> Assets:
    """Reads what `make console` built. Without it the service still serves everybody else, and the console says what is missing."""
    root = folder or _HERE / "static"
    built = root / "built"
    files = {path.name: path.read_bytes() for path in root.glob("*.svg")}
    try:
        names = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
        files |= {path.name: path.read_bytes() for path in built.iterdir() if path.suffix in _TYPES}
    except (OSError, ValueError):
        log.error("console_not_built")
        return Assets(names={}, files=files)
    return Assets(names={str(role): str(name) for role, name in names.items()}, files=files)


def environment() -> Environment:
    """The templates: everything is escaped, and a name that nobody gave is an error."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip


def language_of(request: Request, words: Dictionary) -> Words:
    """The words in the language that this browser chose."""
    return words.of(request.cookies.get(LANGUAGE_COOKIE))


class Document:
    """The document, its files and its words. `zone` is the name of the city's time zone: the page shows every time in it."""

    def __init__(self, *, words: Dictionary, assets: Assets, templates: Environment, zone: str) -> None:
        self._words, self._assets = words, assets
        self._pages: dict[str, bytes] = {}
        if assets.names:
            template = templates.get_template("console.html")
            for language, t in words.languages.items():
                given: dict[str, Any] = {"t": t, "language": language, "zone": zone, "assets": assets.names}
                given |= {"views": VIEWS, "shortcuts": SHORTCUTS}
                self._pages[language] = template.render(given).encode()

    async def page(self, request: Request) -> Response:
        """GET /console."""
        if not self._pages:
            return PlainTextResponse("The console is not built: run make console, then start again.\n", 503, dict(SAFE))
        return Response(self._pages[language_of(request, self._words).language], headers=dict(SAFE), media_type="text/html; charset=utf-8")

    async def file(self, request: Request) -> Response:
        """GET /console/static/{name}: immutable where the name holds a hash of the content."""
        name = request.path_params["name"]
        body = self._assets.files.get(name)
        if body is None:
            return PlainTextResponse("", 404, dict(SAFE))
        hashed = name in self._assets.names.values()
        headers = {**SAFE, "Cache-Control": "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"}
        return Response(body, headers=headers, media_type=_TYPES[Path(name).suffix])

    async def words(self, request: Request) -> Response:
        """GET /console/words/{language}: what the page says by itself."""
        language = request.path_params["language"]
        found = self._words.languages.get(language)
        if found is None:
            return JSONResponse({"error": "not_there"}, 404, dict(SAFE))
        return JSONResponse(dict(found.table), headers=dict(SAFE))
