"""A typed answer against the options of a question: by number, id, label, its first words, a synonym of yes and no, or a close spelling.

Pure, and cautious: whatever could mean two options means none, and the question is asked again. The whole message has to be the
answer; a story that merely contains a label is left to the caller (it may be kept as the person's own words).
`parse_number` and `parse_date` are re-exported so that a step needs one import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flows.dates import DateGuess, When, parse_date
from flows.numbers import parse_number, parse_ordinal, spoken_words
from flows.wording import NEGATIONS, allowed_slips, fold, slips, word_set, words

__all__ = ["DateGuess", "Heard", "Option", "When", "match_choice", "match_heard", "match_many", "parse_date", "parse_number"]

Option = tuple[str, str]  # (id, label)
Heard = Mapping[str, Sequence[str]]  # id → other words for it

# Words around an answer that change nothing in it. A label may need them, so they are taken away only on a second look.
_AROUND = word_set(
    """
    kak ka min bang mas mbak mba pak bu om tante aja saja deh dong lah sih nih kok kan ya yang itu ini pilih pilihan jawab jawabanku
    jawabannya mau aku ku di ke dari si the a an i my in at it is please pls choose pick cil ding mi ji ki kah pang bah to
    """
)

# Whole answers, as words. Each is written the way `words` gives it back. Indonesian, Banjar, Javanese, Bugis-Makassar, English.
_YES = """
    iya, ya, y, yes, yup, yep, yap, yoi, yo, iyo, iyes, yeah, yea, he eh, heeh, hooh, ho oh, inggih, nggih, enggih, iyo', iye, iyek,
    iyoi, betul, bener, benar, bnr, btl, bujur, leres, ok, oke, okay, okey, boleh, bisa, mau, setuju, pasti, jelas, sudah, siap,
    sip, tentu, tentu saja, correct, right, sure, of course, yess, iyaa, iyah, yaa, yah iya, ho'oh, iyap, yas, aye, ada, i do, i am,
    yes i do, yes i am, hiih, iih, inggeh, aok
"""
_NO = """
    tidak, tdk, tak, nggak, ngga, ngg, enggak, engga, gak, ga, gk, g, kagak, kaga, ndak, nda, ndk, dak, no, nope, nah no, n, t,
    bukan, bkn, belum, blm, belom, blom, kada, kadada, kda, kd, ora, ora no, ra, mboten, boten, de', de, degaga, tea, tidak ada, gak
    ada, ga ada, nggak ada, enggak ada, tdk ada, ndak ada, nda ada, kada ada, ora ono, tidak mau, gak mau, ga mau, nggak mau, gamau,
    gak bisa, ga bisa, tidak bisa, gabisa, jangan, salah, not, not yet, never, no i dont, i dont, im not, none, gaada, enda, tida,
    kadak, indak, tidaak, ogah, tidak boleh, gak boleh, ga boleh, belum ada, blm ada, belum pernah, tidak pernah, gak pernah, ga
    pernah, nggak pernah
"""
_UNSURE = """
    tidak tahu, tidak tau, tdk tau, tdk tahu, nggak tahu, nggak tau, ngga tau, ngga tahu, enggak tau, enggak tahu, engga tau, gak
    tau, gak tahu, ga tau, ga tahu, gk tau, gk tahu, g tau, g tahu, gatau, gaktau, gatahu, gktau, gtau, gtw, ga tw, gak tw, tak tau,
    tak tahu, ndak tau, ndak tahu, nda tau, nda tahu, kagak tau, belum tau, belum tahu, blm tau, blm tahu, kurang tau, kurang tahu,
    krg tau, entah, entahlah, ntah, ntahlah, mungkin, mngkn, mgkn, bisa jadi, ragu, ragu ragu, bingung, bgg, tidak yakin, gak yakin,
    ga yakin, nggak yakin, belum yakin, kurang yakin, kada tahu, kada tau, kada tahulah, kada yakin, ora ngerti, ora weruh, ra
    ngerti, ra weruh, embuh, mbuh, duko, dak tau, lupa, tidak ingat, gak ingat, ga ingat, tidak pasti, gak pasti, ga pasti, not
    sure, im not sure, unsure, i dont know, dont know, dunno, idk, maybe, no idea, dk, de uissengi, tena kuisseng, tidak jelas, gak
    jelas, ndatau, tidaktau
