"""What a typed message leads to once it is known what it means: at the menu, as the first words, in the middle of something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.shelf import load_shelf
from flows.engine import Turn, resume
from flows.message import Danger, Entity, Inbound, InboundKind, Understanding
from flows.session import Session
from flows.signals import Said
from flows.topics import GROUPS
from tests.flows.talk import Talk
from tests.flows.test_any_signal import WORLD

LIBRARY = load_shelf().library
CATALOGUE = LIBRARY.catalogue
INTENTS = (
    "greet", "goodbye", "thank", "affirm", "deny", "help", "cancel", "start_report", "check_report", "talk_to_counsellor", "service_info",
    "disclosure", "delete_traces", "insult", "out_of_scope",
)  # fmt: skip


def said(text: str, intent: str = "unclear", **parts: Any) -> Said:
    ranking = parts.pop("ranking", ((intent, 0.9),))
    meant = Understanding(text=text, intent=intent, confidence=0.9, ranking=ranking, **parts)
    return Said(message=Inbound(kind=InboundKind.TEXT, text=text), understanding=meant)


class Chat(Talk):
    """A person, and a shell that asks a model about what puzzled the definitions."""

    def __init__(self, *, world: Mapping[str, Any] | None = None, session: Session | None = None) -> None:
        super().__init__(LIBRARY, world={**WORLD, **(world or {})}, session=session)

    def mean(self, text: str, intent: str = "unclear", **parts: Any) -> str:
        """Says something of which the definitions have to make nothing, and which the model understands so. Gives all that is answered."""
        before = self.session
        self.say(text)
        assert self.turn is not None and self.turn.puzzled, f"{text!r} was taken at {self.at}"
        self.session = before
        return "\n".join(self.hear(said(text, intent, **parts)))

    def at_menu(self) -> Chat:
        self.send(InboundKind.START)
        return self

    def at_who(self) -> Chat:
        """In the report, at a question with options."""
        self.at_menu().tap("report")
        self.tap("yes")
        assert self.at == "report.who"
        return self

    def in_report(self, step: str) -> Chat:
        """In an adult's report, at some question."""
        self.at_who().tap("adult")
        for _ in range(30):
            if self.at == f"report.{step}":
                return self
            self.say("lewati" if self.at != "report.danger_now" else "tidak")
        raise AssertionError(f"{step} was not reached")

    @property
    def stack(self) -> list[str]:
        return [f"{frame.flow}.{frame.step}" for frame in self.session.frames]


def words(flow: str, step: str, part: str = "text", reader: str | None = None) -> str:
    found = CATALOGUE.part("id", flow, step, part, reader)
    assert found
    return CATALOGUE.fill(found, {"world": WORLD})[0]


def answer(topic: str, reader: str | None = None) -> str:
    return words("faq", topic, reader=reader)


# Puzzled

TAKEN = ["lapor", "Bicara dengan konselor", "curhat", "menu", "bantuan", "kembali", "mtk", "bahasa", "hapus", "halo"]


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_definitions_take_puzzles_nobody(text: str) -> None:
    for talk in (Chat(), Chat().at_menu()):
        talk.say(text)
        assert talk.turn is not None and not talk.turn.puzzled


@pytest.mark.parametrize("text", ["bullying itu apa", "aku mau nanya dong kak soal temanku", "hmm gitu", "????"])
def test_other_words_puzzle_at_the_menu_and_at_first_contact(text: str) -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().at_who()):
        talk.say(text)
        assert talk.turn is not None and talk.turn.puzzled


@pytest.mark.parametrize("step", ["relation", "types", "files", "happened", "place_kind", "area_adult", "child_age", "insider", "review"])
def test_a_miss_puzzles_at_every_kind_of_question(step: str) -> None:
    talk = Chat().in_report(step)
    talk.say("zzqx apa ya maksudnya itu")
    assert talk.turn is not None and talk.turn.puzzled and talk.at == f"report.{step}"


@pytest.mark.parametrize("step", ["story_adult", "consent", "landmark", "safe_word"])
def test_what_is_told_in_own_words_reaches_no_model(step: str) -> None:
    talk = Chat().at_who()
    talk.tap("adult")
    for _ in range(30):
        if talk.at == f"report.{step}":
            break
        talk.tap("shared") if talk.at == "report.reach" else talk.say("lewati" if talk.at != "report.danger_now" else "tidak")
    assert talk.at == f"report.{step}"
    talk.say("zzqx apa ya maksudnya itu")
    assert talk.turn is not None and not talk.turn.puzzled


