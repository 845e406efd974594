"""The danger phrases as shipped, and the sentences that measure them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from flows.message import Danger
from nlu.danger import DangerPhrases, load

ROOT = Path(__file__).resolve().parents[2]
PATHS = (ROOT / "data/id/danger.yml", ROOT / "data/en/danger.yml")


@cache
def phrases() -> DangerPhrases:
    return load(*PATHS)


def sentences(name: str) -> dict[str, list[str]]:
    body: dict[str, list[str]] = yaml.safe_load((ROOT / "tests/nlu" / name).read_text(encoding="utf-8"))
    return body


@dataclass(frozen=True, kw_only=True)
class Score:
    recall: float
    right_kind: float  # among those noticed
    false_alarms: float
    report: str


def score(name: str) -> Score:
    """Recall, kind and false alarms on one file, with every miss written out."""
    body, heard = sentences(name), phrases()
    noticed = right = 0
    lines: list[str] = []
    for kind in (Danger.EMERGENCY, Danger.SELF_HARM):
        for text in body[kind.value]:
            found = heard.assess(text)
            noticed += found is not None
            right += found is kind
            if found is None:
                lines.append(f"  missed ({kind.value}): {text}")
            elif found is not kind:
                lines.append(f"  taken for {found.value}: {text}")
    false = [text for text in body["harmless"] if heard.assess(text) is not None]
    lines += [f"  false alarm: {text}" for text in false]
    dangerous, tricky = len(body["emergency"]) + len(body["self_harm"]), len(body["harmless"])
    recall, kind, alarms = noticed / dangerous, right / noticed, len(false) / tricky
    head = f"{name}: recall {recall:.3f} of {dangerous}, right kind {kind:.3f}, false alarms {alarms:.3f} of {tricky}"
    return Score(recall=recall, right_kind=kind, false_alarms=alarms, report="\n".join([head, *lines]))
