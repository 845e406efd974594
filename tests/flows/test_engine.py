"""The rules of the whole engine: what is heard first, what is pinned, what is capped."""

from __future__ import annotations

from dataclasses import replace

from flows.definition import read_flow
from flows.engine import STACK_CAP, new_session, resume
from flows.message import Danger, Inbound, InboundKind
from flows.scene import REMEMBERED_PROMPTS
from flows.session import Frame, Session
from flows.signals import Said
from flows.steps.ask import MISSES_TO_PERSON
from tests.flows.talk import Talk, library

TELL = """
flow: tell
start: a
steps:
  a: {type: ask, kind: choice, options: [x, y], next: b}
  b: {type: ask, kind: text, next: c}
  c: {type: ask, kind: choice, options: [p, q], next: look}
  look: {type: review, next: over}
  over: {type: end}
"""


def opened() -> Talk:
    return Talk(library(TELL)).opened()


def test_leaving_comes_before_everything_and_in_every_form() -> None:
    for words in ("mtk", "MTK", "/mtk", " mtk. "):
        talk = opened()
        talk.say(words, danger=Danger.EMERGENCY)
        assert talk.action is not None and talk.action.name == "leave", words
    talk = opened()
    talk.send(InboundKind.LEAVE)
    assert talk.action is not None and talk.action.name == "leave"


def test_danger_comes_before_commands_and_the_question() -> None:
    talk = opened()
    talk.tap("x")
    assert talk.say("tolong", danger=Danger.EMERGENCY) == ["<interrupts.danger>"]
    assert talk.action is not None and talk.action.name == "raise_alert"
    assert talk.facts["trigger"] == "tolong"
    talk.done("ok")
    assert talk.at == "interrupts.stay"
    talk.tap("safe")
    assert talk.at == "tell.c", "the words that alarmed were the answer, and are kept"
    assert talk.answers["b"] == "tolong"


def test_danger_at_a_choice_does_not_answer_it() -> None:
    talk = opened()
    talk.say("x", danger=Danger.SELF_HARM)
    talk.done("ok")
    talk.tap("safe")
    assert talk.at == "tell.a"


def test_danger_within_the_talk_about_danger_is_an_answer_there() -> None:
    talk = opened()
    talk.say("tolong", danger=Danger.EMERGENCY)
    talk.done("ok")
    talk.say("tolong cepat", danger=Danger.EMERGENCY)
    assert talk.action is None and talk.at == "interrupts.stay"
    assert [frame.flow for frame in talk.session.frames].count("interrupts") == 1


def test_danger_as_the_first_words_is_heard_and_kept() -> None:
    talk = Talk(library(TELL))
    talk.say("tolong aku", danger=Danger.EMERGENCY)
    assert talk.action is not None and talk.facts["told"] == "tolong aku"


def test_a_tap_never_alarms() -> None:
    talk = opened()
    assert talk.tap("x") == ["<tell.b>"]


def test_commands_at_a_question() -> None:
    talk = opened()
    assert talk.say("kembali") == ["<no_back>\n\n<tell.a>"]
    talk.tap("x")
    assert talk.say("ulangi") == ["<tell.b>"]
    assert talk.say("Lewati!") == ["<tell.c>"]
    assert talk.say("kembali") == ["<tell.b>"]
    assert talk.say("kembali") == ["<tell.a>"]
    assert talk.answers == {}
    talk.say("bantuan")
    assert talk.at == "interrupts.help"
    assert talk.say("bahasa") == ["<interrupts.language>"], "one interruption replaces another"
    assert [frame.flow for frame in talk.session.frames] == ["tell", "interrupts"]
    talk.tap("en")
    assert talk.session.language == "en" and talk.at == "tell.a"


def test_a_command_word_that_is_an_option_is_the_answer() -> None:
    content = library(
        "flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: choice, options: [go, stay], next: b}\n"
        "  b: {type: ask, kind: text, next: over}\n  over: {type: end}\n",
        strings={"tell": {"a": {"text": "<a>", "options": {"go": "Menu", "stay": "Bantuan"}}}},
    )
    talk = Talk(content).opened()
    talk.say("menu")
    assert talk.answers == {"a": "go"}


def test_five_misses_in_a_row_lead_to_a_person_and_an_answer_starts_anew() -> None:
    talk = opened()
    for _ in range(MISSES_TO_PERSON - 1):
        talk.say("hm")
    talk.tap("x")
    assert talk.session.misses == 0
    talk.say("kembali")
    for _ in range(MISSES_TO_PERSON - 1):
        talk.say("hm")
        assert talk.at == "tell.a"
    assert talk.say("hm") == ["<interrupts.lost>"]
    talk.tap("person")
    assert talk.action is not None and talk.action.arguments == {"reason": "lost"}
    talk.done("ok")
    assert talk.at == "tell.a"