@pytest.mark.parametrize("step", ["identity", "identity_name", "identity_reach"])
def test_what_is_kept_apart_reaches_no_model(step: str) -> None:
    talk = Chat().in_report("help_now")
    frame = talk.session.frames[-1]
    stack = json.loads(json.dumps(talk.session.to_json()))
    stack["f"][-1][2] = step
    talk.session = Session.from_json(stack)
    assert frame.flow == "report"
    talk.say("Siti Aminah, tetangga sebelah")
    assert talk.turn is not None and not talk.turn.puzzled


def test_a_code_and_the_talk_about_danger_reach_no_model() -> None:
    talk = Chat().at_menu()
    talk.tap("check")
    talk.say("zzqx apa ya")
    assert talk.turn is not None and not talk.turn.puzzled
    alarmed = Chat().at_menu()
    alarmed.say("tolong", danger=Danger.EMERGENCY)
    alarmed.done("ok", facts={"alert": "00"})
    assert alarmed.at == "interrupts.where"
    for text in ("di belakang pasar", "apa itu bullying"):
        alarmed.say(text)
        assert alarmed.turn is not None and not alarmed.turn.puzzled
        if alarmed.action is not None:
            alarmed.done("ok")


def test_danger_is_never_puzzling() -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().at_who()):
        talk.say("bapak mau masuk bawa parang", danger=Danger.EMERGENCY)
        assert talk.turn is not None and not talk.turn.puzzled and talk.action is not None


def test_no_model_is_asked_while_there_are_numbers_and_people_only() -> None:
    talk = Chat(world={"mode": "people-only"})
    for text in ("apa itu bullying", "apa itu bullying sih"):
        talk.say(text)
        assert talk.turn is not None and not talk.turn.puzzled
        assert answer("bullying")[:40] not in "\n".join(talk.hear(said(text, "faq/bullying")))


# A question


def test_a_question_as_the_first_words_is_answered_after_the_greeting_with_what_is_near() -> None:
    talk = Chat()
    shown = talk.mean("kalo dia nyebar foto gw gmn", "faq/sextortion")
    assert shown.startswith("Halo.") and answer("sextortion", "child") in shown
    assert talk.at == "learn.after"
    offered = [choice.id.partition(".")[2] for choice in talk.bubbles[-1].choices]
    assert offered == [*LIBRARY.topics["sextortion"].next, "report", "counsellor", "other", "menu"]
    assert "told" not in talk.facts, "a question is no story"


def test_a_question_at_the_menu_leads_on_by_taps() -> None:
    talk = Chat().at_menu()
    assert answer("cost", "child") in talk.mean("bayar ga", "faq/cost")
    talk.tap(LIBRARY.topics["cost"].next[0])
    assert talk.at == "learn.after"
    talk.tap("menu")
    assert talk.at == "start.menu" and len(talk.stack) == 1


@pytest.mark.parametrize("step", ["relation", "types", "files", "happened", "place_kind", "area_adult", "child_age", "insider", "review"])
def test_a_question_in_the_report_is_answered_and_the_pending_one_asked_again(step: str) -> None:
    talk = Chat().in_report(step)
    before = talk.session
    shown = talk.mean("apakah bayar ya kak", "faq/cost")
    assert answer("cost", "adult") in shown and CATALOGUE.common("id", "back_to_it") in shown
    assert talk.at == f"report.{step}"
    assert talk.session.frames[-1].answers == before.frames[-1].answers and talk.session.frames[-1].order == before.frames[-1].order
    assert talk.bubbles[-1].choices, "the pending question stands below the answer"


def test_answers_are_for_their_reader() -> None:
    adult = Chat().in_report("relation")
    assert answer("bullying", "adult") in adult.mean("bullying itu apa ya", "faq/bullying")
    child = Chat().at_who()
    child.tap("self_under_13")
    child.say("cerita")
    child.tap("yes")
    assert child.at == "report.area"
    assert answer("bullying", "child") in child.mean("bullying itu apa ya", "faq/bullying")
    nobody = Chat()
    assert answer("bullying", "child") in nobody.mean("bullying itu apa ya", "faq/bullying")
    parent = Chat()
    assert answer("parent_anger", "adult") in parent.mean("aku sering marah ke anak", "faq/parent_anger"), "it is not for children"