"""
_ROLE = {"yes": "yes", "no": "no", "unsure": "unsure", "unknown": "unsure", "not_sure": "unsure", "dont_know": "unsure"}
_SYNONYMS: dict[tuple[str, ...], str] = {
    tuple(words(phrase)): role for role, phrases in (("yes", _YES), ("no", _NO), ("unsure", _UNSURE)) for phrase in phrases.split(",")
}
_OPENINGS: dict[tuple[str, ...], str] = {("ya",): "yes", ("yes",): "yes", ("tidak",): "no", ("no",): "no"}
# Only these are heard misspelt: one letter makes others of them another word (sudah/susah, salah/salam, lupa/luka, bukan/bulan).
_OFTEN_MISSPELLED = {
    "tidak": "no", "nggak": "no", "enggak": "no", "kagak": "no", "ndak": "no", "betul": "yes", "setuju": "yes", "mungkin": "unsure",
    "bingung": "unsure", "entahlah": "unsure",
}  # fmt: skip
_LONGEST = max(map(len, _SYNONYMS))
# Words between synonyms that leave an answer what it is: "iya dong kak", "ya mau banget", "kayaknya nggak", "ga tau juga sih".
_AROUND_YES_NO = word_set(
    """
    kak ka min bang mas mbak mba pak bu om tante aja saja deh dong donk lah sih nih kok kan juga banget bgt sekali kayaknya kayanya
    sepertinya kyknya keknya rasanya i do am aku itu ini ah eh oh hmm hm mm em makasih terima kasih please thanks ding pang mi ji
    cil kawa dulu lagi
    """
)

_ALL = frozenset(
    {("semua",), ("semuanya",), ("semua", "nya"), ("all",), ("everything",), ("all", "of", "them"), ("sabarataan",), ("kabeh",)}
)
_EXCEPT = frozenset({"kecuali", "except", "but", "selain"})
_NOT_SUBSTANCE = frozenset({"none", "unsure", "unknown", "not_sure", "dont_know", "done", "skip", "no"})
_SEPARATORS = re.compile(r"\s*(?:[,;&+\n/]|\b(?:dan|dn|serta|sama|and|lawan|wan|karo|plus)\b)\s*", re.IGNORECASE)
_SPAN = re.compile(r"^\s*(\d{1,2})\s*(?:-|–|s/?d|sampai|sampe|to)\s*(\d{1,2})\s*$", re.IGNORECASE)
_BAND = re.compile(r"(\d{1,3})\s*(?:-|–|—|sampai|to|hingga)\s*(\d{1,3})")
_LOW_BAND = re.compile(r"(\d{1,3})\s*(?:tahun ke bawah|ke bawah|atau kurang|or younger|and under)")
_OPEN_BAND = re.compile(r"(\d{1,3})\s*(?:\+|tahun ke atas|ke atas|atau lebih|or older|and over)")
_AGE_SAID = frozenset({"tahun", "umur", "umurku", "umurnya", "usia", "usiaku", "usianya", "years", "year", "age", "aged"})


def match_choice(text: str, options: Sequence[Option]) -> str | None:
    """The id of the one option that `text` means, or None. `options` are (id, label) in the order shown, numbered from 1.

    >>> match_choice("yang pertama", [("home", "Di rumah"), ("school", "Di sekolah")])
    'home'
    >>> match_choice("gatau kak", [("yes", "Ya"), ("no", "Tidak"), ("unsure", "Belum tahu")])
    'unsure'
    """
    typed = words(text)
    if not typed or not options:
        return None
    for reader in (_exact, _yes_no, _numbered, _banded, _partly, _spelled):
        found = reader(text, typed, options)
        if found is not None:
            return found
    return None


def match_heard(text: str, heard: Heard) -> str | None:
    """The option that has `text` among its other words, or None. The whole message has to be one of them, but for words around it.

    >>> match_heard("aman kak", {"yes": ["aman"], "no": ["gak aman"]})
    'yes'
    """
    typed = words(text)
    for mine in (typed, _core(typed)):
        found = {option_id for option_id, listed in heard.items() if mine and any(mine == words(one) for one in listed)}
        if found:
            return _only(found)
    return None


def match_within(text: str, heard: Heard) -> str | None:
    """The one option of which some words stand in `text`, one after the other; None if there is none, or more than one.

    >>> match_within("anak saya 4 tahun suka teriak", {"parent": ["anak saya"], "professional": ["murid saya"]})
    'parent'
    """
    typed = f" {' '.join(words(text))} "
    found = {option_id for option_id, listed in heard.items() if any(f" {' '.join(words(one))} " in typed for one in listed)}
    return _only(found) if found else None


def match_many(text: str, options: Sequence[Option], heard: Heard | None = None) -> tuple[str, ...] | None:
    """The ids of all options that `text` means, in the order of `options`, or None if any part of it is not understood.

    "1,3 dan 4", "1 3 4", "1-3", "dipukul, diancam", "semua", "semua kecuali 2". `heard` holds other words for options. "semua" leaves
    out options that say "none" or "not sure" (ids none, no, unsure, unknown, not_sure, dont_know).
    """
    if not words(text) or not options:
        return None
    one = match_heard(text, heard or {})
    if one is None and not _looks_like_list(text):
        one = match_choice(text, options)
    if one is not None:
        return (one,)
    typed = words(text)
    substance = {option_id for option_id, _ in options if option_id not in _NOT_SUBSTANCE}
    plain = tuple(w for w in typed if w not in _AROUND)
    if plain in _ALL:
        return _ordered(substance, options)
    if (len(plain) > 2 and plain[:1] in _ALL and plain[1] in _EXCEPT) or (len(plain) > 1 and plain[0] in _EXCEPT):
        without = match_many(" ".join(plain[2:] if plain[:1] in _ALL else plain[1:]), options)
        return None if without is None else _ordered(substance - set(without), options) or None
    chosen: set[str] = set()
    for part in _parts(text):
        span = _SPAN.match(part)
        if span is not None:
            low, high = int(span[1]), int(span[2])
            if not 1 <= low < high <= len(options):
                return None
            chosen.update(option_id for option_id, _ in options[low - 1 : high])
            continue
        found = match_heard(part, heard or {}) or match_choice(part, options)
        if found is None:
            return None
        chosen.add(found)
    return _ordered(chosen, options) or None


def _ordered(chosen: set[str], options: Sequence[Option]) -> tuple[str, ...]:
    return tuple(option_id for option_id, _ in options if option_id in chosen)


def _parts(text: str) -> list[str]:
    """The pieces of a list. Pieces of nothing but numbers are cut at their blanks ("1 3 4"), labels are not."""
    parts: list[str] = []
    for piece in _SEPARATORS.split(fold(text)):
        if _SPAN.match(piece):
            parts.append(piece)
        elif piece and all(p.strip(".)").isdigit() for p in piece.split()):
            parts.extend(piece.split())
        elif words(piece):
            parts.append(piece)
    return parts


def _looks_like_list(text: str) -> bool:
    return len(_parts(text)) > 1


def _labels(options: Sequence[Option]) -> list[tuple[str, list[str]]]:
    named: list[tuple[str, list[str]]] = []
    for option_id, label in options:
        named.append((option_id, words(label)))
        named.append((option_id, words(option_id.replace("_", " "))))
    return named


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _exact(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    by_label = {option_id for option_id, label in options if words(label) == typed}
    if by_label:
        return _only(by_label)
    by_id = {option_id for option_id, _ in options if fold(text).strip() == option_id.casefold()}
    return _only(by_id or {option_id for option_id, named in _labels(options) if named == typed})


def _roles(options: Sequence[Option]) -> dict[str, str]:
    """Which option is the yes, the no, the not sure: by its id, or because its label opens with the bare word ("Ya, petugas")."""
    roles = {_ROLE[option_id]: option_id for option_id, _ in options if option_id in _ROLE}
    for option_id, label in options:
        role = _OPENINGS.get(tuple(words(label.partition(",")[0])))
        if role is not None and option_id not in _ROLE:
            roles.setdefault(role, option_id)
    return roles


def _yes_no(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    roles = _roles(options)
    if not roles:
        return None
    heard: set[str] = set()
    at = 0
    while at < len(typed):
        for length in range(min(_LONGEST, len(typed) - at), 0, -1):
            role = _SYNONYMS.get(tuple(typed[at : at + length]))
            if role is not None:
                heard.add(role)
                at += length
                break
        else:
            if typed[at] not in _AROUND_YES_NO:
                role = _misspelled_yes_no(typed[at]) if len(typed) == 1 else None
                if role is None:
                    return None
                heard.add(role)
            at += 1
    if "unsure" in heard and len(heard) > 1 and "yes" not in heard:
        heard.discard("no")  # "nggak, nggak tau": the refusal belongs to the not knowing
    return roles.get(heard.pop()) if len(heard) == 1 else None


def _misspelled_yes_no(word: str) -> str | None:
    near = {role for spelled, role in _OFTEN_MISSPELLED.items() if len(word) >= 4 and slips(word, spelled, most=1) <= 1}
    return _only(near)


def _numbered(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    number = parse_ordinal(text, len(options))
    return options[number - 1][0] if number is not None else None


def _banded(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    """An age or an amount against labels that are stretches ("6-12 tahun"): when it cannot be, or is said not to be, an option's number."""
    number = parse_number(text)
    if number is None:
        return None
    spoken = spoken_words(text)
    if number <= len(options) and not _AGE_SAID & set(spoken):
        return None
    found: set[str] = set()
    for option_id, label in options:
        folded = fold(label)
        band, below, above = _BAND.search(folded), _LOW_BAND.search(folded), _OPEN_BAND.search(folded)
        if band:
            fits = int(band[1]) <= number <= int(band[2])
        else:
            fits = bool(below and number <= int(below[1])) or bool(above and number >= int(above[1]))
        if fits:
            found.add(option_id)
    return _only(found)


