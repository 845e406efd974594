"""Answers that are kept apart: in no record, no condition, no text, no draft; given once to the one action that asks for them."""

from __future__ import annotations

import json
from typing import Any

from flows.definition import read_flow
from flows.engine import resume
from flows.message import Danger, Inbound, InboundKind
from flows.session import Session
from flows.signals import Said
from tests.flows.talk import Talk, library

TELL = """
flow: tell
start: a
steps:
  a: {type: ask, kind: choice, options: [x, y], next: door}
  door: {type: branch, cases: [{when: {answers.a: y}, next: look}], else: may}
  may: {type: ask, kind: choice, apart: true, options: [no, yes], next: {yes: name, else: look}}
  name: {type: ask, kind: text, max: 20, apart: true, next: reach}
  reach: {type: ask, kind: text, apart: true, next: look}
  look: {type: review, next: send}
  send: {type: do, action: submit_report, next: {ok: sent, else: sent}}
  sent: {type: say, next: over}
  over: {type: end}
"""
NAME, REACH = "Ratna Wulandari", "0812 7777 1234"


def talk_to(*lines: str) -> Talk:
    talk = Talk(library(TELL)).opened()
    for line in lines:
        talk.tap(line) if line in ("x", "y", "yes", "no", "send", "edit") else talk.say(line)
    return talk


def outside(talk: Talk) -> str:
    """The session but for what is kept apart."""
    frames = [{"answers": f.answers, "kept": f.kept, "scratch": f.scratch, "order": f.order} for f in talk.session.frames]
    return json.dumps([frames, dict(talk.session.facts)])


def assert_apart(talk: Talk) -> None:
    for words in (NAME, REACH, "Ratna", "7777"):
        assert words not in outside(talk)
        assert all(words not in bubble.text for bubble in talk.bubbles)


def test_the_action_gets_them_apart_and_they_are_forgotten_with_it() -> None:
    talk = talk_to("x", "yes", NAME, REACH)
    assert talk.at == "tell.look"
    assert_apart(talk)
    talk.tap("send")
    assert talk.action is not None
    assert talk.action.answers == {"a": "x"}
    assert talk.action.apart == {"name": NAME, "reach": REACH}, "own words alone: an option only opened the way to them"
    talk.done("ok", forget=True)
    assert "Ratna" not in json.dumps(talk.session.to_json())


def test_the_summary_says_only_that_they_are_there() -> None:
    talk = talk_to("x", "yes", NAME, "lewati")
    shown = talk.bubbles[-1].text
    assert "name: <apart_value>" in shown and "reach: <skipped_value>" in shown and "may: Opsi yes" in shown
    assert_apart(talk)


def test_one_can_be_changed_and_the_rest_stays() -> None:
    talk = talk_to("x", "yes", NAME, REACH, "edit")
    talk.tap("name")
    assert talk.at == "tell.name"
    talk.say("Dewi")
    assert talk.at == "tell.look", "the other was given already"
    talk.tap("send")
    assert talk.action is not None and talk.action.apart == {"name": "Dewi", "reach": REACH}


def test_an_earlier_answer_that_is_changed_keeps_them_and_says_them_nowhere() -> None:
    content = library(TELL.replace("options: [x, y]", "options: [x, y, z]"))
    talk = Talk(content).opened()
    for line in ("x", "yes", NAME, REACH, "edit", "a"):
        talk.tap(line) if len(line) < 5 else talk.say(line)
    assert talk.at == "tell.a"
    assert_apart(talk)
    talk.tap("z")
    assert talk.at == "tell.look"
    talk.tap("send")
    assert talk.action is not None and talk.action.apart == {"name": NAME, "reach": REACH}


def test_a_path_that_does_not_meet_them_again_lets_them_go() -> None:
    talk = talk_to("x", "yes", NAME, REACH, "edit")
    talk.tap("a")
    talk.tap("y")
    assert talk.at == "tell.look"
    assert "Ratna" not in json.dumps(talk.session.to_json())
    talk.tap("send")
    assert talk.action is not None and talk.action.apart == {}


def test_no_after_yes_lets_them_go() -> None:
    talk = talk_to("x", "yes", NAME, REACH, "edit")
    talk.tap("may")
    talk.tap("no")
    assert talk.at == "tell.look" and "Ratna" not in json.dumps(talk.session.to_json())


def test_back_takes_one_answer_away() -> None:
    talk = talk_to("x", "yes", NAME)
    talk.say("kembali")
    assert talk.at == "tell.name" and "Ratna" not in json.dumps(talk.session.to_json())
    talk.say("Dewi")
    talk.say(REACH)
    talk.tap("send")
    assert talk.action is not None and talk.action.apart == {"name": "Dewi", "reach": REACH}


def test_what_is_written_where_yes_or_no_is_asked_is_kept_nowhere() -> None:
    talk = talk_to("x", f"nama saya {NAME} telepon {REACH}")
    assert talk.at == "tell.may" and talk.session.misses == 1
    assert "Ratna" not in json.dumps(talk.session.to_json())


def test_words_that_alarm_there_raise_an_alert_without_them() -> None:
    for before in ((), ("yes",), ("yes", "Dewi")):
        talk = talk_to("x", *before)
        at = talk.at
        talk.say(f"tolong {NAME}", danger=Danger.EMERGENCY)
        assert talk.action is not None and talk.action.name == "raise_alert" and "trigger" not in talk.facts
        assert talk.action.apart == {} and "Ratna" not in json.dumps(talk.session.to_json())
        talk.done("ok")
        talk.tap("safe")
        assert talk.at == at, "the question is asked again"


def test_an_interruption_takes_none_of_them_along() -> None:
    talk = talk_to("x", "yes", NAME)
    talk.say("mtk")
    assert talk.action is not None and talk.action.name == "leave"
    assert talk.action.apart == {} and talk.action.answers == {}
    assert_apart(talk)
    talk.done("erased", reset=True)
    assert "Ratna" not in json.dumps(talk.session.to_json())


def test_a_longer_answer_than_asked_for_is_not_kept() -> None:
    talk = talk_to("x", "yes", "R" * 21)
    assert talk.at == "tell.name" and "RRR" not in json.dumps(talk.session.to_json())


def test_an_old_tap_does_not_bring_them_back() -> None:
    talk = talk_to("x")
    prompt = talk.session.prompt
    for line in ("yes", NAME, REACH):
        talk.tap(line) if line == "yes" else talk.say(line)
    talk.tap("yes", prompt=prompt)
    assert talk.at == "tell.look", "the same answer again is nothing"
    talk.tap("no", prompt=prompt)
    assert talk.at == "tell.look" and "Ratna" not in json.dumps(talk.session.to_json())


def test_a_session_of_before_there_was_anything_apart_goes_on() -> None:
    talk = talk_to("x")
    written: dict[str, Any] = json.loads(json.dumps(talk.session.to_json()))
    written["f"] = [frame[:7] for frame in written["f"]]
    old = Session.from_json(written)
    assert old.frames[-1].apart == {}
    said = Said(message=Inbound(kind=InboundKind.TAP, tap=f"{old.prompt}.yes"))
    assert resume(old, said, library=talk.library, world=talk.world).session.frames[-1].step == "name"


def test_the_definition_says_it() -> None:
    flow, problems = read_flow(TELL, file="tell.yml")
    assert flow is not None and not problems
    assert {name for name, step in flow.steps.items() if step.apart} == {"may", "name", "reach"}
