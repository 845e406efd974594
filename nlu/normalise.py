"""Words as people write them → words as a dictionary writes them, with their place in the text.

Standard library only, and Python 3.10: Rasa's tokenizer (`nlu/rasa`) uses it too. Pure: the same text always gives the same tokens.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from nlu.verbs import ROOTS
from nlu.words import EVERYDAY, FILLERS, SPELLINGS, WHOLE


class Token(NamedTuple):
    """One word of a text: `text[start:end]` as it was written (character offsets), its normal form, and the root of a known verb.

    `word` keeps the voice, because being chased is not chasing: "dipukulin" → word "dipukul", "mukulin" → word "memukul"; both have
    the stem "pukul". Other words are their own stem. (A named tuple, as one is made for every word of every message.)
    """

    text: str
    start: int
    end: int
    word: str
    stem: str


Form = tuple[str, str]  # (word, stem)

_WORD = re.compile(r"[^\W_]+(?:['’`\-][^\W_]+)*")
_STRETCHED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1")
_TWICE = re.compile(r"([^\W\d_]{2,})2(an)?(nya|ku|mu)?")
_LEET = str.maketrans({"4": "a", "1": "i", "0": "o", "3": "e", "5": "s", "7": "t", "@": "a"})
_CLITICS = ("nya", "ku", "mu", "ka", "ki", "lah", "kah", "pun", "mi", "ji", "e", "ne")
_DENIALS = ("enggak", "nggak", "kagak", "ngga", "gak", "ga", "gk", "tdk", "ndak")  # written together with the next word
_AFTER_DENIAL = """
mau mw bisa bs tau tahu tw kuat kuaat ada boleh bole bakal akan pernah prnah perlu usah enak suka sanggup tahan pantas pantes layak
sengaja papa apa apapa jelas mungkin jadi punya peduli pengen pgn pengin ingin berani yakin nyangka nyaman guna berguna adil bohong
dikasih diizinin dibolehin paham ngerti inget ingat lagi sadar gerak bangun napas
"""
_OWN = ("nya", "ku", "mu")  # endings that may be cut from words we do not know, too
_SUFFIXES = ("", "i", "in", "kan", "ken", "ke", "ake", "an", "en", "inn", "n")
_VOWELS = frozenset("aiueo")


def _table(lines: str) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for line in lines.strip().splitlines():
        word, _, others = line.partition(":")
        table.setdefault(word.strip(), []).extend(others.split())
    return table


def _nasal(root: str) -> tuple[str, list[str]]:
    """The standard active form of a root, and the ways it is said: pukul → memukul; mukul, ngepukul, mamukul."""
    first, rest = root[0], root[1:]
    if first == "p":
        standard, short = "mem" + rest, ["m" + rest]
    elif first == "t":
        standard, short = "men" + rest, ["n" + rest]
    elif first == "k":
        standard, short = "meng" + rest, ["ng" + rest]
    elif first == "s":
        standard, short = "meny" + rest, ["ny" + rest]
    elif first in "bf":
        standard, short = "mem" + root, ["m" + root]
    elif first == "c":
        standard, short = "men" + root, ["ny" + rest, "n" + root]
    elif first in "dj":
        standard, short = "men" + root, ["n" + root]
    elif first in "gh" or first in _VOWELS:
        standard, short = "meng" + root, ["ng" + root, "ng" + rest if first == "h" else "ngg" + rest if first == "g" else "ng" + root]
    else:
        standard, short = "me" + root, [root]
    banjar = ["ma" + standard[2:]]
    return standard, [*short, *banjar, "nge" + root, "ng" + root, "me" + root, "mem" + root, "memper" + root]


def _verb_forms(root: str, stem: str) -> dict[str, Form]:
    """Every written form of a root that we know, each with its word and its stem."""
    standard, active = _nasal(stem)
    spoken = {*_nasal(root)[1], _nasal(root)[0], *(active if root == stem else [])}
    forms: dict[str, Form] = {}
    heads: list[tuple[str, str]] = [(head, standard) for head in spoken if head != root]
    heads += [(prefix + root, "di" + stem) for prefix in ("di", "d", "na", "dipe")]
    heads += [("ter" + root, "ter" + stem), ("ke" + root, "ter" + stem), ("ku" + root, standard), ("kau" + root, standard)]
    heads.append((root, stem))
    for head, word in heads:
        for suffix in _SUFFIXES:
            if suffix == "an" and word in (stem, "ter" + stem):
                continue  # "pukulan", "kurungan" are things
            if suffix and suffix[0] == head[-1] and suffix in ("i", "n", "e"):
                continue
            forms.setdefault(head + suffix, (word, stem))
    return forms


def _build() -> tuple[dict[str, Form], dict[str, str]]:
    spelled: dict[str, str] = {}
    forms: dict[str, Form] = {}
    for stem, others in _table(ROOTS).items():
        for root in (stem, *others):
            for written, form in _verb_forms(root, stem).items():
                forms.setdefault(written, form)
    for word, others in _table(SPELLINGS).items():
        forms[word] = (word, word)
        for other in others:
            spelled[other] = word
            forms[other] = (word, word)
    for word in (*WHOLE.split(), *FILLERS.split()):
        forms[word] = (word, word)
    for word in EVERYDAY.split():
        forms.setdefault(word, (word, word))
    # a root's own plain form never gives way to a spelling of something else
    for stem in _table(ROOTS):
        forms[stem] = (stem, stem)
    return forms, spelled


FORMS, _SPELLED = _build()


def common_forms(stem: str) -> frozenset[str]:
    """The forms of a root that are written most: pukul → mukul, memukul, dipukul, terpukul, ngepukul; each bare and with -i, -in, -kan."""
    standard, active = _nasal(stem)
    heads = (stem, "di" + stem, "ter" + stem, standard, active[0], "nge" + stem)
    return frozenset(head + suffix for head in heads for suffix in ("", "i", "in", "kan") if head + suffix in FORMS)


# Written as a dictionary writes it, or as the table knows it: never a misspelling of another word.
CERTAIN: frozenset[str] = frozenset([*_SPELLED, *_table(SPELLINGS), *WHOLE.split(), *FILLERS.split(), *EVERYDAY.split()])
STEMS: frozenset[str] = frozenset(_table(ROOTS))
FILLER_WORDS: frozenset[str] = frozenset(FORMS[word][0] for word in FILLERS.split())
_DENIED = frozenset(_AFTER_DENIAL.split())
_KEEP = frozenset(WHOLE.split())
_PASSIVE_SPLIT = frozenset({"di", "d"})


def fold(text: str) -> str:
    """One width, one case, plain quotes; the length may change, so offsets are taken before."""
    return unicodedata.normalize("NFKC", text).casefold()


def form_of(raw: str) -> Form:
    """(word, stem) of one written word without blanks in it, already folded."""
    known = FORMS.get(raw)
    return known if known is not None else _unknown(raw)


def _unknown(raw: str) -> Form:
    word = raw
    if not word.isalpha():
        if word.isdigit():
            return word, word
        found = _marked(word)
        if found is not None:
            return found
        word = word.replace("'", "").replace("’", "").replace("`", "")
        if not word.isalpha() and any(c.isalpha() for c in word) and not word[0].isdigit():
            word = word.translate(_LEET)
        known = FORMS.get(word)
        if known is not None:
            return known
    if (found := _unstretched(word)) is not None:
        return found
    word = _STRETCHED.sub(r"\1", word)
    for clitic in _CLITICS:
        if word.endswith(clitic) and len(word) - len(clitic) >= (3 if clitic in _OWN else 4) and word not in _KEEP:
            rest = word[: -len(clitic)]
            known = FORMS.get(rest) or _unstretched(rest)
            if known is not None:
                return known
            if clitic in _OWN and len(rest) >= 4:
                return rest, rest
    return word, word


def _marked(word: str) -> Form | None:
    """Words with a hyphen or a "2": "anak-anak" and "anak2" are anak; "kejar-kejaran" and "kejar2an" are play, and stay whole."""
    twice = _TWICE.fullmatch(word)
    if twice is not None:
        root = form_of(twice[1])
        return (f"{twice[1]}-{twice[1]}an",) * 2 if twice[2] else root
    if "-" in word:
        first, _, second = word.partition("-")
        if FORMS.get(word) is not None:
            return FORMS[word]
        if second == first + "an":
            return word, word
        one, two = form_of(first), form_of(second)
        if one[1] == two[1] or second.startswith(first):
            return one if one[0] != one[1] else two
        joined = first + second
        return FORMS.get(joined, (joined, joined))
    return None


def _unstretched(word: str) -> Form | None:
    """ "tolooong", "matii", "maaaf": the known word under the stretched letters, if there is one."""
    if _DOUBLED.search(word) is None:
        return None
    for pattern, kept in ((_STRETCHED, r"\1"), (_STRETCHED, r"\1\1"), (_DOUBLED, r"\1")):
        shorter = _STRETCHED.sub(r"\1\1", word) if pattern is _DOUBLED else word
        known = FORMS.get(pattern.sub(kept, shorter))
        if known is not None:
            return known
    return None


def _glued_denial(raw: str) -> int:
    """How many letters of "gamau", "gabisa", "nggakuat" are the denial in front, 0 if there is none."""
    for head in _DENIALS:
        if raw.startswith(head) and raw[len(head) :] in _DENIED:
            return len(head)
    return 0


def tokens(text: str) -> list[Token]:
    """The words of `text` in order. Offsets count characters of the original text; punctuation and emoji are no words.

    >>> [(t.word, t.stem, t.start) for t in tokens("Bpk mukulin adek!!")]
    [('bapak', 'bapak', 0), ('memukul', 'pukul', 4), ('adik', 'adik', 12)]
    """
    plain = text if text.isascii() else None
    found: list[Token] = []
    lowered = text.lower() if plain is not None else ""
    for match in _WORD.finditer(text):
        start, end = match.span()
        raw = lowered[start:end] if plain is not None else fold(match.group()).replace("’", "'")
        form = FORMS.get(raw)
        if form is None:
            cut = _glued_denial(raw)
            if cut:
                found.append(Token(match.group()[:cut], start, start + cut, "tidak", "tidak"))
                start, raw = start + cut, raw[cut:]
            form = FORMS.get(raw) or _unknown(raw)
        word, stem = form
        if found:
            before = found[-1]
            if before.word in _PASSIVE_SPLIT and word in STEMS and raw[0] not in "mn":
                word = "di" + stem  # "di pukul": a passive written apart
            elif raw == before.text.lower() + "an" and before.stem in STEMS:
                word = stem = f"{before.stem}-{before.stem}an"  # "kejar kejaran": play
                found[-1] = before._replace(word=word, stem=word)
        found.append(Token(text[start:end], start, end, word, stem))
    return found


def normalise(text: str) -> str:
    """The normal words of `text` with one blank between them.

    >>> normalise("gw ga bs kluar, pintunya di kunciin")
    'aku tidak bisa keluar pintu di dikunci'
    """
    return " ".join(token.word for token in tokens(text))