def _negated(named: Sequence[str]) -> bool:
    return any(w in NEGATIONS for w in named)


def _core(named: Sequence[str]) -> list[str]:
    return [w for w in named if w not in _AROUND]


def _partly(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    """The first word or words of a label, or its telling words ("sekolah" for "Di sekolah"), where no other label has them."""
    for mine in (typed, _core(typed)):
        if not mine:
            continue
        same = {i for i, w in _labels(options) if mine in (w, _core(w))}
        if same:
            return _only(same)
        # "aku" is not "bukan aku": a part of a label counts only if both deny or neither does
        begins = {i for i, w in _labels(options) if w[: len(mine)] == mine and _negated(w) == _negated(mine)}
        holds = {i for i, w in _labels(options) if _core(mine) and _contains(_core(w), _core(mine)) and _negated(w) == _negated(mine)}
        if begins | holds:
            return _only(begins | holds)
    return None


def _contains(named: Sequence[str], part: Sequence[str]) -> bool:
    return any(list(named[i : i + len(part)]) == list(part) for i in range(len(named) - len(part) + 1))


def _spelled(text: str, typed: list[str], options: Sequence[Option]) -> str | None:
    """A close spelling of a label, an id, or a label's telling words, if every other option is clearly farther away."""
    best: dict[str, int] = {}
    for mine in {"".join(typed), "".join(_core(typed))} - {""}:
        most = allowed_slips(len(mine))
        if most == 0:
            continue
        for option_id, named in _labels(options):
            if _negated(named) != _negated(typed):
                continue
            for theirs in {"".join(named), "".join(_core(named)), *_core(named)} - {""}:
                if len(theirs) < 4:
                    continue
                apart = slips(mine, theirs, most=most + 1)
                best[option_id] = min(best.get(option_id, 99), apart)
    if not best:
        return None
    ranked = sorted((apart, option_id) for option_id, apart in best.items())
    near = allowed_slips(max(len("".join(typed)), 4))
    if ranked[0][0] > near or (len(ranked) > 1 and ranked[1][0] < ranked[0][0] + 2 and ranked[1][0] <= near + 1 and ranked[1][0] != 99):
        return None
    return ranked[0][1]
