"""Numbers as people write them: "12", "12 thn", "dua belas", "no 3", "yang pertama", "twenty one". Pure; never guesses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flows.wording import word_set, words

_UNITS = {
    # Indonesian, and the spellings of chat
    "nol": 0, "kosong": 0, "satu": 1, "satuu": 1, "stu": 1, "dua": 2, "tiga": 3, "empat": 4, "ampat": 4, "lima": 5, "enam": 6, "tujuh": 7,
    "tuju": 7, "delapan": 8, "dlapan": 8, "lapan": 8, "sembilan": 9, "smbilan": 9, "sembilang": 9, "sepuluh": 10, "spuluh": 10,
    "sepulu": 10, "sebelas": 11, "seblas": 11, "sblas": 11,
    # Javanese, Banjar and Bugis where they differ and mean nothing else here
    "siji": 1, "loro": 2, "telu": 3, "papat": 4, "limo": 5, "enem": 6, "pitu": 7, "wolu": 8, "songo": 9, "sedoso": 10, "rolas": 12,
    "asa": 1, "talu": 3, "anam": 6, "walu": 8, "sapuluh": 10, "sabalas": 11, "seddi": 1, "tellu": 3, "eppa": 4, "enneng": 6, "aruwa": 8,
    "asera": 9, "seppulo": 10,
    # English
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_TEEN = frozenset({"belas", "blas", "balas", "bls"})
_TEN = frozenset({"puluh", "pulu", "puluhan"})
_ORDINALS = {
    "pertama": 1, "prtama": 1, "kesatu": 1, "kedua": 2, "ketiga": 3, "keempat": 4, "kelima": 5, "keenam": 6, "ketujuh": 7,
    "kedelapan": 8, "kesembilan": 9, "kesepuluh": 10, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5,
}  # fmt: skip
_YEARS = frozenset({"tahun", "tahunan", "year", "years", "yrs", "yr", "yo"})
_AGE = frozenset({"umur", "umurku", "umurnya", "usia", "usiaku", "usianya", "age", "aged", "umurnyaa"})
# "kelas 5" is no age and "rt 12" no count: a number behind one of these is a name, not an answer
_NAMES = word_set("kelas kls class grade rt rw km blok gang sd smp sma sdn smpn sman jam pukul")
_GLUED = ("belas", "blas", "puluh")


def _split(word: str) -> list[str]:
    """ "duabelas" → dua belas, "12thn" → 12 thn, "umur12" → umur 12."""
    cut = next((i for i in range(1, len(word)) if word[i - 1].isdigit() != word[i].isdigit()), None)
    if cut is not None and not (word in _ORDINALS or (word[:2] == "ke" and word[2:].isdigit())):
        return [*words(word[:cut]), *_split(word[cut:])]
    for tail in _GLUED:
        if word.endswith(tail) and word not in _UNITS and word[: -len(tail)] in _UNITS:
            return [word[: -len(tail)], tail]
    return [word]


def numbers_in(typed: Sequence[str]) -> list[tuple[int, int, int]]:
    """Every number in the words, as (value, index of its first word, index after its last word)."""
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(typed):
        word = typed[at]
        if word.isascii() and word.isdigit():
            if len(word) <= 6:
                found.append((int(word), at, at + 1))
            at += 1
            continue
        start = at
        value: int | None = None
        if word in _UNITS:
            value, at = _UNITS[word], at + 1
            if at < len(typed) and typed[at] in _TEEN and 1 <= value <= 9:
                value, at = value + 10, at + 1
            elif at < len(typed) and typed[at] in _TEN and 1 <= value <= 9:
                value, at = value * 10, at + 1
                if at < len(typed) and 1 <= _UNITS.get(typed[at], 0) <= 9:
                    value, at = value + _UNITS[typed[at]], at + 1
        elif word in _TENS:
            value, at = _TENS[word], at + 1
            if at < len(typed) and 1 <= _UNITS.get(typed[at], 0) <= 9:
                value, at = value + _UNITS[typed[at]], at + 1
        else:
            at += 1
        if value is not None:
            found.append((value, start, at))
    return found


def spoken_words(text: str) -> list[str]:
    """The words of `text` with glued numbers taken apart ("12thn" → 12 tahun)."""
    return [part for word in words(text) for part in _split(word)]


def parse_number(text: str) -> int | None:
    """The one whole number that `text` names, in digits or in words, or None.

    An age wins over other numbers ("kelas 5 umur 11" → 11); a class, a house or an hour is no answer ("kelas 5" → None); two
    different numbers are not chosen between ("12 atau 13" → None), nor are fractions or numbers below zero.

    >>> [parse_number(t) for t in ("sebelas", "dua belas tahun", "12 thn", "umurku 9", "12 atau 13", "kelas 5")]
    [11, 12, 12, 9, None, None]
    """
    if any(a.isdigit() and b in ".,/" and c.isdigit() for a, b, c in zip(text, text[1:], text[2:], strict=False)):
        return None
    if any(a == "-" and b.isdigit() and (i == 0 or text[i - 1].isspace()) for i, (a, b) in enumerate(pairwise(text))):
        return None
    typed = spoken_words(text)
    if typed and typed[-1] in {"sekali", "once"} and set(typed[:-1]) <= {"cuma", "cm", "hanya", "baru", "just", "only"}:
        return 1
    if typed == ["twice"]:
        return 2
    numbers = [n for n in numbers_in(typed) if not (n[1] > 0 and typed[n[1] - 1] in _NAMES)]
    aged = [n for n in numbers if (n[2] < len(typed) and typed[n[2]] in _YEARS) or (n[1] > 0 and typed[n[1] - 1] in _AGE)]
    values = {n[0] for n in (aged or numbers)}
    return values.pop() if len(values) == 1 else None


def parse_ordinal(text: str, count: int) -> int | None:
    """Which of `count` numbered things is meant, from 1: "2", "2.", "no 2", "yang kedua", "ke-2", "dua", "the last one". Or None."""
    typed = [w for w in spoken_words(text) if w not in _AROUND]
    if not typed:
        return None
    if len(typed) == 2 and typed[0] == "ke":
        typed = typed[1:]
    elif len(typed) == 1 and typed[0][:2] == "ke" and typed[0][2:].isdigit():
        typed = [typed[0][2:]]
    if typed in (["terakhir"], ["last"], ["paling", "akhir"], ["paling", "bawah"]):
        return count or None
    value = _ORDINALS.get(typed[0]) if len(typed) == 1 else None
    if value is None:
        numbers = numbers_in(typed)
        if len(numbers) != 1 or numbers[0][1:] != (0, len(typed)):
            return None
        value = numbers[0][0]
    return value if 1 <= value <= count else None


# What people put around a number when they choose by it ("saya pilih yang nomor 2 kak").
_AROUND = word_set(
    """
    yang nomor nomer no nmr nomr number option opsi pilihan pilih aku mau kak ka min aja saja deh ya the one i choose pick angka
    jawab jawabannya jawabanku itu
    """
)
