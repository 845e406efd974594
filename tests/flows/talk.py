"""A conversation with the engine alone over small definitions, for tests of one rule at a time. The session goes through JSON each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from flows.catalogue import Catalogue
from flows.definition import Flow, read_flow
from flows.directory import Service
from flows.engine import Turn, new_session, resume
from flows.library import Library
from flows.message import Danger, Inbound, InboundKind, Media, Outbound, Understanding
from flows.places import Regions
from flows.session import Session
from flows.signals import Done, RunAction, Said, Send, Signal, TimedOut
from flows.topics import FAQ, GROUPS, Topic

REGIONS = Regions.from_mapping(
    yaml.safe_load((Path(__file__).parents[2] / "data" / "regions.yml").read_text(encoding="utf-8")),
)
COMMANDS = {
    "id": {
        "back": ("kembali",), "skip": ("lewati",), "repeat": ("ulangi",), "menu": ("menu",), "help": ("bantuan",),
        "counsellor": ("konselor",), "exit": ("mtk",), "erase": ("hapus",), "language": ("bahasa",),
    }
}  # fmt: skip
START = """
flow: start
start: greet
entries: {menu: menu}
steps:
  greet: {type: say, next: menu}
  menu:
    type: ask
    kind: choice
    skip: false
    append_to: facts.told
    options: [tell, other]
    next: {tell: to_tell, other: to_other}
  to_tell: {type: go, flow: tell}
  to_other: {type: call, flow: other, next: menu}
"""
INTERRUPTS = """
flow: interrupts
start: help
entries: {danger: danger, self_harm: danger, help: help, exit: leave, lost: lost, silence: silence, language: language}
steps:
  danger: {type: say, next: alert}
  alert: {type: do, action: raise_alert, next: {ok: stay, else: stay}}
  stay: {type: ask, kind: text, danger: quiet, skip: false, options: [safe], next: {safe: over, else: stay}}
  help: {type: ask, kind: choice, options: [go_on], next: over}
  language: {type: ask, kind: choice, remember: language, options: [id, en], next: over}
  leave: {type: do, action: leave, next: homework}
  homework: {type: say, next: over}
  lost: {type: ask, kind: choice, options: [person, go_on], next: {person: hand, else: over}}
  hand: {type: handoff, reason: lost, next: {ok: handed, else: handed}}
  handed: {type: say, next: over}
  silence: {type: do, action: leave, arguments: {silence: true}, next: {erased: over, else: over}}
  over: {type: end}
"""
OTHER = """
flow: other
start: word
steps:
  word: {type: ask, kind: text, next: over}
  over: {type: end}
