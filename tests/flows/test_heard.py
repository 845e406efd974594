"""Other words for options (`heard:`): what people really write in place of a label."""

from __future__ import annotations

import pytest

from bot.shelf import load_shelf
from flows.matching import match_choice, match_heard, match_many
from tests.flows.inspected import STRINGS, inspected
from tests.flows.talk import Talk, library

CATALOGUE = load_shelf().library.catalogue


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("safe", {"yes": "aman kak, iya aman, sendirian aja", "no": "ga aman, belum aman", "unsure": "kayaknya aman"}),
        ("who", {"self_under_13": "9 tahun, aku 10 tahun, 9, aku masih sd kak", "self_13_17": "14, umurku 16, aku anak smp"}),
        ("who", {"adult": "saya ibunya", "other_child": "tentang temen", "professional": "bidan, aku guru bk"}),
        ("consent", {"yes": "silakan, gpp kak, boleh", "no": "ga usah deh, jangan dulu ya"}),
        ("phone", {"shared": "hp ibu, hp mama aku, bukan hp saya", "own_code": "pake kode aja", "own_here": "disini aja"}),
        ("often", {"once": "cuma sekali", "ongoing": "tiap hari, sering bgt, masih", "unsure": "gatau"}),
        ("child_age", {"under_6": "balita", "age_6_12": "7 tahun, kelas 3 sd", "age_13_17": "smp"}),
        ("child_sex", {"girl": "cewek", "boy": "cowo"}),
        ("suspect", {"parent": "ayah tiri, ibunya", "relative": "om, pamannya", "teacher": "guru ngaji"}),
        ("suspect", {"friend": "pacarnya", "stranger": "ga kenal"}),
        ("place_kind", {"home": "rumahnya, kos", "online": "wa", "public": "di jalan", "unsure": "gak tau"}),
        ("after", {"done": "udah cukup kak, makasih, nggak"}),
    ],
)  # fmt: skip
def test_the_citys_own_questions(step: str, said: dict[str, str]) -> None:
    labels = CATALOGUE.strings["id"]["report"][step]["options"]
    options = [(option, label if isinstance(label, str) else label["adult"]) for option, label in labels.items()]
    heard = CATALOGUE.heard("report", step)
    for option, phrases in said.items():
        for phrase in phrases.split(","):
            if phrase.strip() == "gausah":
                continue  # written as one word it is left to be asked again
            assert (match_heard(phrase, heard) or match_choice(phrase, options)) == option, phrase


def test_other_words_are_whole_answers() -> None:
    heard = {"yes": ["aman"], "no": ["gak aman"]}
    assert match_heard("AMAN kak!", heard) == "yes"
    assert match_heard("gak aman", heard) == "no"
    assert match_heard("aku aman tapi adik tidak", heard) is None
    assert match_heard("", heard) is None
    assert match_heard("aman", {"a": ["aman"], "b": ["aman"]}) is None


def test_in_a_list_too() -> None:
    options = [("school", "Sekolah"), ("police", "Kepolisian"), ("none", "Tidak")]
    heard = {"school": ["guru"], "police": ["polisi"]}
    assert match_many("guru dan polisi", options, heard) == ("school", "police")
    assert match_many("guru", options, heard) == ("school",)
    assert match_many("guru dan satpam", options, heard) is None


def test_only_options_on_offer_are_heard() -> None:
    steps = "a: {type: ask, kind: choice, options: [x, {id: y, when: {world.channel: web}}], next: over}\n  over: {type: end}"
    words = {"tell": {"a": {"text": "<a>", "options": {"x": "Ikan", "y": "Sayur"}, "heard": {"x": ["teri"], "y": ["bayam"]}}}}
    content = library(f"flow: tell\nstart: a\nsteps:\n  {steps}\n", strings=words)
    talk = Talk(content).opened()
    assert talk.say("bayam") == ["<retry.choice>\n\n<a>"]
    assert talk.say("teri") == ["<start.menu>"]


@pytest.mark.parametrize(
    ("heard", "message"),
    [
        ("{self: [aku sendiri], nobody: [x]}", "'nobody' is no option of 'report.who.heard'"),
        ("{self: [saya], other: [SAYA!]}", "'SAYA!' cannot stand for 'other' of 'report.who.heard': it is empty or stands for two"),
        ("{self: [kembali]}", "'kembali' of 'report.who.heard' is a command and never heard as an answer"),
        ("{self: aku}", "'report.who.heard' must map an option to a list of other words for it"),
    ],
)
def test_check_finds_what_is_wrong(heard: str, message: str) -> None:
    changed = STRINGS.replace("label: Tentang}", f"label: Tentang, heard: {heard}}}")
    assert changed != STRINGS
    found = inspected({"data/id/strings.yml": changed})
    assert [problem.message for problem in found.problems] == [message]


def test_every_other_word_of_the_city_is_understood_as_what_it_stands_for() -> None:
    count = 0
    for language in CATALOGUE.languages:
        for flow, steps in CATALOGUE.strings[language].items():
            for step, entry in steps.items():
                listed = entry.get("heard", {}) if isinstance(entry, dict) else {}
                for option, words in listed.items():
                    for word in words:
                        assert match_heard(word, CATALOGUE.heard(flow, step)) == option, (flow, step, word)
                        count += 1
    assert count > 200
