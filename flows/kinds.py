"""The kinds of answer, by the name that a definition uses."""

from __future__ import annotations

from flows.answers.choice import Choice
from flows.answers.date import Date
from flows.answers.kind import Kind
from flows.answers.many import Many
from flows.answers.media import Media
from flows.answers.number import Number
from flows.answers.place import Place
from flows.answers.text import Text
from flows.answers.topic import Topic
from flows.answers.where import Where

KINDS: dict[str, Kind] = {
    "choice": Choice(),
    "many": Many(),
    "text": Text(),
    "number": Number(),
    "date": Date(),
    "place": Place(),
    "where": Where(),
    "media": Media(),
    "topic": Topic(),
}
