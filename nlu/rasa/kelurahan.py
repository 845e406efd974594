"""The 34 kelurahan of Balikpapan in a sentence, as people write them. Standard library only.

The names are those of `data/regions.yml` (a test holds both to each other); the table stands here because Rasa's environment reads no
content of the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nlu.normalise import Token

NAMES = (
    "Manggar", "Lamaru", "Teritip", "Manggar Baru",
    "Baru Ilir", "Baru Tengah", "Baru Ulu", "Kariangau", "Margo Mulyo", "Marga Sari",
    "Batu Ampar", "Gunung Samarinda", "Karang Joang", "Muara Rapak", "Gunung Samarinda Baru", "Graha Indah",
    "Gunung Sari Ulu", "Gunung Sari Ilir", "Karang Rejo", "Karang Jati", "Mekar Sari", "Sumber Rejo",
    "Sepinggan", "Gunung Bahagia", "Sepinggan Baru", "Sepinggan Raya", "Sungai Nangka", "Damai Baru", "Damai Bahagia",
    "Prapatan", "Telaga Sari", "Klandasan Ulu", "Klandasan Ilir", "Damai",
)  # fmt: skip

# Also an everyday word: "damai" is peace (and settling a case), "prapatan" a crossroads. They are a place only after one of _BEFORE.
_EVERYDAY = frozenset({"damai", "prapatan"})
_BEFORE = frozenset({"di", "daerah", "kelurahan", "kel", "kampung", "kawasan", "arah", "dekat", "warga", "kos", "dari", "in", "near"})
# What follows when the words are no place: "di damai saja", "baru tengah malam".
_NO_PLACE = {"damai": frozenset({"saja", "aja", "dengan", "sama", "secara"}), "barutengah": frozenset({"malam", "hari", "jalan"})}

# Other ways to write a word of a name.
_PARTS = {
    "gunung": ("gn", "gng", "gunng", "gunong"),
    "gunungsari": ("gunsar",),
    "samarinda": ("smd", "samarida", "smarinda"),
    "sungai": ("sei", "sungei", "sei.", "s"),
    "ilir": ("hilir", "iler"),
    "ulu": ("hulu",),
    "baru": ("bru",),
    "margo": ("marga",),
    "karang": ("krng", "krg"),
    "rejo": ("redjo", "reja"),
    "sumberrejo": ("sumberejo", "sumbrejo"),
    "kariangau": ("kariango", "karingau"),
    "joang": ("juang",),
    "bahagia": ("bahgia",),
}


class Found(NamedTuple):
    """A kelurahan: its official name, and the first and the last token that name it (inclusive)."""

    name: str
    first: int
    last: int


def _spellings() -> dict[str, str]:
    other = {spelling: word for word, spellings in _PARTS.items() for spelling in spellings}
    table: dict[str, str] = {}
    for name in NAMES:
        joined = name.lower().replace(" ", "")
        table[joined] = name
    for spelling, word in other.items():
        for name in NAMES:
            joined = name.lower().replace(" ", "")
            if word in joined:
                table.setdefault(joined.replace(word, spelling), name)
    return table


_TABLE = _spellings()
_LONGEST = 3  # words


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter was lost, added or changed, or two neighbours swapped."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    at = 0
    while at < len(short) and short[at] == long[at]:
        at += 1
    if len(long) - len(short) == 1:
        return short[at:] == long[at + 1 :]
    if len(long) != len(short):
        return False
    return short[at + 1 :] == long[at + 1 :] or (short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :])


def _named(words: Sequence[str], before: str, after: str) -> str | None:
    joined = "".join(words)
    if after in _NO_PLACE.get(joined, ()) or (joined in _EVERYDAY and before not in _BEFORE):
        return None
    exact = _TABLE.get(joined)
    if exact is not None:
        return exact
    if len(joined) < 7 or joined[0] in "0123456789":
        return None
    near = {name for spelling, name in _TABLE.items() if len(spelling) >= 7 and _one_slip(joined, spelling)}
    return near.pop() if len(near) == 1 else None


def find(tokens: Sequence[Token]) -> list[Found]:
    """Every kelurahan that is named, the longest reading first: "manggar baru" is not Manggar.

    >>> from nlu.normalise import tokens
    >>> [(f.name, f.first, f.last) for f in find(tokens("rmh di gn. samarinda bru dekat klandasan hilir"))]
    [('Gunung Samarinda Baru', 2, 4), ('Klandasan Ilir', 6, 7)]
    """
    written = [token.text.lower() for token in tokens]
    found: list[Found] = []
    at = 0
    while at < len(written):
        for size in range(min(_LONGEST, len(written) - at), 0, -1):
            before = written[at - 1] if at else ""
            after = written[at + size] if at + size < len(written) else ""
            name = _named(written[at : at + size], before, after)
            if name is not None:
                found.append(Found(name, at, at + size - 1))
                at += size - 1
                break
        at += 1
    return found
