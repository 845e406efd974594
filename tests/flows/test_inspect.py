# ruff: noqa: E501 - a mistake a line
"""One mistake at a time, put into content that has none: it is found, in the right file and line, and nothing else is said."""

from __future__ import annotations

from datetime import date

import pytest

from tests.flows.inspected import FILES, inspected, with_change

START, REPORT, INTERRUPTS = (f"flows/definitions/{name}.yml" for name in ("start", "report", "interrupts"))
ID, EN = "data/id/strings.yml", "data/en/strings.yml"
COMMANDS, SERVICES, RECORDING, CITY = "data/id/commands.yml", "data/services.yml", "data/recording.yml", "data/city.yml"


def test_content_without_a_mistake_has_no_problem() -> None:
    found = inspected()
    assert [str(problem) for problem in found.problems] == []
    assert found.warnings == ()
    assert found.undecided == ("service_name",)


MISTAKES = [
    # ways
    (REPORT, "next: {ok: sent, closed: shut}", "next: {ok: sent, closed: nowhere}", f"{REPORT}:32: 'send' leads to 'nowhere', which is no step"),
    (REPORT, "next: {ok: sent, closed: shut}", "next: {ok: sent}", f"{REPORT}:32: 'send' does not say what comes next when submit_report gives 'closed'"),
    (REPORT, "next: {ok: sent, closed: shut}", "next: {ok: sent, closed: shut, lost: shut}", f"{REPORT}:32: 'send': 'lost' is no result of submit_report (it gives closed, ok)"),
    (REPORT, "action: submit_report", "action: submit", f"{REPORT}:32: 'send' does 'submit', which is no action (there are hand_off, submit_report)"),
    (REPORT, "  over: {type: end}", "  over: {type: end}\n  island: {type: end}", f"{REPORT}:42: no way leads to 'island'"),
    (REPORT, "next: {self: story, else: taps}", "next: {self: story, eels: taps, else: taps}", f"{REPORT}:9: 'eels' is no option of 'who'"),
    (START, "flow: report}", "flow: rapport}", f"{START}:12: 'to_report' leads to the flow 'rapport', which does not exist"),
    (START, "flow: report}", "flow: report, entry: side}", f"{START}:12: 'to_report' leads to 'report' by the entry 'side', which it does not have"),
    (START, "{id: learn, when: {world.learn: true}}", "learn", f"{START}:13: 'to_learn' leads to the flow 'learn', which does not exist"),
    (START, "entries: {menu: menu}", "entries: {}", f"{START}: 'entries' must name 'menu': the engine opens it"),
    (INTERRUPTS, "danger: help, ", "", f"{INTERRUPTS}: 'entries' must name 'danger': the engine opens it"),
    # names
    (REPORT, "answers.who: self", "answers.whom: self", f"{REPORT}:26: 'known' asks about answers.whom, which nothing sets"),
    (REPORT, "answers.who: self", "answers.who: myself", f"{REPORT}:26: 'known' asks whether answers.who is 'myself', which is never an answer of it"),
    (REPORT, "answers.who: self", "answers.story: hit", f"{REPORT}:26: 'known' asks whether answers.story is 'hit', which is never an answer of it"),
    (REPORT, "answers.who: self", "facts.reader: kid", f"{REPORT}:26: 'known' asks whether facts.reader is 'kid': a reader is adult, child, professional"),
    (REPORT, "answers.who: self", "world.weather: fine", f"{REPORT}:26: 'known' asks about world.weather, which nothing sets"),
    (REPORT, "append_to: story", "append_to: taps", f"{REPORT}:20: 'more': append_to names 'taps', which is no text answer of this flow"),
    # what is kept apart
    (REPORT, "kind: text\n    next: more", "kind: text\n    apart: yes\n    next: more", f"{REPORT}:16: 'story' says 'apart' without 'true': leave it out, or write apart: true"),
    (REPORT, "kind: many", "kind: many\n    apart: true", f"{REPORT}:11: 'taps' cannot be kept apart: only questions of kind choice and text can"),
    (REPORT, "kind: many", "kind: many\n    apart: true", f"{REPORT}:27: 'known' asks about answers.taps, which nothing sets"),
    (REPORT, "kind: many", "kind: many\n    apart: true", f"{RECORDING}:4: 'taps' is kept apart in the report: it has no place in the recording"),
    (REPORT, "kind: text\n    next: more", "kind: text\n    apart: true\n    skip: false\n    next: more", f"{REPORT}:16: 'story' is kept apart, so it must be possible to pass it over"),
    (REPORT, "kind: text\n    next: more", "kind: text\n    apart: true\n    next: more", f"{REPORT}:21: 'more': append_to names 'story', which is no text answer of this flow"),
    (REPORT, "kind: text\n    next: more", "kind: text\n    apart: true\n    save: more\n    next: more", f"{REPORT}:16: 'story' is kept apart, but another question keeps its answer as 'more' too"),
    (REPORT, "kind: text\n    next: more", "kind: text\n    apart: true\n    options: [a]\n    next: more", f"{REPORT}:16: 'story' is kept apart, so its words are not looked at: it can have no options"),
    *[
        (REPORT, "kind: text\n    next: more", f"kind: text\n    apart: true\n    {setting}\n    next: more", f"{REPORT}:16: 'story' is kept apart, so it can have no '{setting.partition(':')[0]}'")
        for setting in ("remember: name", "append_to: facts.told", "begin_with: facts.told", "secret: true", "danger: quiet")
    ],
    # limits
    (REPORT, "options: [hit, hurt]", "options: [hit, hurt, done]", f"{REPORT}:11: 'taps': the option 'done' is added by itself, choose another id"),
    # telephone numbers
    (CITY, "value: Teman", "value: Teman 0542 123 4567", f"{CITY}:1: '0542 123 4567' looks like a telephone number: write {{number.…}}, kept in data/services.yml"),
    ("data/id/faq.yml", "nlu: []", "nlu: [a]\nb: +62 812-3456-7890", "data/id/faq.yml:2: '+62 812-3456-7890' looks like a telephone number: write {number.…}, kept in data/services.yml"),
    # the directory
    (SERVICES, "confidence: medium", "confidence: low", f"{SERVICES}:24: 'sapa' is shown to people although its confidence is low"),
    (SERVICES, "ship: true\n  - id", "ship: maybe\n  - id", f"{SERVICES}:13: 'emergency': ship must be true or false"),
    (SERVICES, "verified: 2026-11-01", "verified: November", f"{SERVICES}:23: 'sapa': verified must be a date like 2026-11-23"),
    (SERVICES, "verified: 2026-11-01", "verified: 2027-01-01", f"{SERVICES}:23: 'sapa' was verified in the future"),
    (SERVICES, "en: Children", "fr: Enfants", f"{SERVICES}:18: 'sapa': for has no text in 'en'"),
    (SERVICES, "id: sapa", "id: emergency", f"{SERVICES}:14: 'emergency' stands twice"),
    (SERVICES, '"08111-129-129"', '"0811 129 129"', f"{SERVICES}:15: '0811 129 129' is a misprint of SAPA's WhatsApp number: it must not be shipped"),
    # the recording, the city, the commands
    (RECORDING, "hit: {field: form, value: fisik", "hit: {field: form, value: fisika", f"{RECORDING}:5: 'taps.hit': 'fisika' is no value of 'form' (fisik, psikis)"),
    (RECORDING, "    hurt: {field: null}\n", "", f"{RECORDING}:4: the option 'hurt' of 'taps' is not mapped"),
    (RECORDING, "hurt: {field: null}", "hurt: {field: null}\n    harm: {field: null}", f"{RECORDING}:7: 'harm' is no option of 'taps'"),
    (RECORDING, "  taps:", "  tapes:", f"{RECORDING}:4: the report has no step 'tapes'"),
    (CITY, "en: Nobody yet", "fr: Personne", f"{CITY}:2: 'reading_unit' has no text in 'en'"),
    (CITY, ", confirm: false", "", f"{CITY}:2: 'reading_unit' needs a 'value' and 'confirm: true' or 'confirm: false'"),
    *[
        (CITY, "reading_unit:", f"identity_roles: {{value: {value}, confirm: true}}\nreading_unit:", f"{CITY}:2: 'identity_roles' {says}")
        for value, says in (
            ("[lead, city_officer]", "must be exactly two roles, {id: …, name: …}: one alone could open, of three somebody would be passed over"),
            ("[{id: a_head, name: {id: A, en: A}}]", "must be exactly two roles, {id: …, name: …}: one alone could open, of three somebody would be passed over"),
            ("lead", "must be exactly two roles, {id: …, name: …}: one alone could open, of three somebody would be passed over"),
            ("[{id: head, name: {id: A, en: A}}, {id: head, name: {id: B, en: B}}]", "must have two different ids of letters a-z, digits and _ (they stand in key files)"),
            ("[{id: Kepala UPTD, name: {id: A, en: A}}, {id: legal, name: {id: B, en: B}}]", "must have two different ids of letters a-z, digits and _ (they stand in key files)"),
            ("[{id: head, name: {id: A, en: A}}, {id: legal, name: {id: A, en: B}}]", "calls both roles the same in 'id'"),
            ("[{id: head, name: {id: A}}, {id: legal, name: {id: B, en: B}}]", "has a role without a name in 'en'"),
        )
    ],
    (COMMANDS, "erase: [hapus]", "erase: [hapus, Mtk.]", f"{COMMANDS}:8: 'Mtk.' means both 'exit' and 'erase'"),
    (COMMANDS, "erase: [hapus]\n", "", f"{COMMANDS}: there are no words for the command 'erase'"),
    (COMMANDS, "erase: [hapus]", "eraze: [bersih]\nerase: [hapus]", f"{COMMANDS}:8: there is no command 'eraze' (there are back, skip, repeat, menu, help, counsellor, exit, erase, language)"),
    # reading
    (ID, "  help: Tulis menu.", "  help: Tulis menu.\n  help: Lagi.", f"{ID}:13: 'help' stands twice"),
    (REPORT, "flow: report", "flow: reports", f"{REPORT}:1: the file must be called reports.yml, as the flow in it"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), MISTAKES)
