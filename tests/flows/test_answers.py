"""Every kind of answer: what is offered, understood, asked again. The walk at the end demands cases for each in the registry."""

from __future__ import annotations

import json

import pytest

from flows.kinds import KINDS
from flows.message import InboundKind
from flows.scene import Scene
from flows.session import Session
from tests.flows.talk import Talk, library

# kind → settings; [(what is typed, the answer)]; [what is asked again]
TYPED: dict[str, tuple[str, list[tuple[str, object]], list[str]]] = {
    "choice": (
        "options: [yes, no, unsure]",
        [("iya kak", "yes"), ("2", "no"), ("nggak", "no"), ("gatau", "unsure"), ("Opsi yes", "yes"), ("opsi unsur", "unsure")],
        ["4", "apa", "iya atau tidak", " "],
    ),
    "many": (
        "options: [hit, hurt, none]",
        [("1, 2", ["hit", "hurt"]), ("2 dan 1", ["hit", "hurt"]), ("semua", ["hit", "hurt"]), ("opsi hit, opsi none", ["hit", "none"])],
        ["9", "1 dan 9", "apa saja itu", "selesai"],
    ),
    "text": (
        "max: 40, options: [nothing]",
        [("kata  dengan  spasi", "kata  dengan  spasi"), ("Opsi nothing", "nothing"), ("1", "nothing"), ("Ünïcode 🙂", "Ünïcode 🙂")],
        ["x" * 41],
    ),
    "number": (
        "min: 1, max: 20, options: [unsure]",
        [("12", 12), ("dua belas", 12), ("umurku 9 tahun", 9), ("eleven", 11), ("Opsi unsure", "unsure")],
        ["0", "21", "banyak", "12 atau 13", "-3"],
    ),
    "date": (
        "options: [today, longer_ago]",
        [
            ("opsi today", "today"), ("2", "longer_ago"),
            ("kemarin", {"code": "yesterday", "since": "2026-11-22", "until": "2026-11-22", "text": "kemarin"}),
            ("12/11", {"code": "this_month", "since": "2026-11-12", "until": "2026-11-12", "text": "12/11"}),
        ],
        ["besok", "nanti", "tidak begitu"],
    ),
    "place": (
        "level: kelurahan",
        [
            ("sepinggan raya", {"kecamatan": "64.71.05", "kelurahan": "Sepinggan Raya", "text": "sepinggan raya"}),
            ("kel. lamaru", {"kecamatan": "64.71.01", "kelurahan": "Lamaru", "text": "kel. lamaru"}),
            ("di luar balikpapan", {"kecamatan": None, "kelurahan": None, "text": "", "note": "outside_city"}),
        ],
        ["samarinda", "dekat rumah nenek"],
    ),
    "where": (
        "options: [false_alarm]",
        [("gang depan masjid", {"text": "gang depan masjid"}), ("Opsi false_alarm", "false_alarm"), ("1", "false_alarm")],
        ["  "],
    ),
    "media": ("accept: [voice], options: [done]", [("Opsi done", "done"), ("1", "done")], ["kata saja"]),
    "topic": (
        "list: groups, options: [done]",
        [("1", "friends"), ("<parenting>", "parenting"), ("Opsi done", "done"), ("4", "done"), ("frends", "friends")],
        ["7", "kucing"],
    ),
}  # fmt: skip


def asked(kind: str, settings: str = "", **world: object) -> Talk:
    step = f"a: {{type: ask, kind: {kind}, {settings or TYPED[kind][0]}, next: b}}"
    strings = {"common": {"place_outside": "Di luar Balikpapan", "place_unsure": "Tidak tahu"}}
    steps = f"  {step}\n  b: {{type: ask, kind: text, next: over}}\n  over: {{type: end}}\n"
    return Talk(library(f"flow: tell\nstart: a\nsteps:\n{steps}", strings=strings), world=world).opened()


@pytest.mark.parametrize(
    ("kind", "typed", "answer"), [(kind, said, answer) for kind, (_, good, _) in TYPED.items() for said, answer in good]
)
def test_understood(kind: str, typed: str, answer: object) -> None:
    talk = asked(kind)
    talk.say(typed)
    assert talk.at == "tell.b"
    assert talk.answers["a"] == answer
    assert talk.session.misses == 0