def test_a_topic_that_there_is_not_is_no_answer() -> None:
    talk = Chat().at_menu()
    talk.mean("apa itu pajak", "faq/taxes")
    assert talk.at == "start.menu"


# Everything else


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_is_answered_at_the_menu_as_first_words_and_in_the_report(intent: str) -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().at_who(), Chat().in_report("area_adult"), Chat().in_report("review")):
        before = talk.session
        shown = talk.mean("zzqx", intent)
        assert shown.strip() and "tidak dikenali" not in shown
        assert talk.turn is not None and not talk.turn.fault
        if before.frames and before.frames[-1].flow == "report":
            kept = [frame for frame in talk.session.frames if frame.flow == "report"]
            assert len(kept) == 1 and kept[0].answers == before.frames[-1].answers, "what was told is still there"


@pytest.mark.parametrize(
    ("intent", "at"),
    [
        ("start_report", "report.safe"), ("talk_to_counsellor", "counsellor.message"), ("service_info", "services.need"),
        ("check_report", "follow_up.code"), ("delete_traces", "interrupts.erase"), ("help", "interrupts.help"),
        ("disclosure", "understood.disclosure"), ("greet", "start.menu"), ("cancel", "start.menu"), ("out_of_scope", "start.menu"),
    ],
)  # fmt: skip
def test_an_intent_leads_where_its_words_point(intent: str, at: str) -> None:
    for talk in (Chat(), Chat().at_menu()):
        talk.mean("zzqx", intent)
        assert talk.at == at


@pytest.mark.parametrize("intent", ["greet", "thank", "affirm", "deny", "insult", "out_of_scope", "goodbye", "start_report"])
def test_a_few_words_in_the_report_and_the_pending_question_again(intent: str) -> None:
    talk = Chat().in_report("place_kind")
    talk.mean("zzqx", intent)
    assert talk.at == "report.place_kind" and len(talk.stack) == 1
    talk.tap("home")
    assert talk.at == "report.area_adult"


@pytest.mark.parametrize(("intent", "leave"), [("talk_to_counsellor", ("lewati", "lewati")), ("service_info", ("lewati",))])
def test_another_conversation_in_between_comes_back_to_the_report(intent: str, leave: tuple[str, ...]) -> None:
    talk = Chat().in_report("place_kind")
    talk.mean("zzqx", intent)
    assert talk.stack[0] == "report.place_kind" and len(talk.stack) == 2
    for text in leave:
        talk.say(text)
    if talk.action is not None:
        talk.done("closed")
        talk.tap("stop")
    assert talk.at == "report.place_kind"


def test_stopping_in_the_report_is_asked_first_and_loses_nothing() -> None:
    talk = Chat().in_report("place_kind")
    answers = dict(talk.answers)
    talk.mean("gajadi deh kak", "cancel")
    assert talk.at == "understood.cancel_inside"
    talk.tap("go_on")
    assert talk.at == "report.place_kind" and talk.answers == answers
    talk.mean("gajadi deh kak", "cancel")
    talk.tap("stop")
    assert talk.at == "start.menu"
    talk.tap("report")
    assert talk.at == "report.place_kind" and talk.answers == answers


# Telling

TOLD = "adek aku 9 tahun dipukulin bapak di sepinggan"


def entity(name: str, value: str, marked: str, text: str = TOLD) -> Entity:
    start = text.index(marked)
    return Entity(entity=name, value=value, start=start, end=start + len(marked))


NAMED = (
    entity("victim_age", "9", "9 tahun"), entity("violence_type", "physical", "dipukulin"), entity("relation", "parent", "bapak"),
    entity("kelurahan", "Sepinggan", "sepinggan"),
)  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
def test_a_telling_is_met_with_warmth_and_the_report_is_the_first_tap(first: bool) -> None:
    talk = Chat() if first else Chat().at_menu()
    shown = talk.mean(TOLD, "disclosure", entities=NAMED)
    assert "Terima kasih sudah cerita" in shown
    assert talk.bubbles[-1].choices[0].label == "Lapor"
    assert talk.facts["told"] == TOLD
    assert talk.facts["guesses"] == {"violence_type": ["physical"], "relation": ["parent"]}
    for guessed in ("dipukul", "bapak", "fisik"):
        assert guessed not in shown
    talk.tap("report")
    assert talk.at == "report.safe" and talk.stack == ["report.safe"]