def test_a_mistake_is_named_with_its_file_and_line(file: str, old: str, new: str, expected: str) -> None:
    found = [str(problem) for problem in inspected(with_change(file, old, new)).problems]
    assert expected in found, found


IN_A_TEXT = [
    # in the first language
    (ID, "  sent: \"Kodemu: {result.code}. Bahaya? {number.emergency}\"\n", "", ":5: there is no text for 'report.sent'"),
    (ID, "self: Aku, ", "", ":5: the option 'self' of 'report.who' has no label"),
    (ID, "self: Aku", "self: Aku, us: Kami", ":5: 'us' is no option of 'report.who'"),
    (ID, "label: Tentang", "lable: Tentang", ":5: a text has no 'lable' ('report.who')"),
    (ID, ", label: Cerita", "", ":7: 'report.story' needs a 'label': the summary names the question by it"),
    (ID, "{child: Ceritakan ya., adult: Ceritakan.}", "{child: Ceritakan ya.}", ":7: 'report.story.text' needs a version for 'adult': whoever has none of their own gets it"),
    (ID, "{child: Ceritakan ya.", "{baby: Ceritakan ya.", ":7: 'report.story.text' has a version for 'baby': readers are adult, child, professional, unknown"),
    (ID, "{child: Ceritakan ya.", "{child: 'Ya {world.service_name}.'", ":7: the versions of 'report.story.text' do not fill in the same: {world.service_name}"),
    (ID, "greet: Halo dari {world.service_name}.", "greet: ' '", ":2: 'start.greet.text' is empty"),
    (ID, "{world.service_name}", "{world.name}", ":2: 'start.greet.text': {world.name} is set by nothing"),
    (ID, "{world.service_name}", "{service_name}", ":2: 'start.greet.text': has a brace that belongs to no placeholder: write {scope.name}"),
    (ID, "{number.emergency}\"", "{number.fire}\"", ":9: 'report.sent.text': {number.fire} is not in data/services.yml"),
    (ID, "{number.emergency}\"", "112\"", ":9: '112' is a telephone number: write {number.emergency}"),
    (ID, "{number.emergency}\"", "021-129\"", ":9: '021-129' is a misprint of SAPA's number: it must not be shown to anybody"),
    (ID, "{number.emergency}\"", "119 ext 9\"", ":9: '119 ext 9' is an extension that does not exist: it must not be shown to anybody"),
    (ID, "{number.emergency}\"", "TePSA 1500-771\"", ":9: '1500-771' is a line that nobody has shown to be alive since 2016: it must not be shown to anybody"),
    (ID, "{number.emergency}\"", "0821-5285-8026\"", ":9: '0821-5285-8026' looks like a telephone number: write {number.…}, kept in data/services.yml"),
    (ID, "{self: Aku,", "{self: Aku yang mengalaminya,", ":5: the label 'Aku yang mengalaminya' is 21 characters long: at most 20 fit where there are 2"),
    (ID, "hurt: Disakiti", "hurt: dipukul!", ":6: 'report.taps': the options 'hit' and 'hurt' have the same label"),
    (ID, "hurt: Disakiti", "hurt: '3'", ":6: the label '3' would be taken for the number of an option"),
    (ID, "hurt: Disakiti", "hurt: Hapus", ":6: the label 'Hapus' of 'report.taps' is also a word for the command 'erase'"),
    (ID, "Tentang siapa", "T" * 980, ":5: 'report.who.text' is with its numbered options 1000 characters long: at most 1000 fit"),
    (ID, "Tulis menu.", "T" * 1601, ":12: 'interrupts.help.text' is 1601 characters long: at most 1600 fit"),
    (ID, "interrupts:\n", "learn:\n  hello: Hai\ninterrupts:\n", ":11: there is no flow 'learn'"),
    (ID, "  help: Tulis menu.", "  help: Tulis menu.\n  halp: Tulis.", ":13: the flow 'interrupts' has no step 'halp'"),
    (ID, "  no_back: a\n", "", ":13: there is no 'common.no_back'"),
    (ID, "choice: a, ", "", ":13: there is no 'common.retry.choice'"),
    (ID, "Di {kecamatan} mana?", "Di mana?", ":48: 'common.kelurahan_of' must hold {kecamatan}"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "expected"), IN_A_TEXT)
