"""Every step type: what it does when the conversation comes to it. The walk at the end demands a case for each in the registry."""

from __future__ import annotations

from collections.abc import Callable

from flows.message import InboundKind
from flows.registry import STEP_TYPES
from flows.signals import Done
from tests.flows.talk import Talk, library

CASES: dict[str, list[Callable[[], None]]] = {name: [] for name in STEP_TYPES}


def case(*types: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Marks a test as one of a step type."""

    def mark(test: Callable[[], None]) -> Callable[[], None]:
        for name in types:
            CASES[name].append(test)
        return test

    return mark


def tell(steps: str) -> Talk:
    """A person who has come to the first of these steps."""
    first = steps.strip().partition(":")[0]
    indented = "\n".join(f"  {line}" for line in steps.strip("\n").splitlines())
    return Talk(library(f"flow: tell\nstart: {first}\nsteps:\n{indented}\n  over: {{type: end}}\n")).opened()


@case("say", "ask")
def test_texts_come_in_one_bubble_with_the_question() -> None:
    talk = tell("a: {type: say, next: b}\nb: {type: say, next: c}\nc: {type: ask, kind: text, next: over}")
    assert [bubble.text for bubble in talk.bubbles] == ["<tell.a>\n\n<tell.b>\n\n<tell.c>"]
    assert talk.at == "tell.c"


@case("say")
def test_a_text_is_passed_over_where_its_condition_fails() -> None:
    talk = tell("a: {type: say, when: {world.channel: web}, next: b}\nb: {type: ask, kind: text, next: over}")
    assert [bubble.text for bubble in talk.bubbles] == ["<tell.b>"]


@case("say")
def test_a_text_between_answers_that_are_known_is_not_said_twice() -> None:
    talk = tell(
        """
a: {type: ask, kind: choice, options: [x, y], next: b}
b: {type: ask, kind: text, next: hint}
hint: {type: say, next: c}
c: {type: ask, kind: text, next: look}
look: {type: review, next: over}
"""
    )
    talk.tap("x")
    talk.say("satu")
    talk.say("dua")
    talk.tap("edit")
    talk.tap("a")
    assert talk.tap("y") and talk.at == "tell.look"
    assert "<tell.hint>" not in talk.bubbles[0].text
    assert talk.answers == {"a": "y", "b": "satu", "c": "dua"}


@case("ask")
def test_an_answer_is_kept_under_its_name_and_leads_its_way() -> None:
    talk = tell(
        "a: {type: ask, kind: choice, save: who, options: [x, y], next: {x: b, else: c}}\n"
        "b: {type: ask, kind: text, next: over}\nc: {type: ask, kind: text, next: over}"
    )
    talk.tap("y")
    assert talk.at == "tell.c"
    assert talk.answers == {"who": "y"}


@case("ask")
def test_skip_takes_its_own_way_and_can_be_forbidden() -> None:
    talk = tell(
        "a: {type: ask, kind: choice, skip: false, options: [x], next: b}\n"
        "b: {type: ask, kind: text, next: {skip: d, else: c}}\nc: {type: say, next: over}\nd: {type: ask, kind: text, next: over}"
    )
    assert talk.say("lewati") == ["<no_skip>\n\n<tell.a>"]
    talk.tap("x")
    talk.say("lewati")
    assert talk.at == "tell.d"
    assert talk.answers == {"a": "x", "b": None}


@case("ask")
def test_what_is_remembered_is_a_fact() -> None:
    talk = tell(
        "a: {type: ask, kind: choice, options: [x, y], remember: {reader: {x: child, y: adult}}, next: b}\n"
        "b: {type: ask, kind: text, next: over}"
    )
    talk.tap("x")
    assert talk.facts["reader"] == "child"


@case("ask")
def test_words_told_before_go_in_front() -> None:
    content = library(
        "flow: tell\nstart: a\nsteps:\n  a: {type: ask, kind: text, begin_with: facts.told, next: b}\n"
        "  b: {type: ask, kind: text, next: over}\n  over: {type: end}\n"
    )
    talk = Talk(content)
    talk.say("aku mau cerita sesuatu kak")
    talk.tap("tell")
    talk.say("lanjutannya")
    assert talk.answers == {"a": "aku mau cerita sesuatu kak\nlanjutannya"}
    assert "told" not in talk.facts


@case("ask")
def test_a_long_answer_to_a_choice_is_missed_but_not_lost() -> None:
    talk = tell("a: {type: ask, kind: choice, options: [x, y], next: over}")
    assert talk.say("nenek mau cerita panjang dulu ya") == ["<retry.choice>\n\n<tell.a>"]
    talk.say("hm")
    talk.say("cucu nenek itu kasihan sekali")
    assert talk.facts["told"] == "nenek mau cerita panjang dulu ya\ncucu nenek itu kasihan sekali"


@case("ask")
def test_that_a_picture_is_not_taken_is_said_even_if_its_words_are() -> None:
    talk = tell("a: {type: ask, kind: text, next: b}\nb: {type: ask, kind: text, next: over}")
    assert talk.send(InboundKind.MEDIA, media="image", text="ini dia") == ["<media_closed>\n\n<tell.b>"]
    assert talk.answers == {"a": "ini dia"}


@case("branch")
def test_the_first_case_that_holds_is_taken() -> None:
    steps = """
a: {type: ask, kind: many, options: [x, y, z], next: b}
b: {type: branch, cases: [{when: {answers.a: z}, next: c}, {when: [{answers.a: y}, {world.channel: web}], next: d}], else: e}
c: {type: ask, kind: text, next: over}
d: {type: ask, kind: text, next: over}
e: {type: ask, kind: text, next: over}
"""
    for said, at in (("2, 3", "tell.c"), ("1, 2", "tell.d"), ("1", "tell.e")):
        talk = tell(steps)
        talk.say(said)
        if talk.at == "tell.a":  # one number is a tick
            talk.tap("done")
        assert talk.at == at, said


@case("do")
def test_an_action_is_asked_for_and_its_code_leads_on() -> None:
    steps = """
a: {type: ask, kind: text, secret: true, next: b}
b: {type: do, action: submit_report, arguments: {kind: x}, next: {ok: c, closed: d}}
c: {type: say, next: e}
d: {type: ask, kind: text, next: over}
e: {type: ask, kind: text, next: over}
"""
    talk = tell(steps)
    assert talk.say("rahasia") == []
    assert talk.action is not None
    assert (talk.action.name, talk.action.arguments, talk.action.answers, talk.action.last) == (
        "submit_report", {"kind": "x"}, {"a": "rahasia"}, "a"
    )  # fmt: skip
    talk.done("ok", facts={"alert": "1"})
    assert talk.at == "tell.e"
    assert talk.answers == {} and talk.facts["alert"] == "1"
    other = tell(steps)
    other.say("rahasia")
    other.done("error")  # not listed: the way of "nobody could read it"
    assert other.at == "tell.d"


@case("do")
def test_a_result_is_told_and_forgotten_with_the_wait() -> None:
    content = library(
        "flow: tell\nstart: a\nsteps:\n  a: {type: do, action: give_code, next: b}\n  b: {type: say, next: c}\n"
        "  c: {type: ask, kind: text, next: d}\n  d: {type: say, next: e}\n  e: {type: ask, kind: text, next: over}\n  over: {type: end}\n",
        strings={"tell": {"b": "Kode: {result.code}", "d": "Lagi: {result.code}."}},
    )
    talk = Talk(content).opened()
    assert talk.done("ok", result={"code": "satu dua"})[0].startswith("Kode: satu dua")
    assert talk.say("x")[0].startswith("Lagi: .")


@case("do")
def test_an_answer_to_no_question_of_ours_changes_nothing() -> None:
    talk = tell("a: {type: ask, kind: text, next: over}")
    before = talk.session
    assert talk.hear(Done(action="leave", code="erased", reset=True)) == []
    assert talk.session.frames == before.frames


@case("do")
def test_reset_leaves_only_the_step_that_answers() -> None:
    talk = tell("a: {type: ask, kind: text, next: b}\nb: {type: ask, kind: text, next: over}")
    talk.say("sebuah cerita")
    talk.say("mtk")
    assert talk.action is not None and talk.action.name == "leave"
    assert talk.done("erased", reset=True, facts={"language": "id"}) == ["<interrupts.homework>"]
    assert talk.at == "idle"
    assert talk.facts == {"language": "id"} and talk.session.asked == () and talk.session.last_tap == ""


@case("handoff")
def test_a_hand_off_says_for_what_reason() -> None:
    talk = tell("a: {type: handoff, reason: asked, next: {ok: b, closed: b}}\nb: {type: ask, kind: text, next: over}")
    assert talk.action is not None
    assert (talk.action.name, talk.action.arguments) == ("hand_off", {"reason": "asked"})
    talk.done("ok")
    assert talk.at == "tell.b"


@case("talk")
def test_a_talk_that_is_over_goes_its_way_and_one_that_goes_on_waits() -> None:
    ways = "{read: b, callback: b, message: b, stop: b, end: b, ended: c, crisis: b}"
    steps = f"a: {{type: talk, next: {ways}}}\nb: {{type: ask, kind: text, next: over}}\nc: {{type: ask, kind: text, next: over}}"
    assert tell(steps).at == "tell.c", "there is no hand-off"


@case("review")
def test_the_review_shows_changes_and_sends() -> None:
    talk = tell(
        """
a: {type: ask, kind: choice, options: [x, y], next: b}
b: {type: ask, kind: text, next: look}
look: {type: review, next: out}
out: {type: do, action: submit_report, next: {ok: over, closed: over}}
"""
    )
    talk.tap("x")
    assert talk.say("dengan {result.code} di dalam") == ["<tell.look>\n\na: Opsi x\nb: dengan {result.code} di dalam"]
    assert talk.labels == ["<review_send>", "<review_edit>"]
    assert talk.say("apa") == ["<retry.choice>\n\n<tell.look>\n\na: Opsi x\nb: dengan {result.code} di dalam"]
    assert talk.tap("edit") == ["<review_which>"]
    assert talk.labels == ["a", "b"]
    talk.say("kembali")
    assert talk.labels == ["<review_send>", "<review_edit>"]
    talk.tap("edit")
    talk.tap("b")
    assert talk.at == "tell.b"
    talk.say("lewati")
    assert "b: <skipped_value>" in talk.bubbles[0].text
    talk.tap("send")
    assert talk.action is not None and talk.action.answers == {"a": "x", "b": None}


@case("review")
def test_an_edit_that_changes_the_way_keeps_what_still_fits() -> None:
    talk = tell(
        """
a: {type: ask, kind: choice, options: [x, y], next: {x: only_x, else: only_y}}
only_x: {type: ask, kind: text, next: both}
only_y: {type: ask, kind: text, next: both}
both: {type: ask, kind: choice, options: [p, {id: q, when: {answers.a: x}}], next: look}
look: {type: review, next: over}
"""
    )
    talk.tap("x")
    talk.say("x saja")
    talk.tap("q")
    talk.tap("edit")
    talk.tap("a")
    talk.tap("y")
    assert talk.at == "tell.only_y"
    talk.say("y saja")
    assert talk.at == "tell.both", "an answer that is no longer offered must be asked again"
    talk.tap("p")
    assert talk.answers == {"a": "y", "only_y": "y saja", "both": "p"}


@case("go")
def test_go_takes_the_place_of_the_flow_and_resumes_one_that_is_open() -> None:
    talk = tell("a: {type: ask, kind: text, next: over}")
    assert [frame.flow for frame in talk.session.frames] == ["tell"]
    talk.say("menu")
    assert [frame.flow for frame in talk.session.frames] == ["tell", "start"]
    assert talk.tap("tell") == ["<resumed>\n\n<tell.a>"]
    assert [frame.flow for frame in talk.session.frames] == ["tell"]


@case("call", "end")
def test_call_comes_back_to_the_step_after_it() -> None:
    talk = tell("a: {type: call, flow: other, next: b}\nb: {type: ask, kind: text, next: over}")
    assert talk.at == "other.word"
    assert talk.say("kata") == ["<back_to_it>\n\n<tell.b>"]
    assert talk.at == "tell.b"


@case("end")
def test_the_end_of_the_last_flow_is_idle_and_the_next_word_opens_the_start() -> None:
    talk = tell("a: {type: ask, kind: text, next: bye}\nbye: {type: say, next: over}")
    assert talk.say("x") == ["<tell.bye>"]
    assert talk.at == "idle"
    assert talk.say("hai") == ["<start.menu>"], "greeted once, not twice"


@case("end")
def test_nobody_is_left_without_a_word() -> None:
    talk = tell("a: {type: ask, kind: text, next: over}")
    assert talk.say("x") == ["<start.menu>"]


ANSWERS = """
a: {type: ask, kind: topic, list: group, of: shelf, options: [other], next: {other: over, else: told}}
told: {type: answer, topic: a, next: near}
near: {type: ask, kind: topic, list: next, of: a, save: a, options: [other], next: {other: over, else: told}}
"""


@case("answer")
def test_an_answer_is_told_in_the_words_for_whoever_asks() -> None:
    for reader, version in (("child", "child"), ("adult", "adult"), ("professional", "adult"), (None, "adult")):
        talk = tell("shelf: {type: ask, kind: topic, list: groups, next: a}" + ANSWERS)
        talk.session = talk.session.evolve(facts={**talk.facts, "reader": reader})
        talk.tap("friends")
        assert talk.tap("bullying")[0] == f"<bullying {version}>\n\n<tell.near>"


@case("answer")
def test_a_topic_that_is_gone_leaves_no_hole() -> None:
    talk = tell(
        "b: {type: ask, kind: text, save: a, next: told}\ntold: {type: answer, topic: a, next: c}\nc: {type: ask, kind: text, next: over}"
    )
    assert talk.say("no such topic") == ["<tell.c>"]


DIRECTORY = """
area: {type: ask, kind: place, level: kecamatan, next: near}
near: {type: directory, area: area, next: {none: nothing, else: city}}
nothing: {type: say, next: city}
city: {type: directory, need: NEED, next: {none: no_city, else: again}}
no_city: {type: say, next: again}
again: {type: ask, kind: text, next: over}
"""


@case("directory")
def test_the_services_of_the_place_and_of_the_whole_city_are_told() -> None:
    talk = tell(DIRECTORY.replace("NEED", "hurt"))
    shown = "\n".join(talk.say("sepinggan"))
    near, city = shown.index("Unit Selatan: 0542"), shown.index("Hotline: 112")
    assert near < city and "<service_hours>: hours of near" in shown and "<service_checked>: 1/11/2026" in shown
    assert "<tell.nothing>" not in shown and "Drugs" not in shown
    assert shown.count("<service_checked>") == 1, "an emergency number does not age"


@case("directory")
def test_where_there_is_no_service_its_own_way_is_taken() -> None:
    talk = tell(DIRECTORY.replace("NEED", "family"))
    assert "\n".join(talk.say("manggar")) == "<tell.nothing>\n\n<tell.no_city>\n\n<tell.again>"


def test_every_step_type_has_cases() -> None:
    assert len(CASES) == 12
    assert not [name for name, found in CASES.items() if not found]