def test_what_is_certain_is_asked_back_and_not_asked_again() -> None:
    talk = Chat().at_menu()
    talk.mean(TOLD, "disclosure", entities=NAMED)
    talk.tap("report")
    talk.tap("yes")
    assert "Benar?" not in talk.bubbles[-1].text, "nobody said who writes"
    talk.tap("other_child")
    talk.say("lewati")
    assert talk.answers["story"] == TOLD
    talk.tap("yes")
    assert talk.at == "report.area" and "Sepinggan, Balikpapan Selatan" in talk.bubbles[-1].text and "Benar?" in talk.bubbles[-1].text
    assert not talk.bubbles[-1].fixed, "no platform keeps what a person told"
    talk.say("iya betul")
    assert talk.at == "report.phone"
    assert talk.answers["area"] == {"kecamatan": "64.71.05", "kelurahan": "Sepinggan", "text": ""}


def test_a_wrong_proposal_is_dropped_and_another_answer_is_heard() -> None:
    for text, at in (("bukan", "report.area_adult"), ("manggar", "report.landmark")):
        talk = Chat().at_menu()
        talk.mean(TOLD, "disclosure", entities=NAMED)
        talk.tap("report")
        talk.tap("yes")
        talk.tap("adult")
        while talk.at != "report.area_adult":
            talk.say("lewati" if talk.at != "report.danger_now" else "tidak")
        assert "Benar?" in talk.bubbles[-1].text
        talk.say(text)
        assert talk.at == at
        if at == "report.landmark":
            assert talk.answers["area"]["kelurahan"] == "Manggar"
            talk.say("lewati")
            assert talk.at == "report.child_age" and "6 sampai 12 tahun" in talk.bubbles[-1].text
            talk.tap("yes")
            assert talk.answers["child_age"] == "age_6_12"
        else:
            assert "Benar?" not in talk.bubbles[-1].text


@pytest.mark.parametrize(
    ("text", "age", "who"),
    [
        ("aku 13 dipukul terus", "13", "self_13_17"), ("saya masih 9 tahun sering dipukul", "9", "self_under_13"),
        ("umurku 12 sering dibully", "12", "self_under_13"), ("adik saya 9 tahun dipukul", "9", None),
        ("anak saya umur 7 dicubit gurunya", "7", None),
        ("temanku 14 tahun dipalak", "14", None), ("aku lihat anak tetangga 5 tahun dipukul", "5", None), ("aku 19 dipukul", "19", None),
    ],
)  # fmt: skip
def test_who_writes_is_known_only_where_the_age_is_plainly_the_writers_own(text: str, age: str, who: str | None) -> None:
    talk = Chat().at_menu()
    talk.mean(text, "disclosure", entities=(entity("victim_age", age, age, text),))
    assert talk.facts.get("certain", {}).get("who") == who
    if who is not None:
        talk.tap("report")
        talk.tap("yes")
        assert talk.at == "report.who" and "Benar?" in talk.bubbles[-1].text
        talk.tap("yes")
        assert talk.facts["reader"] == "child" and talk.at == "report.story_told"


def test_two_places_or_ages_are_none() -> None:
    text = "anak 9 tahun dan 12 tahun di manggar atau lamaru"
    named = tuple(entity(*one, text) for one in (
        ("victim_age", "9", "9 tahun"), ("victim_age", "12", "12 tahun"), ("kelurahan", "Manggar", "manggar"),
        ("kelurahan", "Lamaru", "lamaru"),
    ))  # fmt: skip
    talk = Chat().at_menu()
    talk.mean(text, "disclosure", entities=named)
    assert "certain" not in talk.facts


def test_a_telling_at_a_question_of_the_report_goes_with_it() -> None:
    talk = Chat().in_report("place_kind")
    shown = talk.mean("sebenarnya dia sering dipukul pakai sabuk", "disclosure")
    assert "Terima kasih sudah cerita" in shown and talk.at == "report.place_kind"
    assert talk.facts["told"] == "sebenarnya dia sering dipukul pakai sabuk"


