"""The page of the demo on which one types a sentence and sees how it was understood: layer by layer, with what Rasa was sent.

It exists under `ruang-aman demo` alone. What is typed there is answered and forgotten: nothing is stored, nothing is logged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.bodies import TooLarge, Unread, read
from bot.channels.bubble import whole_unicode
from bot.channels.web_page import API_HEADERS, served
from bot.content import shown
from bot.model import Model
from bot.shelf import Shelf
from flows.topics import FAQ, PREFIX
from nlu.explained import By, Explained

PATH = "/demo/understanding"
TEXT_LIMIT = 4_000  # characters, the same as the web chat takes
BODY_LIMIT = 64 * 1024  # bytes
NEAREST = 3
_FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

log = logging.getLogger(__name__)

Explain = Callable[[str, str], Awaitable[Explained]]
Titles = Mapping[str, Mapping[str, str]]  # topic's intent → language → title


def understanding_routes(
    *, explain: Explain, state: Callable[[], str], titles: Titles, threshold: Callable[[Explained], float]
) -> list[Route]:  # fmt: skip
    """The page, its files, and what it asks: one sentence, and how the model is doing.

    `state` gives the model's state as `/readyz` does; `titles` what topics are called; `threshold` from where on the bot acts on a guess.
    """

    async def ask(request: Request) -> Response:
        try:
            text, language = _asked(await _body(request))
            explained = await explain(text, language)
        except _Refused as refused:
            return _reply({"code": refused.code}, status=refused.status)
        except ClientDisconnect:
            return _reply({"code": "gone"}, status=400)
        except Exception as error:
            log.error("understanding_page_failed", extra={"error": type(error).__name__})
            return _reply({"code": "failed"}, status=503)
        return _reply(described(explained, state=state(), titles=titles, threshold=threshold(explained)))

    async def how(request: Request) -> Response:
        return _reply({"state": state()})

    templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("understanding.html").render(text_limit=TEXT_LIMIT).encode()
    return [
        served(PATH, page, "text/html; charset=utf-8"),
        Route(PATH, ask, methods=["POST"]),
        Route(f"{PATH}/state", how, methods=["GET"]),
        *(
            served(f"/demo/static/{file.name}", file.read_bytes(), _TYPES[file.suffix])
            for file in sorted(_FOLDER.glob("understanding*"))
            if file.suffix in _TYPES
        ),
    ]


def beside(model: Model, shelf: Shelf) -> list[Route]:
    """The page for a service's own model and topics."""
    levels = model.thresholds
    return understanding_routes(
        explain=model.explain,
        state=lambda: model.state.value,
        titles=_titles(shelf),
        threshold=lambda explained: levels.search if explained.by is By.SEARCH else levels.confident,
    )


def _titles(shelf: Shelf) -> Titles:
    titles: dict[str, dict[str, str]] = {}
    for language, strings in shelf.library.catalogue.strings.items():
        for topic, words in strings.get(FAQ, {}).items():
            titles.setdefault(f"{PREFIX}{topic}", {})[language] = str(words["title"])
    return titles


def described(explained: Explained, *, state: str, titles: Titles, threshold: float) -> dict[str, Any]:
    """What the page shows, as plain JSON values."""
    together = explained.together
    nearest = together.ranking[:NEAREST]
    return {
        "state": state,
        "by": explained.by,
        "danger": together.danger,
        "danger_by": [name for name, raised in (("phrases", explained.phrases), ("model", explained.model_danger)) if raised is not None],
        "findings": [
            {
                "danger": found.danger, "phrase": found.phrase, "file": shown(Path(found.file)), "line": found.line,
                "silenced": found.silenced, "start": found.start, "end": found.end,
            }
            for found in explained.findings
        ],
        "intent": together.intent,
        "confidence": together.confidence,
        "threshold": threshold,
        "ranking": [{"intent": name, "confidence": confidence} for name, confidence in nearest],
        "titles": {name: dict(titles[name]) for name in {together.intent, *(name for name, _ in nearest)} if name in titles},
        "entities": [{"entity": e.entity, "value": e.value, "start": e.start, "end": e.end} for e in together.entities],
        "sent": explained.sent,
        "words": list(explained.words),
        "milliseconds": round(explained.seconds * 1000, 1),
    }  # fmt: skip


class _Refused(Exception):
    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


async def _body(request: Request) -> bytes:
    try:
        return await read(request, limit=BODY_LIMIT)
    except Unread as unread:
        raise _Refused("too_long" if isinstance(unread, TooLarge) else "too_slow", unread.status) from None


def _asked(body: bytes) -> tuple[str, str]:
    try:
        asked = json.loads(body)
        text, language = asked["text"], asked.get("language", "id")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise _Refused("malformed") from None
    if not isinstance(text, str) or not text.strip() or not isinstance(language, str):
        raise _Refused("malformed")
    if len(text) > TEXT_LIMIT:
        raise _Refused("too_long", 413)
    return whole_unicode(text), language


def _reply(body: Mapping[str, Any], *, status: int = 200) -> Response:
    return JSONResponse(body, status_code=status, headers=dict(API_HEADERS))
