"""The step `talk`: what the desk says comes in any order, and a person is told each thing once; words go on, and none stays behind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from flows.definition import read_flow
from flows.desk import NOTHING
from flows.library import Library
from flows.message import Danger, InboundKind
from tests.flows.talk import Talk, library

COUNSELLOR = """
flow: counsellor
start: ask
entries: {joined: talk}
steps:
  ask: {type: ask, kind: text, begin_with: facts.told, next: hand}
  hand: {type: handoff, reason: asked, talk: true, next: {ok: talk, else: over}}
  talk:
    type: talk
    accept: [voice]
    next: {read: read, callback: later, message: kept, stop: stopped, end: bye, ended: bye, crisis: crisis}
  read: {type: call, flow: other, next: talk}
  later: {type: ask, kind: choice, options: [back, out], next: {back: talk, else: over}}
  kept: {type: say, next: over}
  stopped: {type: say, next: over}
  bye: {type: say, next: over}
  crisis: {type: say, next: over}
  over: {type: end}
"""
WITH_NAMES = {
    "talk_with": "Kini {result.with}", "talk_how": "-", "talk_handed": "Lanjut {result.with}", "talk_still": "Masih {result.with}",
    "talk_ahead": "{result.ahead} di depan", "talk_minutes": "{result.minutes} menit", "talk_end": "Selesai bicara",
}  # fmt: skip


class Chat(Talk):
    """Somebody with a desk."""

    def desk(self, state: str, **about: Any) -> list[str]:
        """The desk is so now, and says that something changed."""
        self.so(state, **about)
        return self.time_out("desk")

    def so(self, state: str, **about: Any) -> None:
        self.world = {**self.world, "desk": {**NOTHING, "state": state, "id": "ab" * 16, **about}}


@pytest.fixture
def waiting() -> Chat:
    """Somebody who asked for a person, and waits."""
    person = Chat(_both(), world={"learn": True, "takes_media": True, "desk": {**NOTHING, "ahead": 2, "wait_minutes": 10}})
    person.send(InboundKind.START)
    person.tap("tell")
    person.say("aku takut")
    assert person.action is not None and person.action.arguments == {"reason": "asked", "talk": True}
    shown = person.done("ok", keep={"hand_off": "ab" * 16}, forget=True)
    assert shown == ["2 di depan 10 menit\n\n<talk_wait>"], "in the turn that made the hand-off the world says what it will meet"
    person.so("waiting", ahead=2, wait_minutes=10)
    return person


def _both() -> Library:
    """The small content, with the conversation `counsellor` behind the menu's first option."""
    content = library("flow: tell\nstart: go\nsteps:\n  go: {type: go, flow: counsellor}\n")
    flow, problems = read_flow(COUNSELLOR, file="counsellor.yml")
    assert flow is not None and not problems, problems
    strings = {
        language: {
            **words, "common": {**words["common"], **WITH_NAMES},
            "counsellor": {
                name: {"text": f"<{name}>", "options": {o.id: f"Opsi {o.id}" for o in step.options}} for name, step in flow.steps.items()
            },
        }
        for language, words in content.catalogue.strings.items()
    }  # fmt: skip
    return replace(content, flows={**content.flows, "counsellor": flow}, catalogue=replace(content.catalogue, strings=strings))


def out(person: Chat) -> dict[str, Any]:
    """What is passed on."""
    assert person.action is not None and person.action.name == "pass_on"
    return dict(person.action.arguments)


def test_news_are_told_once_however_often_and_in_whatever_order_they_come(waiting: Chat) -> None:
    assert waiting.time_out("desk") == [] and waiting.time_out("desk") == [], "nothing is new"
    assert waiting.desk("active", **{"with": "Rina"}) == ["Kini Rina\n\n-"]
    assert waiting.time_out("desk") == [], "doubled"
    assert waiting.desk("active", **{"with": "Budi"}) == ["Lanjut Budi"]
    assert waiting.desk("active", **{"with": "Budi"}) == []
    assert waiting.desk("waiting", ahead=0) == ["<talk_lost>\n\n<talk_first> <talk_unknown>\n\n<talk_wait>"]
    assert waiting.time_out("desk") == []
    assert waiting.desk("ended") == ["<bye>"]
    assert waiting.time_out("desk") == [] and "desk" not in waiting.facts