def test_a_wish_to_report_that_tells_something_need_not_tell_it_again() -> None:
    talk = Chat().at_menu()
    talk.mean("pgn ngelaporin nih", "start_report")
    assert "told" not in talk.facts
    other = Chat().at_menu()
    other.mean("mau lapor tetangga saya mukulin anaknya tiap malam", "start_report")
    assert other.facts["told"].startswith("mau lapor tetangga") and other.at == "report.safe"


# Danger


@pytest.mark.parametrize("intent", ["emergency", "self_harm"])
@pytest.mark.parametrize("marked", [True, False])
def test_danger_that_only_the_model_heard_is_danger(intent: str, marked: bool) -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().at_who(), Chat().in_report("area_adult")):
        talk.mean("zzqx zzqx zzqx zzqx", intent, danger=Danger(intent) if marked else None)
        assert talk.action is not None and talk.action.name == "raise_alert"
        assert talk.action.arguments["kind"] == intent
        assert "112" in "\n".join(bubble.text for bubble in talk.bubbles)


@pytest.mark.parametrize("danger", list(Danger))
def test_danger_that_the_model_is_less_sure_of_than_of_an_intent_is_danger(danger: Danger) -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().at_who()):
        talk.mean("zzqx zzqx", danger=danger, ranking=((danger.value, 0.4), ("faq/visum", 0.3)))
        assert talk.action is not None and talk.action.name == "raise_alert"


def test_a_model_cannot_alarm_in_the_talk_about_danger() -> None:
    talk = Chat().at_menu()
    talk.say("tolong", danger=Danger.EMERGENCY)
    talk.done("ok", facts={"alert": "00"})
    turn: Turn = resume(talk.session, said("di belakang pasar", "emergency"), library=LIBRARY, world=WORLD)
    assert not turn.puzzled and turn.session.frames[-1].flow == "interrupts" and turn.session.frames[-1].step == "where_note"


# Not understood

RANKED = (("faq/visum", 0.3), ("faq/cost", 0.2), ("thank", 0.2), ("faq/shelter", 0.15), ("faq/drugs", 0.12), ("faq/run_away", 0.001))


def test_the_three_nearest_topics_are_offered() -> None:
    talk = Chat().at_menu()
    talk.mean("itu gimana sih", ranking=RANKED)
    assert talk.at == "learn.nearest"
    offered = [(choice.id.partition(".")[2], choice.label, choice.description) for choice in talk.bubbles[-1].choices]
    assert [row[0] for row in offered] == ["visum", "cost", "shelter", "report", "counsellor", "menu"]
    assert offered[0][2] == words("faq", "visum", "question") and not talk.bubbles[-1].fixed
    talk.tap("cost")
    assert answer("cost") in talk.bubbles[0].text and talk.at == "learn.after"


def test_in_the_report_the_nearest_topics_come_in_between() -> None:
    talk = Chat().in_report("place_kind")
    talk.mean("itu gimana sih", ranking=RANKED)
    assert talk.at == "understood.nearest" and talk.stack[0] == "report.place_kind"
    talk.tap("cost")
    assert answer("cost", "adult") in talk.bubbles[0].text and talk.at == "report.place_kind"
    talk.mean("itu gimana sih", ranking=RANKED)
    talk.tap("go_on")
    assert talk.at == "report.place_kind"


def test_where_nothing_is_likely_it_is_as_if_nobody_had_asked() -> None:
    for talk in (Chat(), Chat().at_menu(), Chat().in_report("place_kind")):
        alone = Chat(session=talk.session)
        alone.say("blabla blabla blabla blabla")
        talk.mean("blabla blabla blabla blabla", ranking=(("faq/visum", 0.001),))
        assert [b.text for b in talk.bubbles] == [b.text for b in alone.bubbles] and talk.at == alone.at
        assert talk.facts == alone.facts