@pytest.mark.parametrize(("kind", "typed"), [(kind, said) for kind, (_, _, bad) in TYPED.items() for said in bad])
def test_asked_again_kindly(kind: str, typed: str) -> None:
    talk = asked(kind)
    said = talk.say(typed)
    assert talk.at == "tell.a"
    assert "a" not in talk.answers
    assert "<tell.a>" in said[0] and len(said) == 1
    assert said[0] != "<tell.a>", "something kind stands in front of the question"


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_taken_is_said(kind: str) -> None:
    talk = asked(kind)
    assert "<media_closed>" in talk.send(InboundKind.MEDIA, media="image")[0]
    assert talk.at == "tell.a"
    sticker = talk.send(InboundKind.UNSUPPORTED)[0]
    assert sticker.startswith("<unsupported>") or kind == "media"
    assert talk.at == "tell.a"
    pin = talk.send(InboundKind.LOCATION, location=(-1.25, 116.8))
    assert (talk.at == "tell.b") is (kind == "where"), pin


@pytest.mark.parametrize("kind", KINDS)
def test_a_tap_on_what_was_never_offered_is_no_answer(kind: str) -> None:
    talk = asked(kind)
    talk.tap("forged")
    assert talk.at == "tell.a"
    assert "a" not in talk.answers


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "options:" in TYPED[kind][0]])
def test_every_option_can_be_tapped(kind: str) -> None:
    options = [choice.id.partition(".")[2] for choice in asked(kind).bubbles[-1].choices]
    assert options
    for option in options:
        if option == "done":
            continue
        talk = asked(kind)
        talk.tap(option)
        if kind == "many":
            talk.tap("done")
        assert talk.answers["a"] == ([option] if kind == "many" else option)


def test_many_is_ticked_one_by_one_and_unticked() -> None:
    talk = asked("many")
    assert talk.bubbles[-1].many and talk.labels[-1] == "<many_done>"
    talk.tap("hit")
    assert talk.labels == ["✓ Opsi hit", "Opsi hurt", "Opsi none", "<many_done>"]
    talk.tap("none")
    talk.tap("hit")
    assert talk.labels == ["Opsi hit", "Opsi hurt", "✓ Opsi none", "<many_done>"]
    assert talk.say("2, 1") == ["<tell.b>"]
    assert talk.answers["a"] == ["hit", "hurt", "none"]


def test_many_cannot_be_done_with_nothing() -> None:
    talk = asked("many")
    assert "<retry.many>" in talk.tap("done")[0]


def test_many_takes_the_way_of_the_first_option_that_has_one() -> None:
    content = library(
        "flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: many, options: [x, y, z], next: {y: c, z: d, else: b}}\n"
        "  b: {type: ask, kind: text, next: over}\n  c: {type: ask, kind: text, next: over}\n"
        "  d: {type: ask, kind: text, next: over}\n  over: {type: end}\n"
    )
    talk = Talk(content).opened()
    talk.say("1, 3 dan 2")
    assert talk.at == "tell.c"


def test_place_asks_for_the_kelurahan_of_the_kecamatan() -> None:
    talk = asked("place")
    assert len(talk.labels) == 8
    assert talk.tap("64.71.06") == ["<kelurahan_of Balikpapan Kota>"]
    assert talk.labels[0] == "Prapatan"
    assert "<retry.place>" in talk.say("99")[0]
    talk.tap("telaga_sari")
    assert talk.answers["a"] == {"kecamatan": "64.71.06", "kelurahan": "Telaga Sari", "text": ""}


def test_place_asks_back_where_a_name_means_several() -> None:
    talk = asked("place")
    assert talk.say("gunung sari") == ["<place_which>"]
    assert talk.labels == ["Gunung Sari Ulu", "Gunung Sari Ilir", "<place_other>"]
    talk.say("dua")
    assert talk.answers["a"] == {"kecamatan": "64.71.04", "kelurahan": "Gunung Sari Ilir", "text": "gunung sari"}


def test_place_goes_back_from_the_kelurahan_to_the_kecamatan() -> None:
    talk = asked("place")
    talk.tap("64.71.06")
    assert talk.say("kembali") == ["<tell.a>"]
    assert len(talk.labels) == 8


