"""A small city's content without a mistake, for tests that put one in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from flows.inspect import Inspection, Source, Sources, inspect

TODAY = date(2026, 11, 23)
ACTIONS: Mapping[str, frozenset[str]] = {"submit_report": frozenset({"ok", "closed"}), "hand_off": frozenset({"ok", "closed"})}

START = """\
flow: start
start: greet
entries: {menu: menu}
steps:
  greet: {type: say, when: {facts.greeted: false}, next: menu}
  menu:
    type: ask
    kind: choice
    skip: false
    options: [report, {id: learn, when: {world.learn: true}}]
    next: {report: to_report, learn: to_learn}
  to_report: {type: go, flow: report}
  to_learn: {type: call, flow: learn, next: menu}
"""

REPORT = """\
flow: report
start: who
steps:
  who:
    type: ask
    kind: choice
    options: [self, other]
    remember: {reader: {self: child, other: adult}}
    next: {self: story, else: taps}
  taps:
    type: ask
    kind: many
    options: [hit, hurt]
    next: story
  story:
    type: ask
    kind: text
    next: more
  more:
    type: ask
    kind: choice
    options: [yes, no]
    append_to: story
    next: known
  known:
    type: branch
    cases:
      - {when: {answers.who: self, answers.taps: [hit, skipped]}, next: review}
    else: review
  review: {type: review, next: send}
  send:
    type: do
    action: submit_report
    next: {ok: sent, closed: shut}
  sent: {type: say, next: person}
  shut: {type: say, next: over}
  person:
    type: handoff
    reason: asked
    next: {ok: over, closed: shut}
  over: {type: end}
"""

INTERRUPTS = """\
flow: interrupts
start: help
entries: {danger: help, self_harm: help, help: help, counsellor: help, exit: help, erase: help, language: help, lost: help}
steps:
  help: {type: say, next: over}
  over: {type: end}
"""

STRINGS = """\
start:
  greet: Halo dari {world.service_name}.
  menu: {text: Mau apa sekarang, options: {report: Lapor, learn: Belajar}}
report:
  who: {text: Tentang siapa, options: {self: Aku, other: Anak lain}, label: Tentang}
  taps: {text: Apa yang terjadi, options: {hit: Dipukul, hurt: Disakiti}, label: Kejadian}
  story: {text: {child: Ceritakan ya., adult: Ceritakan.}, label: Cerita}
  more: {text: Ada lagi, options: {yes: Ada, no: Cukup}, more: Lanjutkan., label: Tambahan}
  sent: "Kodemu: {result.code}. Bahaya? {number.emergency}"
  shut: Tutup. {number.emergency}
interrupts:
  help: Tulis menu.
common:
  retry: {choice: a, many: a, text: a, number: a, date: a, place: a, where: a, media: a, topic: a}
  too_long: a
  unsupported: a
  media_closed: a
  file_ok: a
  file_too_big: a
  file_wrong_type: a
  file_unreachable: a
  file_error: a
  file_enough: a
  file_refused: a
  file_removed: a
  file_warning: a
  file_send: a
  file_leave: b
  file_left: a
  file_voice: a
  file_image: a
  file_document: a
  changed_earlier: a
  no_back: a
  no_skip: a
  review_title: a
  review_send: a
  review_edit: b
  review_which: a
  review_empty: a
  skipped_value: a
  many_done: a
  back_to_it: a
  old_prompt: a
  trouble: Coba {number.emergency}
  resumed: a
  restored: a
  kelurahan_of: Di {kecamatan} mana?
  place_which: a
  place_outside: a
  place_unsure: a
  place_other: a
  apart_value: a
  topics_more: a
  talk_first: a
  talk_ahead: a
  talk_minutes: a
  talk_unknown: a
  talk_wait: a
  talk_nobody: a
  talk_empty: a
  talk_opens: a
  talk_opens_unknown: a
  talk_empty_wait: a
  opens: {today: a, tomorrow: a, mon: a, tue: a, wed: a, thu: a, fri: a, sat: a, sun: a, dated: a}
  talk_read: a
  talk_callback: a
  talk_message: a
  talk_stop: a
  talk_with: a
  talk_somebody: a
  talk_how: a
  talk_handed: a
  talk_lost: a
  talk_still: a
  talk_kept: a
  talk_not_passed: a
  talk_leaving: a
  talk_go_on: a
  talk_end: a
  talk_seen: a
  talk_safe: a
  talk_safe_yes: a
  talk_safe_no: a
  talk_quiet: a
  talk_quiet_word: a
  talk_safe_word: a
  talk_thanks_safe: a
  service_for: a
  service_hours: a
  service_who: a
  service_cost: a
  service_checked: a
  known: "{label} {answer}"
  known_right: a
  known_wrong: b
  groups: {violence: a, body: a, online: a, friends: a, home: a, feelings: a, parenting: a, report: a, help_after: a, law: a, service: a}
"""

COMMANDS = """\
back: [kembali]
skip: [lewati]
repeat: [ulangi]
menu: [menu]
help: [bantuan]
counsellor: [konselor]
exit: [mtk]
erase: [hapus]
language: [bahasa]
"""

SERVICES = """\
services:
  - id: emergency
    number: "112"
    kind: phone
    always: true
    name: {id: Darurat, en: Emergency}
    for: {id: Bahaya, en: Danger}
    hours: {id: 24 jam, en: 24 hours}
    who: {id: Kota, en: City}
    confidence: high
    source: somewhere
    verified: 2020-01-01
    ship: true
  - id: sapa
    number: "08111-129-129"
    kind: whatsapp
    name: {id: SAPA, en: SAPA}
    for: {id: Anak, en: Children}
    hours: {id: belum tahu, en: not known}
    who: {id: Kementerian, en: Ministry}
    confidence: medium
    source: somewhere
    verified: 2026-11-01
    ship: true
