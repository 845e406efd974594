"""What a platform may keep as a template: only words that are the catalogue's own. Nothing that a person said, or that was found out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.shelf import Shelf, load_shelf
from flows.bubbles import merge
from flows.catalogue import PLACEHOLDER
from flows.engine import new_session, resume
from flows.message import Choice, Inbound, InboundKind, Outbound
from flows.scene import Scene
from flows.signals import Said, Send

WORLD = {
    "can_file": True, "staffed": False, "learn": False, "channel": "whatsapp", "today": "2026-11-23", "service_name": "Teman",
    "can_wipe": "none", "takes_media": False, "files_most": 5, "identity": [],
    "identity_first": "", "identity_second": "", "mode": "normal", "desk": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return load_shelf()


def test_every_text_of_every_definition_is_fixed_or_has_something_of_a_person(shelf: Shelf) -> None:
    """All texts of all steps in all languages and versions: told with canaries in every answer, fact and result."""
    catalogue, told, personal = shelf.library.catalogue, 0, 0
    for language in catalogue.languages:
        for flow in shelf.library.flows.values():
            for step in flow.steps.values():
                for part in ("text", "retry", "label", "done"):
                    for reader in (None, "child", "adult", "professional"):
                        where, _, name = str(step.settings.get("text", f"{flow.name}.{step.id}")).partition(".")
                        template = catalogue.part(language, where, name, part, reader)
                        if not template:
                            continue
                        scopes = {match[1].partition(".")[0] for match in PLACEHOLDER.finditer(template)}
                        scene = Scene(replace(new_session(language)), library=shelf.library, world=WORLD)
                        scene.tell(template)
                        assert scene.sends == [] or scene.sends[0].fixed is not bool(scopes & {"answers", "facts", "result"}), template
                        told, personal = told + 1, personal + bool(scopes & {"answers", "facts", "result"})
    assert told > 200
    assert personal > 5


@pytest.mark.parametrize("template", ["kata kenari", "Maksudmu {result.day}?", "{answers.story}", "{facts.exit_word}", "Maksudmu 5 Maret?"])
def test_words_that_stand_nowhere_are_not_fixed(shelf: Shelf, template: str) -> None:
    scene = Scene(new_session("id"), library=shelf.library, world=WORLD)
    scene.tell(template, extra={"day": "5 Maret"})
    scene.tell(template)
    assert not any(bubble.fixed for bubble in scene.sends)


def test_an_option_of_a_person_unfixes_the_question(shelf: Shelf) -> None:
    catalogue = shelf.library.catalogue
    text = catalogue.part("id", "report", "safe", "text")
    assert text
    scene = Scene(new_session("id"), library=shelf.library, world=WORLD)
    scene.tell(text, choices=(("yes", "Ya"), ("no", "Tidak")))
    scene.tell(text, choices=(("yes", "Ya"), ("no", "✓ Tidak")))
    scene.tell(text, choices=(("yes", "Ya"), ("no", "Jalan Kenari")))
    scene.tell(text, choices=(("yes", "Ya"), ("no", "Tidak")), personal=True)
    assert [bubble.fixed for bubble in scene.sends] == [True, False, False, False]


def test_one_that_is_not_fixed_unfixes_what_it_is_merged_with() -> None:
    ours, theirs = Outbound(text="Halo.", fixed=True), Outbound(text="kata kenari")
    question = Outbound(text="Aman?", fixed=True, choices=(Choice(id="1.yes", label="Ya"),))
    assert [each.fixed for each in merge([ours, question])] == [True]
    assert [each.fixed for each in merge([theirs, question])] == [False]
    assert [each.fixed for each in merge([ours, theirs, question])] == [False]


def test_it_survives_storage() -> None:
    for fixed in (True, False):
        for invites in (True, False):
            bubble = Outbound(text="x", fixed=fixed, invites=invites)
            assert Outbound.from_json(json.loads(json.dumps(bubble.to_json()))) == bubble


def test_the_first_question_of_a_chat_is_fixed(shelf: Shelf) -> None:
    turn = resume(new_session("id"), Said(message=Inbound(kind=InboundKind.TEXT, text="halo")), library=shelf.library, world=WORLD)
    bubbles = merge(effect.message for effect in turn.effects if isinstance(effect, Send))
    assert bubbles[-1].fixed
    assert bubbles[-1].choices