@pytest.mark.parametrize("said", ["gatau", "gak tau kak", "entah", "8", "delapan"])
def test_place_is_not_known(said: str) -> None:
    talk = asked("place")
    talk.say(said)
    assert talk.answers["a"]["note"] == "unsure"


def test_where_takes_a_pin_and_offers_to_send_one() -> None:
    talk = asked("where")
    assert talk.bubbles[-1].ask_location
    talk.send(InboundKind.LOCATION, location=(-1.2654, 116.8312))
    assert talk.answers["a"] == {"location": [-1.2654, 116.8312]}


def test_media_is_taken_only_where_it_can_be_kept() -> None:
    talk = asked("media", takes_media=True)
    assert talk.bubbles[-1].accept == ("voice",)
    talk.send(InboundKind.MEDIA, media="voice")
    assert talk.action is not None and talk.action.name == "take_file"
    assert "h" not in json.dumps(talk.session.to_json()["f"][-1][3:]), "the handle is nobody's to keep"
    refused = asked("media", takes_media=True)
    assert "<file_wrong_type>" in refused.send(InboundKind.MEDIA, media="document")[0]
    assert refused.action is not None and refused.action.name == "drop_file"
    assert asked("media").bubbles[-1].accept == ()


def test_choice_appends_other_words_and_asks_again_with_its_own_text() -> None:
    content = library(
        "flow: tell\nstart: s\nsteps:\n  s: {type: ask, kind: text, next: a}\n"
        "  a: {type: ask, kind: choice, options: [yes, no], append_to: s, next: b}\n"
        "  b: {type: ask, kind: text, next: over}\n  over: {type: end}\n",
        strings={"tell": {"a": {"text": "<a>", "more": "<more>", "options": {"yes": "Boleh", "no": "Jangan"}}}},
    )  # fmt: skip
    talk = Talk(content).opened()
    talk.say("pertama")
    assert talk.say("lalu dia datang lagi") == ["<more>"]
    assert talk.say("boleh") == ["<tell.b>"]
    assert talk.answers == {"s": "pertama\nlalu dia datang lagi", "a": "yes"}
    assert talk.session.misses == 0


@pytest.mark.parametrize("word", ["ya", "menu", "lewati", "opsi tell", "ab", "!!"])
def test_an_everyday_answer_is_no_exit_word(word: str) -> None:
    talk = asked("text", "max: 40, remember: exit_word")
    talk.say(word)
    assert "exit_word" not in talk.facts or talk.facts["exit_word"] is None


def test_an_exit_word_of_ones_own_works_everywhere_and_however_it_is_typed() -> None:
    talk = asked("text", "max: 40, remember: exit_word")
    talk.say("PR IPA!")
    assert talk.facts["exit_word"] == "pr ipa"
    talk.say("  pr   ipa ")
    assert talk.action is not None and talk.action.name == "leave"


@pytest.mark.parametrize(("kind", "value", "shown"), [
    ("choice", "yes", "Opsi yes"), ("many", ["hit", "none"], "Opsi hit, Opsi none"), ("text", "x" * 500, "x" * 299 + "…"),
    ("text", "nothing", "Opsi nothing"), ("number", 7, "7"), ("number", "unsure", "Opsi unsure"), ("date", {"text": "kemarin"}, "kemarin"),
    ("date", "today", "Opsi today"), ("place", {"kecamatan": "64.71.06", "kelurahan": "Damai", "text": ""}, "Damai, Balikpapan Kota"),
    ("place", {"kecamatan": None, "kelurahan": None, "note": "unsure"}, "Tidak tahu"),
    ("where", {"location": [-1.2, 116.8]}, "-1.20000, 116.80000"),
    ("where", {"text": "warung"}, "warung"), ("where", "false_alarm", "Opsi false_alarm"), ("media", "done", "Opsi done"),
])  # fmt: skip
def test_shown_in_the_review(kind: str, value: object, shown: str) -> None:
    talk = asked(kind)
    scene = Scene(Session.from_json(talk.session.to_json()), library=talk.library, world=talk.world)
    assert KINDS[kind].show(scene.step, scene, value) == shown


def test_every_kind_has_cases() -> None:
    assert len(KINDS) == 9
    assert TYPED.keys() == KINDS.keys()
    assert all(good for _, good, _ in TYPED.values())
    assert all(bad for _, _, bad in TYPED.values())