def test_every_word_goes_to_the_person_and_none_stays(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    for words in ("rahasiaku", "bantuan", "konselor", "kembali", "1", "Opsi back", "Opsi stop", "x" * 5000):
        assert waiting.say(words) == [] and out(waiting) == {"text": words}
        assert waiting.done("ok") == []
    waiting.send(InboundKind.LOCATION, location=(-1.2, 116.8))
    assert out(waiting) == {"location": [-1.2, 116.8]}
    waiting.done("ok")
    kept = json.dumps(waiting.session.to_json())
    assert "rahasiaku" not in kept and "aku takut" not in kept and "116.8" not in kept


def test_what_is_written_while_waiting_is_kept_and_said_once(waiting: Chat) -> None:
    waiting.say("masih di sini")
    assert out(waiting) == {"text": "masih di sini"}
    assert waiting.done("ok") == ["<talk_kept>"]
    waiting.say("satu lagi")
    assert waiting.done("ok") == []
    waiting.say("dan ini")
    assert waiting.done("error") == ["<talk_not_passed>"]


def test_danger_gives_the_numbers_and_goes_to_the_person(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    shown = waiting.say("tolong", Danger.EMERGENCY)
    assert "<interrupts.danger>" in "\n".join(shown) and "<talk_seen>" in "\n".join(shown)
    assert out(waiting) == {"alert": "emergency", "text": "tolong"}
    assert waiting.done("ok") == [] and waiting.at == "counsellor.talk"
    assert waiting.say("tolong cepat", Danger.EMERGENCY) == ["<interrupts.danger>"]
    waiting.done("ok")
    assert waiting.desk("ended") == ["<crisis>"], "nobody is asked how it was"


def test_danger_while_waiting_is_the_talk_about_danger_and_somebody_may_come_into_it(waiting: Chat) -> None:
    waiting.say("tolong", Danger.EMERGENCY)
    assert waiting.action is not None and waiting.action.name == "raise_alert"
    waiting.done("ok")
    assert waiting.at == "interrupts.stay"
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.at == "counsellor.talk"
    waiting.desk("ended")
    assert waiting.at == "interrupts.stay", "it is there to come back to"


def test_who_comes_into_an_alert_is_announced_although_nobody_waited() -> None:
    person = Chat(_both(), world={})
    person.say("tolong", Danger.EMERGENCY)
    person.done("ok")
    assert person.desk("active", **{"with": "Rina"})[0].startswith("Kini Rina")
    assert person.say("di dapur") == [] and out(person) == {"text": "di dapur"}


def test_reading_meanwhile_does_not_lose_the_place(waiting: Chat) -> None:
    waiting.tap("read")
    assert waiting.at == "other.word"
    assert waiting.desk("waiting", ahead=1) == [], "who reads is not told of every move"
    waiting.say("selesai membaca")
    assert waiting.at == "counsellor.talk" and "1 di depan" in "".join(b.text for b in waiting.bubbles)
    waiting.say("menu")
    assert waiting.at == "start.menu"
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.at == "counsellor.talk" and [frame.flow for frame in waiting.session.frames] == ["counsellor"]


def test_a_tap_from_before_is_no_word_to_the_person(waiting: Chat) -> None:
    before = waiting.session.prompt
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.tap("stop", prompt=before) == ["Masih Rina"] and waiting.action is None
    assert waiting.tap("stop", prompt=before) == [], "the same tap twice is nothing"
    assert waiting.tap("tell", prompt=1) == ["Masih Rina"], "a button of the menu opens nothing while a person is there"


def test_leaving_the_talk_is_asked_and_taken_at_its_word(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.say("menu") == ["<talk_leaving>"]
    assert waiting.say("2") == [] and waiting.action is not None and waiting.action.name == "end_talk"
    assert waiting.done("ok") == ["<bye>"] and waiting.at == "idle"


def test_a_talk_that_ended_meanwhile_loses_no_word(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    waiting.so("none")
    assert waiting.say("aku mau cerita satu lagi") == ["<bye>"]
    assert waiting.facts["told"] == "aku mau cerita satu lagi"


def test_safe_to_write_is_asked_with_taps_and_a_number_counts_only_then(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.desk("active", safe="asked", **{"with": "Rina"}) == ["<talk_safe>"]
    assert waiting.time_out("desk") == [], "asked once"
    waiting.say("2")
    assert out(waiting) == {"safe": "no"} and waiting.done("ok") == ["<talk_quiet>"]
    waiting.so("active", safe="no", **{"with": "Rina"})
    waiting.say("2")
    assert out(waiting) == {"text": "2"}
    waiting.done("ok")
    waiting.say("<talk_safe_word>")
    assert out(waiting) == {"safe": "yes"} and waiting.done("ok") == ["<talk_thanks_safe>"]


def test_nobody_is_announced_to_a_telephone_that_others_see_before_the_word() -> None:
    person = Chat(_both(), world={})
    person.send(InboundKind.START)
    person.session = person.session.evolve(facts={**person.session.facts, "safe_word": "rambutan"})
    assert person.desk("active", safe="no", **{"with": "Rina"}) == []
    shown = person.say("ini siapa ya")
    assert "Rina" not in "".join(shown) and person.at == "start.menu" and person.action is None
    shown = person.say("Rambutan")
    assert shown[0].startswith("Kini Rina") and out(person) == {"safe": "yes"}


def test_who_wanted_to_write_first_gives_the_sign_by_writing() -> None:
    person = Chat(_both(), world={})
    assert person.desk("active", safe="no", **{"with": "Rina"}) == []
    assert person.say("aku di sini")[0].startswith("Kini Rina")
    assert out(person) == {"safe": "yes", "text": "aku di sini"}


@pytest.fixture
def unsafe(waiting: Chat) -> Chat:
    """Somebody who said that it is not safe to write; no word of their own was chosen."""
    waiting.desk("active", **{"with": "Rina"})
    waiting.desk("active", safe="asked", **{"with": "Rina"})
    waiting.say("2")
    assert waiting.done("ok") == ["<talk_quiet>"]
    waiting.so("active", safe="no", **{"with": "Rina"})
    return waiting


def test_after_a_no_the_bot_sends_nothing_whatever_the_desk_does_until_the_word(unsafe: Chat) -> None:
    assert unsafe.desk("active", safe="no", **{"with": "Budi"}) == [], "handed on"
    assert unsafe.desk("waiting", safe="no", ahead=0) == [], "lost"
    assert unsafe.desk("waiting", safe="no", untaken=True, urgency="danger") == [], "nobody takes it"
    assert unsafe.desk("active", safe="no", **{"with": "Sari"}) == [], "somebody comes"
    assert unsafe.say("siapa ini?") == [] and out(unsafe) == {"text": "siapa ini?"}
    assert unsafe.done("ok") == []
    assert unsafe.say("<talk_safe_word>") == ["Lanjut Sari"] and out(unsafe) == {"safe": "yes"}
    assert unsafe.done("ok") == ["<talk_thanks_safe>"]
    unsafe.so("active", safe="yes", **{"with": "Sari"})
    assert unsafe.desk("active", safe="yes", **{"with": "Budi"}) == ["Lanjut Budi"]


@pytest.mark.parametrize("desk", [{"state": "active", "with": "Budi"}, {"state": "waiting", "ahead": 0}, {"state": "ended"}], ids=str)
def test_after_a_no_nothing_answers_what_another_types_or_taps(unsafe: Chat, desk: dict[str, Any]) -> None:
    buttons = unsafe.session.prompt
    unsafe.so(**({"safe": "no"} if desk["state"] != "ended" else {}) | desk)
    unsafe.time_out("desk")
    for words in ("siapa ini?", "konselor", "1", "2", "Selesai bicara"):
        assert unsafe.say(words) == [], words
        if unsafe.action is not None:
            assert out(unsafe) == {"text": words} and unsafe.done("ok") == []
    assert unsafe.send(InboundKind.START) == [] and unsafe.action is None
    for option in ("safe_yes", "stop", "end"):
        assert unsafe.tap(option, prompt=buttons) == [] and unsafe.action is None
    assert unsafe.send(InboundKind.UNSUPPORTED) == []
    unsafe.say("menu")
    assert unsafe.at == "start.menu", "as if there were no talk"
    unsafe.say("siapa ini?")
    assert unsafe.at == "start.menu" and "Budi" not in "".join(bubble.text for bubble in unsafe.bubbles)
    unsafe.say("mtk")
    assert unsafe.action is not None and unsafe.action.name == "leave"


def test_a_lost_line_and_the_end_are_said_at_the_word(unsafe: Chat) -> None:
    unsafe.desk("waiting", safe="no", ahead=0)
    assert unsafe.say("<talk_safe_word>") == [] and out(unsafe) == {"safe": "yes"}
    assert unsafe.done("ok") == ["<talk_thanks_safe>\n\n<talk_lost>\n\n<talk_first> <talk_unknown>\n\n<talk_wait>"]
    assert unsafe.desk("active", safe="yes", **{"with": "Sari"}) == ["Kini Sari\n\n-"]


def test_the_end_is_said_at_the_word(unsafe: Chat) -> None:
    assert unsafe.desk("ended") == [] and unsafe.desk("none") == []
    assert unsafe.say("siapa ini?") == []
    assert unsafe.say("<talk_safe_word>") == ["<bye>"] and unsafe.at == "idle"
    assert unsafe.facts["told"] == "siapa ini?" and "desk" not in unsafe.facts


@pytest.mark.parametrize("state", ["active", "waiting", "ended"])
def test_danger_is_heard_after_a_no(unsafe: Chat, state: str) -> None:
    unsafe.desk(state, safe="no", **{"with": "Budi"})
    shown = "\n".join(unsafe.say("tolong", Danger.EMERGENCY))
    assert "<interrupts.danger>" in shown
    if state == "active":
        assert out(unsafe) == {"alert": "emergency", "text": "tolong"}
        return
    assert unsafe.action is not None and unsafe.action.name == "raise_alert"
    unsafe.done("ok")
    assert unsafe.at == "interrupts.stay"
    unsafe.say("di dapur")
    assert unsafe.at == "interrupts.stay", "the talk about danger goes on"


@pytest.mark.parametrize("opens", [InboundKind.START, InboundKind.UNSUPPORTED])
def test_opening_the_chat_is_no_writing(opens: InboundKind) -> None:
    person = Chat(_both(), world={})
    assert person.desk("active", safe="no", **{"with": "Rina"}) == []
    assert "Rina" not in "".join(person.send(opens)) and person.action is None
    assert person.say("aku di sini")[0].startswith("Kini Rina")
    assert out(person) == {"safe": "yes", "text": "aku di sini"}


def test_files_go_on_sealed_and_pictures_are_not_taken(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    waiting.send(InboundKind.MEDIA, media="voice", text="dengar ini")
    assert waiting.action is not None and waiting.action.name == "take_file"
    waiting.done("ok", result={"kind": "voice", "id": "f1"}, facts={"files": [{"id": "f1"}]})
    assert out(waiting) == {"text": "dengar ini", "file": "f1"}
    assert waiting.done("ok", facts={"files": None}) == []
    assert waiting.send(InboundKind.MEDIA, media="image") == ["<file_refused>"]
    assert waiting.action is not None and waiting.action.name == "drop_file"
    assert waiting.done("ok") == []
    waiting.send(InboundKind.MEDIA, media="voice", text="tolong")
    assert waiting.done("too_big") == ["<file_too_big>"] and out(waiting) == {"text": "tolong"}
    waiting.done("ok")
    assert waiting.send(InboundKind.UNSUPPORTED) == ["<unsupported>"] and waiting.action is None


def test_leaving_at_once_goes_before_everything(waiting: Chat) -> None:
    waiting.desk("active", **{"with": "Rina"})
    waiting.say("mtk")
    assert waiting.action is not None and waiting.action.name == "leave"


@pytest.mark.parametrize("option", ["safe_no", "safe_yes"])
def test_an_answer_to_whether_it_is_safe_counts_also_once_nobody_is_there_and_something_else_was_asked(waiting: Chat, option: str) -> None:
    waiting.desk("active", **{"with": "Rina"})
    waiting.desk("active", safe="asked", **{"with": "Rina"})
    number = waiting.session.prompt
    assert waiting.desk("waiting", safe="asked") == [], "nobody knows whether it is safe: that the line was lost waits for the answer"
    waiting.say("aku masih di sini")
    assert out(waiting) == {"text": "aku masih di sini"}
    waiting.done("ok")
    assert waiting.desk("waiting", safe="asked", untaken=True, urgency="danger") != []
    assert waiting.session.prompt != number
    waiting.send(InboundKind.TAP, tap=f"{number}.{option}")
    assert out(waiting) == {"safe": option.removeprefix("safe_")}


def test_who_waits_is_told_once_that_nobody_is_there_with_what_can_be_done(waiting: Chat) -> None:
    assert waiting.desk("waiting", empty=True) == [], "it has just happened: somebody may come back"
    told = ["<talk_empty> <talk_opens_unknown>\n\n<talk_empty_wait>"]
    assert waiting.desk("waiting", empty=True, deserted=True) == told
    assert waiting.time_out("desk") == [] == waiting.desk("waiting", empty=True, deserted=True, version=9)
    assert waiting.desk("waiting", deserted=True, ahead=0) == [], "somebody is there again"
    waiting.desk("active", **{"with": "Rina"})
    assert waiting.desk("waiting", empty=True) == ["<talk_lost>\n\n<talk_empty> <talk_opens_unknown>\n\n<talk_empty_wait>"]
    assert waiting.desk("waiting", empty=True, deserted=True) == [], "that was said with it"


def test_nobody_is_told_so_where_it_is_not_safe_nor_who_is_just_saying_when_it_is(waiting: Chat) -> None:
    waiting.world = {**waiting.world, "callback": ["today", "today_noon"]}
    waiting.tap("callback")
    assert waiting.at == "counsellor.later"
    assert waiting.desk("waiting", empty=True, deserted=True) == []
    assert waiting.desk("waiting", empty=True, deserted=True, safe="no") == []


def test_nobody_is_offered_to_be_called_back_where_nobody_is_planned_to_be_there(waiting: Chat) -> None:
    assert "<talk_callback>" not in waiting.labels and len(waiting.labels) == 3
    waiting.tap("callback")
    assert waiting.at == "counsellor.talk", "an old button leads nowhere"
    waiting.world = {**waiting.world, "callback": ["tomorrow", "tomorrow_noon"]}
    waiting.say("/start")
    waiting.send(InboundKind.START)
    assert "<talk_callback>" in waiting.labels
