"""A small city's content without a mistake, for tests that put one in."""

from __future__ import annotations

from collections.abc import Mapping
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
  retry: {choice: a, many: a, text: a, number: a, date: a, place: a, where: a, media: a}
  too_long: a
  unsupported: a
  media_closed: a
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
  kelurahan_of: Di {kecamatan} mana?
  place_which: a
  place_outside: a
  place_unsure: a
  place_other: a
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
hours_note: {value: {id: Belum ada, en: Nobody yet}, confirm: false}
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
            others=(source("data/id/faq.yml"),),
        ),
        actions=ACTIONS,
        today=today,
    )


def with_change(file: str, old: str, new: str) -> dict[str, str]:
    """One file with one passage changed."""
    assert FILES[file].count(old) >= 1, (file, old)
    return {file: FILES[file].replace(old, new, 1)}
