"""Typed places of Balikpapan: names, abbreviations, typos, and what has to be asked back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.places import Place, Regions, RegionsError, match_place

BODY: dict[str, Any] = yaml.safe_load((Path(__file__).resolve().parents[2] / "data/regions.yml").read_text(encoding="utf-8"))
REGIONS = Regions.from_mapping(BODY)
EAST, WEST, NORTH, MIDDLE, SOUTH, TOWN = (f"64.71.0{n}" for n in range(1, 7))


def test_the_list_is_the_official_one() -> None:
    """Kepmendagri 300.2.2-2430/2025: six kecamatan, 34 kelurahan."""
    assert [(k.code, len(k.kelurahan)) for k in REGIONS.kecamatan] == [
        (EAST, 4),
        (WEST, 6),
        (NORTH, 6),
        (MIDDLE, 6),
        (SOUTH, 7),
        (TOWN, 5),
    ]
    assert REGIONS.of(SOUTH) is REGIONS.kecamatan[4]
    assert REGIONS.of("nowhere") is None


@pytest.mark.parametrize(
    ("text", "kecamatan", "kelurahan"),
    [
        ("kel. klandasan ilir", TOWN, "Klandasan Ilir"),
        ("gn sari ulu", MIDDLE, "Gunung Sari Ulu"),
        ("sepingan", SOUTH, "Sepinggan"),
        ("Sungainangka", SOUTH, "Sungai Nangka"),
        ("mekarsari", MIDDLE, "Mekar Sari"),
        ("gn samarinda baru", NORTH, "Gunung Samarinda Baru"),
        ("gunung samarinda", NORTH, "Gunung Samarinda"),
        ("damai", TOWN, "Damai"),
        ("damai baru", SOUTH, "Damai Baru"),
        ("manggar", EAST, "Manggar"),
        ("rumahku di klandasan ilir dekat pasar", TOWN, "Klandasan Ilir"),
        ("sepinggan, balikpapan selatan", SOUTH, "Sepinggan"),
        ("bpp selatan", SOUTH, None),
        ("balsel", SOUTH, None),
        ("kec balikpapan kota", TOWN, None),
        ("Balik papan timur", EAST, None),
        ("utara aja kak", NORTH, None),
        ("kariango", WEST, "Kariangau"),
    ],
)
def test_certain(text: str, kecamatan: str, kelurahan: str | None) -> None:
    assert match_place(text, REGIONS) == Place(kecamatan=kecamatan, kelurahan=kelurahan, certain=True)


@pytest.mark.parametrize(
    ("text", "kecamatan", "candidates"),
    [
        ("gunung sari", MIDDLE, {"Gunung Sari Ulu", "Gunung Sari Ilir"}),
        ("klandasan", TOWN, {"Klandasan Ulu", "Klandasan Ilir"}),
        ("rapak", NORTH, {"Muara Rapak"}),
        ("sepinggan atau manggar", None, {"Sepinggan", "Manggar"}),
        ("batakan", EAST, {"Manggar", "Manggar Baru"}),  # only locally known: asked back
        ("km 5", NORTH, {"Batu Ampar", "Karang Joang"}),
        ("balikpapan baru", None, {"Damai Baru", "Gunung Samarinda Baru", "Gunung Bahagia"}),
        ("pengen hidup damai", TOWN, {"Damai"}),  # also an everyday word
        ("dekat prapatan", TOWN, {"Prapatan"}),
    ],
)
def test_asked_back(text: str, kecamatan: str | None, candidates: set[str]) -> None:
    place = match_place(text, REGIONS)
    assert place is not None and not place.certain
    assert place.kelurahan is None
    assert place.kecamatan == kecamatan
    assert {c.kelurahan for c in place.candidates} == candidates
    assert all(c.certain for c in place.candidates)


def test_two_places_that_contradict_each_other_are_both_offered() -> None:
    place = match_place("sepinggan balikpapan utara", REGIONS)
    assert place is not None and not place.certain and place.kecamatan is None
    assert {(c.kecamatan, c.kelurahan) for c in place.candidates} == {(SOUTH, "Sepinggan"), (NORTH, None)}


@pytest.mark.parametrize(
    "text",
    [
        "baru",
        "ilir",
        "kota",
        "balikpapan",
        "kota balikpapan",
        "samarinda",
        "jakarta",
        "penajam",
        "di rumah",
        "km 7",
        "",
        "🙂",
        "12",
    ],
)
def test_nothing(text: str) -> None:
    assert match_place(text, REGIONS) is None


_NAMES = [(k.code, name) for k in REGIONS.kecamatan for name in k.kelurahan]


@pytest.mark.parametrize(("code", "name"), _NAMES)
def test_every_kelurahan_is_found_by_its_name_however_written(code: str, name: str) -> None:
    for text in (
        name,
        name.upper(),
        f"kel. {name.lower()}",
        f"di {name} kak",
        name.replace(" ", ""),
        name.replace("Gunung", "Gn"),
    ):
        assert match_place(text, REGIONS) == Place(kecamatan=code, kelurahan=name, certain=True), text


@given(which=st.sampled_from(_NAMES), at=st.integers(1, 20), kind=st.sampled_from(["lost", "doubled", "changed"]))
def test_a_slip_in_a_name_never_leads_to_another_certain_place(which: tuple[str, str], at: int, kind: str) -> None:
    code, name = which
    place_at = at % len(name)
    letter = name[place_at]
    put = {"lost": "", "doubled": letter * 2, "changed": "x"}[kind]
    place = match_place(name[:place_at] + put + name[place_at + 1 :], REGIONS)
    if place is not None and place.certain and place.kelurahan is not None:
        assert (place.kecamatan, place.kelurahan) == (code, name)


@given(st.text(max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    place = match_place(text, REGIONS)
    assert place is None or place.certain or place.candidates


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b["kecamatan"][0].pop("code"), "code"),
        (lambda b: b["kecamatan"].append(dict(b["kecamatan"][0])), "twice"),
        (lambda b: b["aliases"].append({"text": "x", "means": "Nowhere"}), "Nowhere"),
        (lambda b: b["aliases"].append({"means": "Damai"}), "alias"),
        (lambda b: b.update(common_words=["Nowhere"]), "Nowhere"),
    ],
)
def test_a_wrong_file_is_refused_with_the_entry(change: Any, message: str) -> None:
    body = yaml.safe_load(yaml.safe_dump(BODY))
    change(body)
    with pytest.raises(RegionsError, match=message):
        Regions.from_mapping(body)