def test_five_misses_within_an_interruption_lead_to_a_person_too() -> None:
    for word in ("bantuan", "bahasa"):
        talk = opened()
        talk.say(word)
        for _ in range(MISSES_TO_PERSON - 1):
            talk.say("hm")
            assert talk.at != "interrupts.lost"
        assert talk.say("hm") == ["<interrupts.lost>"], word
        assert [frame.flow for frame in talk.session.frames] == ["tell", "interrupts"], "what was interrupted is still there"
        for _ in range(MISSES_TO_PERSON):
            talk.say("hm")
        assert talk.at == "interrupts.lost", "the person is offered again, and nothing piles up"
        assert len(talk.session.frames) == 2
        talk.tap("go_on")
        assert talk.at == "tell.a"


def test_misses_within_a_talk_about_danger_lead_nowhere_else() -> None:
    talk = opened()
    talk.say("tolong", danger=Danger.EMERGENCY)
    talk.done("ok")
    for _ in range(2 * MISSES_TO_PERSON):
        talk.send(InboundKind.UNSUPPORTED)
        assert talk.at == "interrupts.stay"
    # Help that is asked for in the middle of it, and not understood: the talk is there to come back to.
    talk.say("bantuan")
    for _ in range(MISSES_TO_PERSON):
        talk.say("hm")
    assert talk.at == "interrupts.lost"
    talk.tap("go_on")
    assert talk.at == "interrupts.stay"


def test_half_answers_and_ticks_are_no_misses() -> None:
    content = library("flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: many, options: [x, y], next: over}\n  over: {type: end}\n")
    talk = Talk(content).opened()
    for _ in range(2 * MISSES_TO_PERSON):
        talk.tap("x")
    assert talk.at == "tell.a" and talk.session.misses == 0


def test_the_same_tap_again_is_nothing() -> None:
    talk = opened()
    prompt = talk.session.prompt
    talk.tap("x")
    before = talk.session
    assert talk.tap("x", prompt=prompt) == []
    assert talk.session == before


def test_a_tap_on_an_earlier_question_changes_that_answer_and_keeps_the_rest() -> None:
    talk = opened()
    first = talk.session.prompt
    talk.tap("x")
    talk.say("cerita")
    assert talk.tap("y", prompt=first) == ["<changed_earlier>\n\n<tell.c>"]
    assert talk.answers == {"a": "y", "b": "cerita"}


def test_a_tap_with_the_answer_that_stands_is_nothing() -> None:
    talk = opened()
    first = talk.session.prompt
    talk.tap("x")
    talk.say("cerita")
    second = talk.session.prompt
    talk.tap("p")
    assert talk.tap("x", prompt=first) == []
    assert talk.at == "tell.look"
    assert talk.tap("p", prompt=second) == []


def test_a_tap_on_a_place_answered_before_changes_it() -> None:
    content = library(
        "flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: place, level: kecamatan, next: b}\n"
        "  b: {type: ask, kind: text, next: over}\n  over: {type: end}\n"
    )
    talk = Talk(content).opened()
    first = talk.session.prompt
    talk.tap("64.71.01")
    assert talk.tap("64.71.02", prompt=first) == ["<changed_earlier>\n\n<tell.b>"]
    assert talk.answers["a"]["kecamatan"] == "64.71.02"


def test_a_button_of_the_menu_works_from_anywhere_and_others_are_told_kindly() -> None:
    talk = Talk(library(TELL))
    talk.send(InboundKind.START)
    menu = talk.session.prompt
    talk.tap("tell")
    talk.say("bantuan")
    help_prompt = talk.session.prompt
    talk.tap("go_on")
    assert talk.tap("go_on", prompt=help_prompt) == [], "the same tap twice"
    assert talk.tap("other", prompt=menu) == ["<other.word>"]
    assert talk.tap("gone", prompt=help_prompt) == ["<old_prompt>\n\n<other.word>"]
    assert talk.tap("x", prompt=999) == ["<old_prompt>\n\n<other.word>"]


def test_old_questions_are_forgotten_after_a_while() -> None:
    talk = opened()
    for _ in range(REMEMBERED_PROMPTS + 10):
        talk.say("ulangi")
    assert len(talk.session.asked) == REMEMBERED_PROMPTS


def test_words_before_any_question_are_kept_but_a_greeting_is_not() -> None:
    talk = Talk(library(TELL))
    talk.say("halo kak")
    assert "told" not in talk.facts
    other = Talk(library(TELL))
    other.say("kak aku mau cerita")
    assert other.facts["told"] == "kak aku mau cerita"