"""


def _topic(name: str, group: str, readers: str = "child parent professional", near: str = "") -> Topic:
    return Topic(
        id=name, group=group, readers=tuple(readers.split()), next=tuple(near.split()), source="s", checked="2026-11-23", confidence="high"
    )


TOPICS = {
    topic.id: topic
    for topic in (
        _topic("bullying", "friends", near="helping anger"), _topic("helping", "friends"), _topic("anger", "parenting", "parent"),
        *(_topic(f"law_{letter}", "law", "parent professional") for letter in "abcdefghijkl"),
    )
}  # fmt: skip


def _service(name: str, called: str, need: str, *kecamatan: str, always: bool = False) -> Service:
    texts = {"name": {"id": called, "en": called}, **{part: {"id": f"{part} of {name}"} for part in ("for", "hours", "who")}}
    return Service(id=name, needs=(need,), kecamatan=kecamatan, verified=date(2026, 11, 1), always=always, texts=texts)


SERVICES = (
    _service("emergency", "Hotline", "hurt", always=True), _service("near", "Unit Selatan", "hurt", "64.71.05"),
    _service("drugs", "Drugs", "drugs"),
)  # fmt: skip


def library(tell: str, *, strings: Mapping[str, Any] | None = None, former: Mapping[tuple[str, str], str] | None = None) -> Library:
    """The small content with `tell` as its one conversation. Texts that `strings` does not give are the step's own name."""
    flows = {}
    words: dict[str, Any] = {"common": {"retry": {}}}
    for text in (START, INTERRUPTS, OTHER, tell):
        flow, problems = read_flow(text, file="test.yml")
        assert flow is not None and not problems, problems
        flows[flow.name] = flow
        words[flow.name] = {
            step.id: {"text": f"<{flow.name}.{step.id}>", "label": step.id, "options": {o.id: f"Opsi {o.id}" for o in step.options}}
            for step in flow.steps.values()
        }
    for key in (
        "too_long", "unsupported", "media_closed", "changed_earlier", "no_back", "no_skip", "review_title", "review_send", "review_edit",
        "review_which", "review_empty", "skipped_value",
        "apart_value", "many_done", "back_to_it", "old_prompt", "trouble", "resumed", "restored", "place_which",
        "place_outside", "place_unsure", "place_other",
        "file_ok", "file_too_big", "file_wrong_type", "file_unreachable", "file_error", "file_enough", "file_refused", "file_removed",
        "file_warning", "file_send", "file_leave", "file_left", "file_voice", "file_image", "file_document",
        "topics_more", "known_right", "known_wrong",
        "service_for", "service_hours", "service_who", "service_cost", "service_checked",
        "talk_first", "talk_ahead", "talk_minutes", "talk_unknown", "talk_wait", "talk_nobody", "talk_empty", "talk_opens",
        "talk_opens_unknown", "talk_empty_wait", "talk_read", "talk_callback",
        "talk_message", "talk_stop", "talk_with", "talk_somebody", "talk_how", "talk_handed", "talk_lost", "talk_still", "talk_kept",
        "talk_not_passed", "talk_leaving", "talk_go_on", "talk_end", "talk_seen", "talk_safe", "talk_safe_yes", "talk_safe_no",
        "talk_quiet", "talk_quiet_word", "talk_safe_word", "talk_thanks_safe",
    ):  # fmt: skip
        words["common"][key] = f"<{key}>"
    words["common"]["known"] = "<known {label} {answer}>"
    words["common"]["groups"] = {group: f"<{group}>" for group in GROUPS}
    words["common"]["kelurahan_of"] = "<kelurahan_of {kecamatan}>"
    for kind in ("choice", "many", "text", "number", "date", "place", "where", "media", "topic"):
        words["common"]["retry"][kind] = f"<retry.{kind}>"
    for name, steps in (strings or {}).items():
        words[name] = {**words[name], **steps}
    old: dict[tuple[str, str], Flow] = {}
    for revision, text in (former or {}).items():
        flow, problems = read_flow(text, file="former.yml")
        assert flow is not None and not problems
        old[revision] = flow
    words[FAQ] = {
        name: {"title": f"Judul {name}", "question": f"Tanya {name}?", "text": {"child": f"<{name} child>", "adult": f"<{name} adult>"}}
        for name in TOPICS
    }
    numbers = {"emergency": "112", "web": "example.id", "near": "0542-1", "drugs": "184"}
    catalogue = Catalogue(strings={"id": words, "en": words}, commands=COMMANDS, numbers=numbers)
    return Library(flows=flows, catalogue=catalogue, regions=REGIONS, topics=TOPICS, services=SERVICES, former=old)


class Talk:
    """One person. Each call gives the texts of the bubbles; `at`, `answers`, `facts` tell where it stands."""

    def __init__(self, content: Library, *, world: Mapping[str, Any] | None = None, session: Session | None = None) -> None:
        self.library = content
        self.world = {"channel": "telegram", "today": "2026-11-23", "can_file": True, **(world or {})}
        self.session = session or new_session("id")
        self.bubbles: tuple[Outbound, ...] = ()
        self.action: RunAction | None = None
        self.turn: Turn | None = None

    def hear(self, signal: Signal) -> list[str]:
        turn = resume(self.session, signal, library=self.library, world=self.world)
        written = json.dumps(turn.session.to_json())
        self.session = Session.from_json(json.loads(written))
        assert json.dumps(self.session.to_json()) == written
        self.bubbles = tuple(effect.message for effect in turn.effects if isinstance(effect, Send))
        self.action = next((effect for effect in turn.effects if isinstance(effect, RunAction)), None)
        self.turn = turn
        return [bubble.text for bubble in self.bubbles]

    def say(self, text: str, danger: Danger | None = None) -> list[str]:
        message = Inbound(kind=InboundKind.TEXT, text=text)
        return self.hear(Said(message=message, understanding=Understanding(text=text, danger=danger)))

    def tap(self, option: str, *, prompt: int | None = None) -> list[str]:
        number = self.session.prompt if prompt is None else prompt
        return self.hear(Said(message=Inbound(kind=InboundKind.TAP, tap=f"{number}.{option}")))

    def send(self, kind: InboundKind, **parts: Any) -> list[str]:
        if "media" in parts:
            parts["media"] = Media(kind=parts["media"], handle="h")
        return self.hear(Said(message=Inbound(kind=kind, **parts)))

    def done(self, code: str, **parts: Any) -> list[str]:
        assert self.action is not None, "no action is out"
        return self.hear(Done(action=self.action.name, code=code, **parts))

    def time_out(self, timer: str) -> list[str]:
        return self.hear(TimedOut(timer=timer))

    def opened(self) -> Talk:
        """The same person, already in `tell`."""
        self.send(InboundKind.START)
        self.tap("tell")
        return self

    @property
    def at(self) -> str:
        return f"{self.session.frames[-1].flow}.{self.session.frames[-1].step}" if self.session.frames else "idle"

    @property
    def answers(self) -> Mapping[str, Any]:
        return self.session.frames[-1].answers

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.session.facts

    @property
    def labels(self) -> list[str]:
        return [choice.label for choice in self.bubbles[-1].choices]
