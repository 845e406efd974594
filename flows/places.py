"""Which kecamatan and kelurahan a typed place means. Pure: `Regions` is built from the plain mapping of `data/regions.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.wording import allowed_slips, slips, word_set, words


@dataclass(frozen=True, kw_only=True, slots=True)
class Kecamatan:
    """A district: its code of the Ministry of Home Affairs ("64.71.05"), its name, its kelurahan in the order of that list."""

    code: str
    name: str
    kelurahan: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a typed place means. `kecamatan` is a code, `kelurahan` a name as in the list; each None where it was not said or not sure.

    `certain` is True when nothing has to be asked back. When it is False, `candidates` holds the readings worth offering (each a
    certain Place; one candidate means "is it this one?"), and `kecamatan` is set if all of them lie in the same.
    """

    kecamatan: str | None
    kelurahan: str | None
    certain: bool
    candidates: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Name:
    """One way to write a place: its words, and the places that it may mean. `ask` is for names that are only locally known."""

    words: tuple[str, ...]
    places: tuple[Place, ...]
    ask: bool = False
    common: bool = False  # also an everyday word: sure only when the message is nothing else

    @property
    def joined(self) -> str:
        return "".join(self.words)


class RegionsError(ValueError):
    """The region file does not say what it must; the message names the entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regions:
    """The kecamatan and kelurahan of the city and the ways to write them. Build with `Regions.from_mapping`."""

    kecamatan: tuple[Kecamatan, ...]
    _names: tuple[_Name, ...] = field(repr=False)

    @classmethod
    def from_mapping(cls, body: Mapping[str, Any]) -> Regions:
        """Regions from the content of `data/regions.yml`. Raises `RegionsError` on a missing field, a doubled code or an unknown name."""
        try:
            listed = [_kecamatan(entry) for entry in body["kecamatan"]]
        except (KeyError, TypeError) as error:
            raise RegionsError(f"regions: every kecamatan needs code, name and kelurahan ({error})") from None
        codes = [k.code for k in listed]
        if not listed or len(set(codes)) != len(codes):
            raise RegionsError("regions: no kecamatan, or a code that stands twice")
        everything = [name for k in listed for name in k.kelurahan]
        if len(set(everything)) != len(everything):
            raise RegionsError("regions: a kelurahan stands twice")
        common = set(body.get("common_words") or ())
        names = [
            _Name(words=place_words(name), places=(Place(kecamatan=k.code, kelurahan=name, certain=True),), common=name in common)
            for k in listed
            for name in k.kelurahan
        ]
        names += [_Name(words=place_words(k.name), places=(Place(kecamatan=k.code, kelurahan=None, certain=True),)) for k in listed]
        for alias in body.get("aliases") or ():
            names.append(_alias(alias, listed))
        unknown = common - set(everything)
        if unknown:
            raise RegionsError(f"regions: common_words names no kelurahan: {', '.join(sorted(unknown))}")
        return cls(kecamatan=tuple(listed), _names=tuple(names))

    def of(self, code: str) -> Kecamatan | None:
        """The kecamatan with this code, or None."""
        return next((k for k in self.kecamatan if k.code == code), None)


def _kecamatan(entry: Mapping[str, Any]) -> Kecamatan:
    return Kecamatan(code=str(entry["code"]), name=str(entry["name"]), kelurahan=tuple(str(k) for k in entry["kelurahan"]))


def _alias(alias: Mapping[str, Any], listed: Sequence[Kecamatan]) -> _Name:
    try:
        written, means = str(alias["text"]), alias["means"]
    except (KeyError, TypeError) as error:
        raise RegionsError(f"regions: every alias needs text and means ({error})") from None
    places: list[Place] = []
    for target in [means] if isinstance(means, str) else list(means):
        found = [Place(kecamatan=k.code, kelurahan=name, certain=True) for k in listed for name in k.kelurahan if name == target]
        found += [Place(kecamatan=k.code, kelurahan=None, certain=True) for k in listed if target in (k.code, k.name)]
        if not found:
            raise RegionsError(f"regions: alias “{written}” means “{target}”, which is no kecamatan or kelurahan")
        places += found
    ask = bool(alias.get("confirm")) or len(places) > 1
    return _Name(words=place_words(written), places=tuple(places), ask=ask)


# Written forms of the words that names are made of.
_FORMS = {
    "gn": "gunung", "gng": "gunung", "gnung": "gunung", "gunug": "gunung", "gnng": "gunung", "g": "gunung", "bpp": "balikpapan",
    "bppn": "balikpapan", "blpp": "balikpapan", "bpn": "balikpapan", "balikpapn": "balikpapan", "blkppn": "balikpapan", "sei": "sungai",
    "sungei": "sungai", "sngai": "sungai", "sel": "selatan", "slatan": "selatan", "slt": "selatan", "utr": "utara", "tgh": "tengah",
    "tmr": "timur", "brt": "barat", "kilometer": "km",
}  # fmt: skip
# Words that say nothing about which place it is.
_AROUND = word_set(
    """
    kel kelurahan kec kecamatan daerah wilayah kawasan area di ke dari dekat deket dkt sekitar seputaran arah rumah rumahku rumahnya aku
    kami tinggal tinggalku tinggalnya alamat alamatku alamatnya kak ka min ya aja saja sini situ sana ini itu yang kota bpp kampung rt rw
    kayaknya sepertinya lokasi lokasinya kejadiannya in at near i live around the area village district nya sih deh dong bah pang mi ki
    """
)
# Words that many names share, or that are another city: by themselves they point nowhere.
_SHARED = word_set("baru ulu ilir tengah raya kota gunung sari balikpapan sungai indah utara selatan barat timur jati km karang samarinda")
# An answer of one direction alone is a kecamatan here; "kota" alone is not (it is the city as well).
_DIRECTIONS = word_set("utara selatan barat timur tengah")
_NEAR = word_set("dekat deket dkt seputaran near around")
_OR = word_set("atau ato or apa")


def place_words(text: str) -> tuple[str, ...]:
    """The words of a typed place, with "gn", "bpp", "sei" and the like written out."""
    return tuple(_FORMS.get(word, word) for word in words(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hit:
    name: _Name
    start: int
    end: int
    wrong: int


def match_place(text: str, regions: Regions) -> Place | None:
    """The place that `text` means, or None if it names none of the city's. Typos, abbreviations and words around it are borne.

    "kel. klandasan ilir" is certain; "gunung sari" is Ulu or Ilir, so it comes back uncertain with both as candidates; "baru"
    alone is nothing. A longer exact name wins over a shorter one inside it ("Damai Baru" over "Damai").
    """
    typed = place_words(text)
    if not typed:
        return None
    hits = _hits(typed, regions)
    if not hits:
        return _by_part(typed, regions)
    covered = {i for hit in hits for i in range(hit.start, hit.end)}
    rest = [w for i, w in enumerate(typed) if i not in covered and w not in _AROUND and w not in _SHARED | _OR]
    places: list[Place] = []
    for hit in hits:
        places += [p for p in hit.name.places if p not in places]
    # "sepinggan, balikpapan selatan" is one place said twice
    inner = [p for p in places if p.kelurahan is not None]
    if inner:
        places = inner + [p for p in places if p.kelurahan is None and all(p.kecamatan != q.kecamatan for q in inner)]
    sure = len(places) == 1 and not any(hit.name.ask or (hit.name.common and (rest or _NEAR & set(typed))) for hit in hits)
    return places[0] if sure else _unsure(places)


def _unsure(places: Sequence[Place]) -> Place:
    kecamatan = {p.kecamatan for p in places}
    return Place(kecamatan=kecamatan.pop() if len(kecamatan) == 1 else None, kelurahan=None, certain=False, candidates=tuple(places))


def _hits(typed: Sequence[str], regions: Regions) -> list[_Hit]:
    """The best names found in the words, none overlapping: exact before misspelt, long before short."""
    found: list[_Hit] = []
    for name in regions._names:
        joined = name.joined
        # a short name, a name that is an everyday word, and one with a number in it ("km 5") must be spelled right
        most = 0 if name.common or any(c.isdigit() for c in joined) else allowed_slips(len(joined))
        for length in range(1, len(name.words) + 2):
            for start in range(len(typed) - length + 1):
                part = typed[start : start + length]
                if part == name.words:
                    found.append(_Hit(name=name, start=start, end=start + length, wrong=0))
                elif abs(sum(map(len, part)) - len(joined)) <= most and not _same_but_one(part, name.words):
                    wrong = slips("".join(part), joined, most=most)
                    if wrong <= most:
                        found.append(_Hit(name=name, start=start, end=start + length, wrong=max(wrong, 1)))
    found.sort(key=lambda h: (h.wrong, -len(h.name.joined), h.start))
    chosen: list[_Hit] = []
    for hit in found:
        rival = next((c for c in chosen if c.start < hit.end and hit.start < c.end), None)
        if rival is None:
            chosen.append(hit)
        elif rival.wrong > 0 and hit.wrong < rival.wrong + 2 and hit.name is not rival.name and rival.name.places != hit.name.places:
            chosen.append(hit)  # two near spellings: neither is guessed
        elif rival.wrong == 0 and hit.end - hit.start > rival.end - rival.start and not _AROUND & set(typed[hit.start : hit.end]):
            chosen.append(hit)  # "manggar aru": Manggar, or Manggar Baru misspelt
    return sorted(chosen, key=lambda h: h.start)


def _same_but_one(part: Sequence[str], named: Sequence[str]) -> bool:
    """Whether the words are another real name rather than a misspelt one: "baru ulu" is not a slip of "baru ilir"."""
    different = [(a, b) for a, b in zip(part, named, strict=False) if a != b]
    return len(part) == len(named) and any(a in _SHARED and b in _SHARED for a, b in different)


def _by_part(typed: Sequence[str], regions: Regions) -> Place | None:
    """A piece of a name: "selatan" alone, or a telling word ("rapak", "gunung sari") that is then asked back."""
    telling = [w for w in typed if w not in _AROUND]
    if len(telling) == 1 and telling[0] in _DIRECTIONS:
        found = [k for k in regions.kecamatan if telling[0] in place_words(k.name)]
        if len(found) == 1:
            return Place(kecamatan=found[0].code, kelurahan=None, certain=True)
    best: dict[Place, int] = {}
    for name in regions._names:
        if any(p.kelurahan is None for p in name.places) or name.ask:
            continue
        matched = [w for w in name.words if any(_alike(w, t) for t in telling)]
        if any(w not in _SHARED for w in matched) or (len(matched) >= 2 and matched == list(name.words[: len(matched)])):
            best[name.places[0]] = len(matched)
    if not best:
        return None
    top = max(best.values())
    places = [p for p, score in best.items() if score == top]
    return _unsure(places)


def _alike(named: str, typed: str) -> bool:
    if len(named) < 5:
        return named == typed
    return slips(named, typed, most=1) <= 1 and named[0] == typed[0]
