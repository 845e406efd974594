"""The age of a child in a sentence: numbers in figures and in words. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nlu.normalise import Token

OLDEST = 17  # whoever is older is no child

_ONES = {
    "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8, "sembilan": 9, "sepuluh": 10, "sebelas": 11,
    "siji": 1, "loro": 2, "telu": 3, "papat": 4, "limo": 5, "enem": 6, "pitu": 7, "wolu": 8, "songo": 9, "sepuloh": 10,
    "ampat": 4, "anam": 6, "walu": 8, "sanga": 9, "sapuluh": 10, "sabalas": 11,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
}  # fmt: skip
_TEENS = frozenset({"belas", "balas", "las", "blas"})
_YEARS = frozenset({"tahun", "thn", "th", "taun", "tahon", "years", "year", "yo", "yrs", "yr", "tahunan"})
_OLD = frozenset({"old"})
# Numbers of something else: "rt 12", "kelas 7", "sepuluh ribu", "3 kali"
_NOT_AFTER = frozenset({"rt", "rw", "kelas", "kls", "klas", "km", "no", "nomor", "jam", "pukul", "blok", "grade", "class", "ada", "pasal"})
_NOT_BEFORE = frozenset(
    {"ribu", "rb", "ratus", "juta", "jt", "kali", "x", "orang", "org", "hari", "hr", "jam", "menit", "bulan", "bln", "minggu", "mgg", "km"}
    | {"persen", "times", "days", "hours", "months", "people"}
)


class Number(NamedTuple):
    """A number from 1 to `OLDEST`, the tokens that say it, and how many tokens after it say "years" ("tahun", "years old")."""

    value: int
    first: int
    last: int
    years: int


def _single(written: str) -> int | None:
    if written.isascii() and written.isdigit():
        return int(written) if len(written) <= 2 else None
    return _ONES.get(written)


def numbers(tokens: Sequence[Token]) -> list[Number]:
    """Every number that may be a child's age; whether it is one, the words around it say.

    >>> from nlu.normalise import tokens
    >>> numbers(tokens("umurku tiga belas, adek 4 thn"))
    [Number(value=13, first=1, last=2, years=0), Number(value=4, first=4, last=4, years=1)]
    """
    written = [token.text.lower() for token in tokens]
    found: list[Number] = []
    at = 0
    while at < len(written):
        word = written[at]
        glued = 0
        value = _single(word)
        if value is None:  # "12th", "9tahun", "9yo"
            digits = word[: len(word) - len(word.lstrip("0123456789"))]
            if digits and word[len(digits) :] in _YEARS:
                value, glued = _single(digits), 1
        last = at
        if value is not None and value < 10 and last + 1 < len(written) and written[last + 1] in _TEENS:
            value, last = value + 10, last + 1
        counted = (at > 0 and written[at - 1] in _NOT_AFTER) or (last + 1 < len(written) and written[last + 1] in _NOT_BEFORE)
        if value is not None and not counted and 1 <= value <= OLDEST:
            years = 0
            if not glued and last + 1 < len(written) and written[last + 1] in _YEARS:
                years = 2 if last + 2 < len(written) and written[last + 2] in _OLD else 1
            found.append(Number(value, at, last, years))
            at = last
        at += 1
    return found
