"""What leads decide for the whole service: hours, holidays, prepared replies. Everybody at the desk reads it; it is changed by
compare-and-set on a version."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from actions.access import Refused, Subject
from actions.queue import Refusal
from bot.console.body import BadRequest
from bot.console.document import language_of
from bot.console.guard import Asked, answer, body_of, whole
from bot.console.questions import questions_in
from bot.console.words import GROUPS, Dictionary
from bot.desk.hours import HoursError, holidays_of, hours_of
from bot.desk.queue import Desk
from bot.desk.settings import DeskSettings
from flows.library import Library

_REPLIES = 200  # at most
_TEXT = 1_000  # characters of one


def canned_of(value: object) -> list[dict[str, str]]:
    """Prepared replies: id, group, and the text in both languages. Raises BadRequest."""
    if not isinstance(value, list) or len(value) > _REPLIES:
        raise BadRequest
    found = []
    for number, one in enumerate(value):
        if not isinstance(one, Mapping) or one.get("group") not in GROUPS:
            raise BadRequest
        texts = {f"{language}_text": _short(one.get(f"{language}_text"), _TEXT, empty=language != "id") for language in ("id", "en")}
        found.append({"id": f"reply{number + 1}", "group": str(one["group"]), **texts})
    return found


def _short(text: object, most: int, *, empty: bool = False) -> str:
    if not isinstance(text, str) or len(text) > most or not (empty or text.strip()):
        raise BadRequest
    return text.strip()


CANNED = "canned"
SETTINGS: Mapping[str, Callable[[object], object]] = {"hours": hours_of, "holidays": holidays_of, CANNED: canned_of}
"""What may be changed, and what reads it. Raises BadRequest or HoursError."""


class Leads:
    """Endpoints of the settings, and what the page must know to show a report in words."""

    def __init__(
        self, *, desk: Desk, settings: DeskSettings, words: Dictionary, library: Library, fields: Mapping[str, Sequence[str]]
    ) -> None:  # fmt: skip
        self._desk, self._settings, self._words, self._library, self._fields = desk, settings, words, library, fields

    async def change(self, request: Request, asked: Asked) -> Response:
        """POST /console/j/setting/{name}."""
        read = SETTINGS.get(request.path_params["name"])
        if read is None:
            return answer({"error": "not_there"}, 404)
        if not await self._settings.decided_by(asked.staff):
            raise Refused("change", Subject(kind="setting"))
        body = await body_of(request)
        try:
            value = read(body.get("value"))
        except HoursError:
            raise BadRequest from None
        version = whole(body.get("version"))
        stored = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        result = await self._settings.set(asked.staff, request.path_params["name"], version, stored)
        if not result.ok:
            return answer({"error": "conflict" if result.code == Refusal.STALE else "bad"}, 409 if result.code == Refusal.STALE else 400)
        return answer({"code": "ok", "version": result.version})

    async def canned(self, request: Request, asked: Asked) -> Response:
        """The prepared replies: the leads', or those that came with the program. `shown` have telephone numbers in them, `text` names."""
        version, value = await self._desk.setting(CANNED)
        replies = json.loads(value) if value else self._shipped()
        fill = self._library.catalogue.fill
        return answer(
            {
                "version": version,
                "replies": [{**one, "id_shown": fill(one["id_text"], {})[0], "en_shown": fill(one["en_text"], {})[0]} for one in replies],
            }
        )  # fmt: skip

    def _shipped(self) -> list[dict[str, Any]]:
        return [
            {"id": one["id"], "group": one["group"], "id_text": one["text"]["id"], "en_text": one["text"].get("en", "")}
            for one in self._words.canned
        ]  # fmt: skip

    async def questions(self, request: Request, asked: Asked) -> Response:
        """What the bot asked, in the language of whoever reads; `fields` of the national recording with their values."""
        asked_for = questions_in(self._library, language_of(request, self._words).language)
        return answer({**asked_for, "fields": {name: list(values) for name, values in self._fields.items()}})