"""

RECORDING = """\
fields:
  form: [fisik, psikis]
steps:
  taps:
    hit: {field: form, value: fisik, confirm: false}
    hurt: {field: null}
"""

CITY = """\
service_name: {value: Teman, confirm: true}
reading_unit: {value: {id: Belum ada, en: Nobody yet}, confirm: false}
"""

FILES: Mapping[str, str] = {
    "flows/definitions/start.yml": START,
    "flows/definitions/report.yml": REPORT,
    "flows/definitions/interrupts.yml": INTERRUPTS,
    "data/id/strings.yml": STRINGS,
    "data/en/strings.yml": STRINGS,
    "data/id/commands.yml": COMMANDS,
    "data/en/commands.yml": COMMANDS,
    "data/services.yml": SERVICES,
    "data/recording.yml": RECORDING,
    "data/city.yml": CITY,
    "data/id/faq.yml": "nlu: []\n",
}


def faq(topic: str, readers: str = "[child, parent]", near: str = "") -> str:
    """A topic's file without a mistake."""
    examples = "\n".join(f"    - pertanyaan {letter} tentang {topic}" for letter in "abcdefghijklmnopqrst")
    return f"""\
version: "3.1"
nlu:
- intent: faq/{topic}
  metadata:
    title: Tentang {topic}
    question: Apa itu {topic}?
    readers: {readers}
    group: friends
    next: [{near or topic}]
    source: UU 35/2014
    checked: 2026-11-01
    confidence: high
  examples: |
{examples}
responses:
  utter_faq/{topic}:
  - text: |-
      Jawaban untuk anak. Telepon {{number.emergency}}.
    metadata: {{reader: child}}
  - text: Jawaban untuk orang dewasa.
    metadata: {{reader: adult}}
"""


def intent(name: str) -> str:
    """An intent's file without a mistake."""
    examples = "\n".join(f"    - kalimat {letter} {name}" for letter in "abcdefghijklmnopqrst")
    return f'version: "3.1"\nnlu:\n- intent: {name}\n  examples: |\n{examples}\n'


UNDERSTOOD = """\
flow: understood
start: thank
entries: {thank: thank, nearest: thank}
steps:
  thank: {type: say, next: over}
  over: {type: end}
"""

LEARN = """\
flow: learn
start: answer
entries: {asked: answer, nearest: answer}
steps:
  answer: {type: answer, next: after}
  after: {type: ask, kind: topic, list: next, of: after, options: [report], next: {report: over, else: answer}}
  over: {type: end}
"""
MORE_WORDS = """\
understood:
  thank: Sama-sama.
learn:
  after: {text: Mau apa sekarang, options: {report: Lapor}}
"""

# With questions that are answered: added to FILES by `inspected(TOPICS)`.
TOPICS: Mapping[str, str] = {
    "flows/definitions/start.yml": START.replace(", when: {world.learn: true}", ""),
    "flows/definitions/understood.yml": UNDERSTOOD,
    "flows/definitions/learn.yml": LEARN,
    **{f"data/{language}/strings.yml": STRINGS + MORE_WORDS for language in ("id", "en")},
    **{
        f"data/{language}/faq/{topic}.yml": faq(topic, near=near)
        for language in ("id", "en")
        for topic, near in (("bully", "hit"), ("hit", "bully"))
    },
    **{f"data/{language}/intents/{name}.yml": intent(name) for language in ("id", "en") for name in ("thank", "emergency", "self_harm")},
}


def inspected(changes: Mapping[str, str] | None = None, *, today: date = TODAY) -> Inspection:
    """The content with some files replaced, inspected."""
    files = {**FILES, **(changes or {})}

    def source(file: str) -> Source:
        return Source(file=file, text=files[file])

    return inspect(
        Sources(
            definitions=tuple(source(file) for file in files if file.startswith("flows/")),
            strings={language: source(f"data/{language}/strings.yml") for language in ("id", "en")},
            commands={language: source(f"data/{language}/commands.yml") for language in ("id", "en")},
            services=source("data/services.yml"),
            recording=source("data/recording.yml"),
            city=source("data/city.yml"),
            lessons={language: source(file) for language in ("id", "en") if (file := f"data/{language}/lessons.yml") in files},
            faq=_folder(files, "faq", source),
            intents=_folder(files, "intents", source),
            others=(source("data/id/faq.yml"),),
        ),
        actions=ACTIONS,
        today=today,
    )


def _folder(files: Mapping[str, str], kind: str, source: Callable[[str], Source]) -> dict[str, dict[str, Source]]:
    found: dict[str, dict[str, Source]] = {"id": {}, "en": {}}
    for file in files:
        if f"/{kind}/" in file:
            found[file.split("/")[1]][file.rpartition("/")[2].removesuffix(".yml")] = source(file)
    return found


def with_change(file: str, old: str, new: str) -> dict[str, str]:
    """One file with one passage changed."""
    assert FILES[file].count(old) >= 1, (file, old)
    return {file: FILES[file].replace(old, new, 1)}
