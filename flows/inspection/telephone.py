"""Telephone numbers stand in `data/services.yml` and nowhere else: a wrong number in a text is worse than none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.inspection.content import Content, Source
from flows.marked import Marked, Problem

# Variants that are in print and wrong, closed or not shown to be alive (November 2026: misprints of media, a line closed in 2014, an
# extension that was superseded). Compared by what is left without separators.
BAD = {
    "0811129129": "a misprint of SAPA's WhatsApp number",
    "021129": "a misprint of SAPA's number",
    "500454": "a line that was closed in 2014",
    "1500771": "a line that nobody has shown to be alive since 2016",
    "119ext9": "an extension that does not exist",
    "119ext8": "an extension that was superseded",
}

_LOOKS_LIKE = re.compile(r"(?<![\w.])\+?\(?\d(?:[ \u00a0().\-/]{0,2}\d){6,}(?!\w)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_RUN = re.compile(r"\+?\d[\d \u00a0().\-/]*\d|\d")
_EXTENSION = re.compile(r"119\s*(?:ext(?:ension|\.)?|ekst(?:ensi|\.)?)\s*[:.]?\s*([89])", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|\s)#.*$")
# A region's code in the ministry's list is six digits with dots; it is written nowhere else.
_REGION_CODE = re.compile(r"\"?\b\d{2}\.\d{2}\.\d{2}\b\"?")


def check_numbers(content: Content) -> Iterator[Problem]:
    """Numbers in any file but the directory, known-bad ones in all, and short numbers (112) written out in a text."""
    services = content.sources.services
    for source in content.sources.all():
        if services is not None and source.file == services.file:
            continue
        for line, text in _lines(source):
            for shown, why in _bad(text):
                yield Problem(file=source.file, line=line, message=f"'{shown}' is {why}: it must not be shown to anybody")
            for match in _LOOKS_LIKE.finditer(_REGION_CODE.sub("", _DATE.sub("", text))):
                message = f"'{match[0].strip()}' looks like a telephone number: write {{number.…}}, kept in data/services.yml"
                yield Problem(file=source.file, line=line, message=message)
    yield from _short_numbers(content)
    listed = content.services.get("services", [])
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, Marked) and entry.get("ship") is True and services is not None:
            for shown, why in _bad(str(entry.get("number", ""))):
                message = f"'{shown}' is {why}: it must not be shipped"
                yield Problem(file=services.file, line=entry.line_of("number"), message=message)


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    for number, text in enumerate(source.text.splitlines(), start=1):
        yield number, _COMMENT.sub("", text)


def _bad(text: str) -> Iterator[tuple[str, str]]:
    for match in _EXTENSION.finditer(text):
        yield match[0], BAD[f"119ext{match[1]}"]
    for match in _RUN.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if digits in BAD:
            yield match[0].strip(), BAD[digits]


def short_numbers(content: Content, text: str) -> Iterator[tuple[str, str]]:
    """Short numbers of the directory that are written out in a text, each with the placeholder that should stand there: 112 written out
    would stay when the directory changes."""
    short = {number: name for name, number in content.numbers.items() if number.isdigit() and len(number) <= 4}
    if short:
        pattern = re.compile(r"(?<![\w.,])(" + "|".join(sorted(short)) + r")(?![\w]|[.,]\d)")
        yield from ((match[0], f"{{number.{short[match[0]]}}}") for match in pattern.finditer(text))


def _short_numbers(content: Content) -> Iterator[Problem]:
    for source in (*content.sources.strings.values(), *content.sources.lessons.values()):
        for line, text in _lines(source):
            for shown, placeholder in short_numbers(content, text):
                yield Problem(file=source.file, line=line, message=f"'{shown}' is a telephone number: write {placeholder}")
