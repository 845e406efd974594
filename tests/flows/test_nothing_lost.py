"""What people may do at any wait without losing what they told, or being misheard."""

from __future__ import annotations

from dataclasses import replace

from flows.message import Danger
from flows.session import Frame
from tests.flows.talk import Talk, library

MANY = """
flow: tell
start: types
steps:
  types: {type: ask, kind: many, options: [a, b, c], next: safe}
  safe: {type: ask, kind: choice, options: [yes, no], next: story}
  story: {type: ask, kind: text, next: word}
  word: {type: ask, kind: text, max: 40, remember: exit_word, next: over}
  over: {type: end}
"""


def test_two_options_ticked_faster_than_the_bubble_changes_are_both_ticked() -> None:
    talk = Talk(library(MANY)).opened()
    shown = talk.session.prompt
    talk.tap("a", prompt=shown)
    talk.tap("b", prompt=shown)
    talk.tap("done", prompt=shown)
    assert talk.at == "tell.safe" and talk.answers["types"] == ["a", "b"]


def test_the_first_bubble_of_a_question_that_was_asked_again_still_answers_it() -> None:
    talk = Talk(library(MANY)).opened()
    talk.tap("a")
    talk.tap("done")
    shown = talk.session.prompt
    talk.say("hmm apa ya")
    assert talk.session.prompt > shown
    talk.tap("yes", prompt=shown)
    assert talk.at == "tell.story" and talk.answers["safe"] == "yes"


def test_a_cry_for_help_never_becomes_the_word_that_ends_everything() -> None:
    talk = Talk(library(MANY)).opened()
    talk.tap("a")
    talk.tap("done")
    talk.tap("yes")
    talk.say("cerita")
    assert talk.at == "tell.word"
    talk.say("tolong", danger=Danger.EMERGENCY)
    assert talk.action is not None and talk.action.name == "raise_alert"
    assert "exit_word" not in talk.facts
    talk.done("ok", facts={"alert": "00"})
    talk.say("tolong", danger=Danger.EMERGENCY)
    assert talk.action is None or talk.action.name != "leave"


def test_what_was_told_before_a_cry_is_kept_beside_it() -> None:
    talk = Talk(library(MANY))
    talk.session = talk.session.evolve(facts={"told": "kemarin dia datang lagi"})
    talk.say("tolong dia di depan pintu", danger=Danger.EMERGENCY)
    assert talk.facts["told"] == "kemarin dia datang lagi\ntolong dia di depan pintu"


def test_a_question_that_a_new_revision_no_longer_has_is_no_stumbling_block() -> None:
    content = library(MANY)
    talk = Talk(content).opened()
    talk.tap("a")
    talk.tap("done")
    (frame,) = talk.session.frames
    gone = Frame(
        flow="tell", revision="gone", step=frame.step, answers={**frame.answers, "gone": "x"}, order=("gone", *frame.order, "gone_too")
    )
    talk.session = replace(talk.session, frames=(gone,))
    talk.say("kembali")
    assert talk.at == "tell.types"


def test_the_menu_in_a_talk_about_danger_leaves_that_talk_to_come_back_to() -> None:
    talk = Talk(library(MANY))
    talk.say("halo")
    talk.say("tolong dia mau pukul aku", danger=Danger.EMERGENCY)
    talk.done("ok", facts={"alert": "00"})
    assert talk.at == "interrupts.stay"
    talk.say("menu")
    assert [frame.flow for frame in talk.session.frames] == ["interrupts", "start"]
