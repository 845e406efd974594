# ruff: noqa: E501 - a mistake a line
"""One mistake at a time in the questions that are answered and in the examples: it is found, in the right file and line."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cli.check import check_content
from tests.flows.inspected import TOPICS, inspected

ID, EN = "data/id/faq/bully.yml", "data/en/faq/bully.yml"
THANK = "data/id/intents/thank.yml"
LONG = "Sangat panjang sekali. " * 50


def test_questions_without_a_mistake_have_no_problem() -> None:
    found = inspected(TOPICS)
    assert [str(problem) for problem in found.problems] == [] and found.warnings == ()
    assert sorted(found.content.topics) == ["bully", "hit"]


MISTAKES = [
    (ID, "title: Tentang bully", "title: Tentang bully yang panjang sekali", f"{ID}:5: the title 'Tentang bully yang panjang sekali' is 33 characters long: at most 24 fit"),
    (EN, "question: Apa itu bully?", f"question: {'q' * 73}", f"{EN}:6: the question '{'q' * 73}' is 73 characters long: at most 72 fit"),
    (EN, "    title: Tentang bully\n", "", f"{EN}:5: 'metadata' needs a 'title'"),
    (ID, "readers: [child, parent]", "readers: [child, mother]", f"{ID}:7: 'readers' names 'mother': a reader is child, parent, professional"),
    (ID, "readers: [child, parent]", "readers: child", f"{ID}:7: needs 'readers': a list"),
    (ID, "group: friends", "group: enemies", f"{ID}:8: group must be one of violence, body, online, friends, home, feelings, parenting, report, help_after, law, service"),
    (ID, "next: [hit]", "next: [kick]", f"{ID}:9: 'next' names 'kick': there is no such topic"),
    (ID, "    source: UU 35/2014\n", "", f"{ID}:5: needs a 'source': where its facts come from"),
    (ID, "checked: 2026-11-01", "checked: November", f"{ID}:11: checked must be a date like 2026-11-25"),
    (ID, "checked: 2026-11-01", "checked: 2026-12-01", f"{ID}:11: was checked in the future"),
    (ID, "confidence: high", "confidence: sure", f"{ID}:12: confidence must be one of high, medium, low, unverified"),
    (ID, "    confidence: high\n", "", f"{ID}:5: confidence must be one of high, medium, low, unverified"),
    (ID, "reader: adult", "reader: grown_up", f"{ID}:34: has no answer for 'adult'"),
    (EN, "reader: child", "reader: adult", f"{EN}:34: has no answer for 'child'"),
    (ID, "Jawaban untuk orang dewasa.", LONG.strip(), f"{ID}:39: the answer for 'adult' is 1191 characters long with what stands below it: at most 1000 fit"),
    (ID, "{number.emergency}", "{number.pizza}", f"{ID}:36: the answer for 'child' holds {{number.pizza}}, which is no number of data/services.yml"),
    (ID, "{number.emergency}", "{answers.name}", f"{ID}:36: the answer for 'child' holds {{answers.name}}, which is no number of data/services.yml"),
    (ID, "{number.emergency}", "112", f"{ID}:36: the answer for 'child' holds the telephone number '112': write {{number.emergency}}"),
    (ID, "{number.emergency}", "0812 3456 7890", f"{ID}:37: '0812 3456 7890' looks like a telephone number: write {{number.…}}, kept in data/services.yml"),
    *[(ID, "Jawaban untuk orang dewasa.", f"Pelaku bisa {term} lama.", f"{ID}:39: the answer for 'adult' says '{term}': no prison terms") for term in ("penjara", "dipenjara", "pidana kurungan", "jailed", "imprisoned")],
    (ID, "Jawaban untuk orang dewasa.", "Lapor ke TPPK di sekolah.", f"{ID}:39: the answer for 'adult' names TPPK, which no longer exists since January 2026, as if one could turn to it"),
    (ID, "    - pertanyaan a tentang bully\n", "", f"{ID}:2: has 19 examples: at least 20 are needed"),
    (ID, "pertanyaan a tentang bully", "kalimat b thank!", f"{THANK}:6: the example 'kalimat b thank' stands in 'faq/bully' too ({ID}:14)"),
    (ID, "pertanyaan a tentang bully", "pertanyaan b tentang bully", f"{ID}:15: the example 'pertanyaan b tentang bully' stands twice"),
    (ID, "pertanyaan a tentang bully", "nomorku 0812 3456 7890", f"{ID}:14: '0812 3456 7890' looks like a telephone number: write {{number.…}}, kept in data/services.yml"),
    (ID, "intent: faq/bully", "intent: faq/bullied", f"{ID}:2: must hold one intent, 'faq/bully', as the file is called"),
    (ID, "utter_faq/bully", "utter_faq/bullied", f"{ID}:34: must hold the answers as 'utter_faq/bully'"),
    (THANK, "intent: thank", "intent: thanks", f"{THANK}:2: must hold one intent, 'thank', as the file is called"),
    ("flows/definitions/understood.yml", "thank: thank, ", "", f"{THANK}:2: there is no intent 'thank': 'understood' has no such entry (there are emergency, nearest, self_harm)"),
    ("flows/definitions/understood.yml", "thank: thank, ", "thank: thank, greet: thank, ", "data/en/intents/greet.yml: is missing: nothing would be understood as this intent"),
    ("flows/definitions/learn.yml", "asked: answer, ", "", "flows/definitions/learn.yml: 'entries' must name 'asked': the engine opens it"),
    ("flows/definitions/learn.yml", "list: next, of: after", "list: next", "flows/definitions/learn.yml:6: 'after' must say of which answer (of: …) it lists the topics, if it lists a group's or the next ones"),
    ("flows/definitions/learn.yml", "list: next", "list: best", "flows/definitions/learn.yml:6: the question 'after' must say which topics it lists: use one of groups, group, next, nearest"),
    ("flows/definitions/learn.yml", "options: [report]", "options: [report, hit]", "flows/definitions/learn.yml:6: the option 'hit' of 'after' is also the name of a topic, or of a shelf of them"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "says"), MISTAKES, ids=[row[3][:90] for row in MISTAKES])
def test_a_mistake_is_found(file: str, old: str, new: str, says: str) -> None:
    assert old in TOPICS[file], "the mistake was not put in"
    found = [str(problem) for problem in inspected({**TOPICS, file: TOPICS[file].replace(old, new, 1)}).problems]
    assert says in found, found


def test_what_is_gone_may_be_named() -> None:
    text = TOPICS[ID].replace("Jawaban untuk orang dewasa.", "TPPK sudah tidak ada lagi. Anak dikurung di kamar.")
    assert inspected({**TOPICS, ID: text}).problems == ()


def test_another_spelling_in_the_same_intent_is_worth_having() -> None:
    text = TOPICS[ID].replace("pertanyaan a tentang bully", "PERTANYAANNN b tentang bullyyyy")
    assert inspected({**TOPICS, ID: text}).problems == ()


def test_a_topic_that_a_language_lacks_is_named() -> None:
    without = {file: text for file, text in TOPICS.items() if file != EN}
    assert [str(problem) for problem in inspected(without).problems] == [f"{EN}: is missing: there is a topic 'bully' in another language"]


def test_a_topic_that_nobody_looked_at_for_a_year_is_a_warning() -> None:
    found = inspected(TOPICS, today=date(2027, 11, 3))
    assert f"{ID}:11: was checked 367 days ago: look at its sources again and renew the date" in [str(one) for one in found.warnings]
    assert not any("checked" in str(one) for one in inspected(TOPICS, today=date(2027, 11, 1)).warnings)


def test_the_words_of_lessons_stand_in_a_file_of_their_own_and_are_looked_at_there() -> None:
    flow = "flow: lesson_x\nstart: a\nsteps:\n  a: {type: say, next: over}\n  over: {type: end}\n"
    words = {f"data/{language}/lessons.yml": "lesson_x:\n  a: Telepon 112 ya.\n  b: Sisa.\n" for language in ("id", "en")}
    found = [str(problem) for problem in inspected({**TOPICS, "flows/definitions/lesson_x.yml": flow, **words}).problems]
    for language in ("id", "en"):
        file = f"data/{language}/lessons.yml"
        assert f"{file}:2: '112' is a telephone number: write {{number.emergency}}" in found
        assert f"{file}:3: the flow 'lesson_x' has no step 'b'" in found
    assert len(found) == 4


def test_the_city_s_own_content_has_no_mistake() -> None:
    found = check_content(date(2026, 11, 26))
    assert [str(problem) for problem in found.problems] == []
    assert len(found.content.topics) == 69
    for language in ("id", "en"):
        assert len(found.content.questions[language]) == 69 and len(found.content.sources.intents[language]) == 17