def test_a_mistake_in_a_text_is_found_in_either_language(file: str, old: str, new: str, expected: str) -> None:
    if "1000 characters" in expected:
        # 980 letters, two options of 3 and 9 letters and 4 characters for the number of each: exactly what fits
        assert inspected(with_change(file, old, new)).problems == ()
        new, expected = new + "T", expected.replace("1000 characters", "1001 characters")
    for language in (ID, EN):
        found = [str(problem) for problem in inspected(with_change(language, old, new)).problems]
        assert f"{language}{expected}" in found, found


def test_languages_must_fill_in_the_same_and_have_the_same_parts() -> None:
    found = [str(problem) for problem in inspected(with_change(EN, "{world.service_name}", "us")).problems]
    assert found == [f"{EN}:2: 'start.greet' does not fill in the same as in 'id': {{world.service_name}}"]
    found = [str(problem) for problem in inspected(with_change(EN, "more: Lanjutkan., ", "")).problems]
    assert found == [f"{EN}:8: there is no 'report.more.more', which the other language has"]


def test_a_wait_without_an_exit_and_a_circle_are_found() -> None:
    trap = with_change(REPORT, "next: {self: story, else: taps}", "next: {self: story, other: trap, else: taps}")
    trap[REPORT] += "  trap: {type: ask, kind: text, text: report.story, next: trap}\n"
    assert [str(problem) for problem in inspected(trap).problems] == [f"{REPORT}:42: 'trap' waits for an answer, but none of them leads to an end of this flow"]
    circle = with_change(REPORT, "sent: {type: say, next: person}", "sent: {type: say, next: round}\n  round: {type: branch, cases: [{when: {facts.told: true}, next: person}], else: sent}")
    assert [str(problem) for problem in inspected(circle).problems] == [f"{REPORT}:35: runs in a circle without waiting for an answer: sent → round → sent"]