def test_a_timer_says_nothing_even_when_its_action_comes_back() -> None:
    talk = opened()
    assert talk.time_out("silence") == []
    assert talk.action is not None and talk.action.arguments == {"silence": True}
    assert talk.done("erased", reset=True) == []
    assert talk.at == "idle"
    assert talk.time_out("silence") == [] and talk.done("erased", reset=True) == []
    assert talk.time_out("unheard of") == []


def test_a_timer_does_not_end_a_talk_about_danger() -> None:
    talk = opened()
    talk.say("tolong", danger=Danger.EMERGENCY)
    talk.done("ok", facts={"alert": "00"})
    prompt = talk.session.prompt
    assert talk.time_out("silence") == []
    assert talk.done("kept") == []
    assert talk.at == "interrupts.stay" and talk.session.prompt == prompt, "it waits as it did: its button still counts"


def test_the_stack_is_capped() -> None:
    endless = (
        "flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: text, next: b}\n  b: {type: call, flow: more, next: a}\n",
        "flow: more\nstart: a\nsteps:\n  a: {type: ask, kind: text, next: b}\n  b: {type: call, flow: other, next: a}\n",
    )
    content = library(endless[0])
    more, _ = read_flow(endless[1], file="more.yml")
    assert more is not None
    content = replace(content, flows={**content.flows, "more": more})
    talk = Talk(content).opened()
    frame = talk.session.frames[0]
    talk.session = talk.session.evolve(frames=(replace(frame, flow="other", step="word"),) * STACK_CAP)
    talk.say("bantuan")
    assert len(talk.session.frames) == STACK_CAP
    talk.say("menu")
    assert len(talk.session.frames) == STACK_CAP


def test_definitions_that_run_in_a_circle_end_in_a_kind_sentence() -> None:
    talk = Talk(library("flow: tell\nstart: a\nsteps:\n  a: {type: say, next: b}\n  b: {type: say, next: a}\n"))
    talk.send(InboundKind.START)
    assert talk.tap("tell") == ["<trouble>"]
    assert talk.turn is not None and talk.turn.fault == "step_cap"
    assert talk.at == "idle"
    assert talk.say("halo kak") == ["<start.menu>"]


CHANGED = TELL.replace("options: [p, q]", "options: [p, r]")


def test_a_session_goes_on_with_the_revision_that_it_began_with() -> None:
    talk = opened()
    talk.tap("x")
    began = talk.session.frames[-1].revision
    later = Talk(library(CHANGED, former={("tell", began): TELL}), session=talk.session)
    later.say("cerita")
    assert later.session.frames[-1].revision == began
    later.tap("q")
    assert later.answers["c"] == "q"


def test_a_revision_that_is_gone_goes_on_in_todays_where_the_step_still_is() -> None:
    talk = opened()
    talk.tap("x")
    later = Talk(library(CHANGED), session=talk.session)
    assert later.say("cerita") == ["<tell.c>"]
    assert later.session.frames[-1].revision != talk.session.frames[-1].revision
    later.tap("r")
    assert later.answers == {"a": "x", "b": "cerita", "c": "r"}


def test_a_revision_and_its_step_that_are_gone_begin_anew_with_what_was_answered() -> None:
    talk = opened()
    talk.tap("x")
    talk.say("cerita")
    changed = TELL.replace("  c: {type: ask, kind: choice, options: [p, q], next: look}", "  new: {type: ask, kind: text, next: look}")
    later = Talk(library(changed.replace("next: c}", "next: new}")), session=talk.session)
    later.say("ulangi")
    assert later.at == "tell.new", "what was told before is not asked again"
    assert later.answers == {"a": "x", "b": "cerita"}


def test_a_flow_that_was_taken_away_gives_way_to_the_one_underneath() -> None:
    talk = opened()
    gone = Frame(flow="vanished", revision="0", step="z", answers={"q": "1"})
    later = Talk(talk.library, session=talk.session.evolve(frames=(*talk.session.frames, gone)))
    assert later.say("ulangi") == ["<tell.a>"]
    alone = Talk(talk.library, session=new_session("id").evolve(frames=(gone,)))
    assert alone.say("halo kak")[0].endswith("<start.menu>")


def test_the_same_input_gives_the_same_output() -> None:
    talk = opened()
    said = Said(message=Inbound(kind=InboundKind.TEXT, text="yang pertama"))
    turns = [resume(talk.session, said, library=talk.library, world=talk.world) for _ in range(3)]
    assert turns[0] == turns[1] == turns[2]


def test_a_session_is_never_changed_in_place() -> None:
    talk = opened()
    before = Session.from_json(talk.session.to_json())
    talk.tap("x")
    talk.say("cerita")
    assert before.frames[-1].answers == {}
