"""Typed answers as plain words: the little normalisation that matching a short answer needs.

Pure, and apart from `nlu.normalise` because `flows` may import nothing above it. An answer to a question is a few words long, so
a short table is enough here; what is told freely goes through `nlu`.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import OSA

# Only words that stand for themselves and mean one thing, whatever the question was.
SHORT_FORMS = {
    "yg": "yang", "dgn": "dengan", "dg": "dengan", "sm": "sama", "dlm": "dalam", "dpn": "depan", "utk": "untuk", "krn": "karena",
    "org": "orang", "ortu": "orang tua", "sdh": "sudah", "udh": "sudah", "udah": "sudah", "dah": "sudah", "skrg": "sekarang",
    "sklh": "sekolah", "skolah": "sekolah", "skul": "sekolah", "rmh": "rumah", "rmah": "rumah", "tmn": "teman", "temen": "teman",
    "lg": "lagi", "jln": "jalan", "jl": "jalan", "tlp": "telepon", "telp": "telepon", "hp": "hp", "wa": "wa", "kmrn": "kemarin",
    "thn": "tahun", "th": "tahun", "taun": "tahun", "bln": "bulan", "mgg": "minggu", "mggu": "minggu", "hr": "hari", "jm": "jam",
    "tgl": "tanggal", "tggl": "tanggal", "jgn": "jangan", "klrg": "keluarga", "sdr": "saudara", "ank": "anak", "laen": "lain",
    # one pronoun for "I", so that "saya" finds a label that says "aku"
    "saya": "aku", "gue": "aku", "gua": "aku", "gw": "aku", "gwe": "aku", "sy": "aku", "ulun": "aku", "kulo": "aku", "ak": "aku",
    "akuu": "aku", "myself": "me",
}  # fmt: skip


def word_set(text: str) -> frozenset[str]:
    """The blank-separated words of `text`: a table that stays readable."""
    return frozenset(text.split())


NEGATIONS = word_set(
    """
    tidak tak tdk nggak enggak gak ga gk kagak ndak nda ndk bukan bkn belum blm jangan tanpa kada kadada ora mboten not no dont
    never
    """
)

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")


def fold(text: str) -> str:
    """`text` in one width and case, without accents' variants or stretched letters ("IYAAAA" → "iya"); digits are left alone."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return _STRETCHED.sub(r"\1", folded)


def words(text: str) -> list[str]:
    """The words of `text`, folded, short forms written out. Punctuation and emoji are gone ("No. 2!" → ["no", "2"])."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text)):
        word = match.group().replace("'", "")
        found.extend(SHORT_FORMS.get(word, word).split())
    return found


def allowed_slips(length: int) -> int:
    """How many letters may be wrong in a word of `length` letters before it counts as another word."""
    if length <= 3:
        return 0
    return 1 if length <= 7 else 2


def slips(one: str, other: str, *, most: int) -> int:
    """Letters added, lost, changed or swapped between two words; `most + 1` when there are more than `most`."""
    return OSA.distance(one, other, score_cutoff=most)