@pytest.mark.parametrize("ranking", [RANKED, (("faq/visum", 0.001),)])
def test_three_unclear_messages_in_a_row_offer_a_person(ranking: tuple[tuple[str, float], ...]) -> None:
    for talk in (Chat().at_menu(), Chat().in_report("place_kind")):
        for _ in range(2):
            talk.mean("blabla", ranking=ranking)
            assert talk.at != "interrupts.lost"
        talk.mean("blabla", ranking=ranking)
        assert talk.at == "interrupts.lost"
        other = Chat().at_menu()
        other.mean("blabla", ranking=ranking)
        other.mean("blabla", ranking=ranking)
        other.mean("bayar ga ya", "faq/cost")
        other.mean("blabla", ranking=ranking)
        assert other.at != "interrupts.lost", "what was understood in between ends the row"


def test_what_was_told_and_not_understood_is_kept() -> None:
    talk = Chat().at_menu()
    talk.mean("dia suka datang malam malam ke kamar", ranking=RANKED)
    assert talk.facts["told"] == "dia suka datang malam malam ke kamar"
    talk.tap("report")
    assert talk.at == "report.safe"


# Learning


def test_topics_are_browsed_by_reader_shelf_and_page() -> None:
    talk = Chat().at_menu()
    talk.tap("learn")
    talk.tap("professional")
    seen: set[str] = set()
    for _ in range(3):
        assert len(talk.bubbles[-1].choices) <= 10
        seen |= {choice.id.partition(".")[2] for choice in talk.bubbles[-1].choices}
        talk.tap("more_topics")
    readers = {topic.group for topic in LIBRARY.topics.values() if "professional" in topic.readers}
    assert seen & set(GROUPS) == readers
    talk.say("hukum dan hak")
    assert talk.at == "learn.topic"
    shown: set[str] = set()
    for _ in range(3):
        shown |= {choice.id.partition(".")[2] for choice in talk.bubbles[-1].choices}
        talk.tap("more_topics")
    assert shown - {"more_topics", "other"} == {t.id for t in LIBRARY.topics.values() if t.group == "law" and "professional" in t.readers}
    talk.say(words("faq", "restitution", "title"))
    assert answer("restitution", "adult") in talk.bubbles[0].text and talk.at == "learn.after"
    talk.tap("other")
    assert talk.at == "learn.group"


LESSONS = sorted(name for name in LIBRARY.flows if name.startswith("lesson_"))


def test_there_are_eight_lessons_each_offered_to_its_readers() -> None:
    assert len(LESSONS) == 8
    offered: set[str] = set()
    for reader in ("child", "parent", "professional"):
        talk = Chat().at_menu()
        talk.tap("learn")
        talk.tap(reader)
        talk.tap("lessons")
        names = {choice.id.partition(".")[2] for choice in talk.bubbles[-1].choices} - {"other", "menu"}
        assert names and not names & offered
        offered |= names
    assert {f"lesson_{name}" for name in offered} == set(LESSONS)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_gone_through_by_any_answers_and_taken_up_again(name: str) -> None:
    for pick in (0, -1):
        talk = Chat().at_menu()
        talk.tap("learn")
        talk.say("lewati")
        talk.tap("lessons")
        talk.tap(name.removeprefix("lesson_"))
        first = talk.at
        talk.say("menu")
        talk.tap("learn")
        talk.say("lewati")
        talk.tap("lessons")
        talk.tap(name.removeprefix("lesson_"))
        assert talk.at == first, "taken up where it was"
        for _ in range(8):
            if talk.at == f"{name}.after":
                break
            talk.tap(talk.bubbles[-1].choices[pick].id.partition(".")[2])
        assert talk.at == f"{name}.after"
        talk.tap("other")
        assert talk.at == "learn.lessons"


# Who asks, told in the question itself


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("anak saya yg 4 thn kalo marah suka mukul gimana ya bu", "adult"),
        ("cucuku kayaknya dibully di sekolah gmn ya", "adult"),
        ("murid sy sering murung apa yg harus dilakukan", "adult"),
        ("my daughter is being bullied what now", "adult"),
        ("aku dibully di sekolah gimana", None),
        ("temenku dibully gimana", None),
    ],
)
def test_who_asks_for_a_child_gets_an_adults_answer(text: str, who: str | None) -> None:
    assert answer("bullying", "adult") != answer("bullying", "unknown")
    talk = Chat().at_menu()
    assert answer("bullying", who or "unknown") in talk.mean(text, "faq/bullying")
    assert answer("cyberbullying", who or "unknown") in talk.mean("terus kalo lewat hp gmn kak", "faq/cyberbullying")
