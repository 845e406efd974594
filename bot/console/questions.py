"""What the bot asked, so that the browser can show a sealed report in words: each answer's label, question and options. Public content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flows.library import Library

_ASKED = re.compile(r"[^.!?\n]+\?")
_READERS = ("adult", "child")
FLOWS = ("report", "counsellor", "interrupts", "follow_up")


def questions_in(library: Library, language: str) -> dict[str, Any]:
    """`questions`: answer's name → {label, text, kind, options}, in the order in which they are asked; `places`: a kecamatan's code → name.

    Where several questions save under one name, the first one's words stand, and the options of all.
    """
    catalogue = library.catalogue
    found: dict[str, dict[str, Any]] = {}
    for name in FLOWS:
        flow = library.flows.get(name)
        for step in flow.steps.values() if flow is not None else ():
            if step.type != "ask" or step.apart:
                continue
            label = catalogue.part(language, name, step.id, "label") or ""
            text = next((t for reader in _READERS if (t := catalogue.part(language, name, step.id, "text", reader))), "")
            if label == "-":  # not read back to the person: the question itself, or, where none is asked, nothing that was told
                label, text = "", next(iter(_ASKED.findall(text)[::-1]), "").strip()
            known = found.setdefault(step.save, {"label": label, "text": text, "kind": step.kind, "options": {}})
            for option in step.options:
                known["options"].setdefault(option.id, catalogue.option(language, name, step.id, option.id, "adult"))
    places: Mapping[str, str] = {each.code: each.name for each in library.regions.kecamatan}
    return {"questions": found, "places": places}