def test_a_flow_that_the_engine_needs_must_be_there() -> None:
    found = [str(problem) for problem in inspected({INTERRUPTS: "flow: others\nstart: a\nsteps: {a: {type: end}}\n"}).problems]
    assert "flows/definitions: there must be a flow 'interrupts'" in found


def test_a_number_that_is_not_to_be_shown_yet_is_found_in_texts() -> None:
    hidden = FILES[SERVICES].replace("ship: true\n", "ship: false\n    reason: needs a test call\n", 1)
    found = [str(problem) for problem in inspected({SERVICES: hidden}).problems]
    assert f"{ID}:10: {{number.emergency}} is not to be shown yet (ship: false in {SERVICES})" in found


def test_entries_age_after_180_days_except_the_emergency_numbers() -> None:
    assert inspected(today=date(2027, 4, 30)).warnings == ()
    (warning,) = inspected(today=date(2027, 5, 1)).warnings
    assert str(warning) == f"{SERVICES}:23: 'sapa' was verified 181 days ago: look at its sources again and renew the date"


def test_all_problems_are_said_at_once_and_each_once() -> None:
    changes = {**with_change(ID, "greet: Halo dari {world.service_name}.", "greet: ''"), **with_change(REPORT, "action: submit_report", "action: x")}
    problems = [str(problem) for problem in inspected(changes).problems]
    assert len(problems) == len(set(problems)) == 3  # the text, that it differs from the other language, the action


def test_what_is_no_yaml_is_one_problem_and_not_a_crash() -> None:
    (problem,) = inspected({REPORT: "flow: [\n"}).problems
    assert str(problem).startswith(f"{REPORT}:2: not YAML: ")
    read = [file for file in FILES if not file.endswith("faq.yml")]  # that one is only searched for telephone numbers
    assert len(read) == 10
    for file in read:
        assert inspected({file: "- a list\n"}).problems, file


def test_examples_that_only_look_like_numbers_are_left_alone() -> None:
    for text in ("144 : 12 = 12", "36 × 7 = 252", "2026-11-23", "64.71.05", "1/2 + 1/4", "kelas 5, 3 hari", "Rp 200.000"):
        assert inspected(with_change(ID, "Tulis menu.", f"'{text}'")).problems == (), text
