"""What `evaluate` prints: the table of measures, no sentence unless asked for, and what has become worse in plain words."""

from __future__ import annotations

from bot.cli.score_text import behind, compared, shown, table
from flows.message import Danger
from nlu.scoring.comparison import compare
from nlu.scoring.score import score
from tests.nlu.scoring.cases import SMALL, outcome


def plain(line: str) -> str:
    return " ".join(line.split())


def test_the_table_has_each_measure_with_target_figure_interval_and_verdict() -> None:
    lines = list(table(score(SMALL)))
    assert len(lines) == 1 + 8 + 2
    assert plain(lines[1]) == "emergency or self-harm noticed (either layer) ≥ 0.98 0.750 0.301 to 0.954 4 no"
    assert plain(lines[2]) == "false alarm on harmless messages with alarming words ≤ 0.05 0.500 0.095 to 0.905 2 no"
    assert plain(lines[8]) == "entities, F1 on disclosures and reports ≥ 0.85 – 0 –"
    starts = {line.index("≥" if "≥" in line else "≤") for line in lines[1:9]}
    assert len(starts) == 1, "the columns stand under each other"


def test_the_baseline_stands_beside() -> None:
    perfect = score([outcome("thank", ("thank", 1.0))] * 100)
    poor = score([outcome("thank", ("help", 1.0))] * 100)
    (line,) = [line for line in table(perfect, poor) if line.startswith("intent right")]
    assert plain(line) == "intent right, all messages ≥ 0.92 1.000 0.963 to 1.000 100 yes 0.000 0.000 to 0.037 no"


def test_sentences_are_printed_only_when_asked_for_and_cannot_take_over_the_terminal() -> None:
    scored = score([outcome("self_harm", ("thank", 0.9), text="canary \x1b[2J one"), outcome("greet", ("help", 0.8), text="canary two")])
    assert "canary" not in "\n".join([*table(scored), *behind(scored), *shown(scored, 0)])
    assert "  1 of 1    self_harm → thank" in "\n".join(behind(scored))
    said = "\n".join(shown(scored, 1))
    assert "canary  [2J one" in said and "\x1b" not in said
    assert said.count("canary") == 2  # as a missed danger and as the worst confusion; the second confusion is beyond what was asked for


def test_what_became_worse_is_said_in_plain_words() -> None:
    before = score([outcome("thank", ("thank", 0.9), text=str(n)) for n in range(20)])
    now = score([outcome("thank", ("thank" if n < 10 else "help", 0.9), text=str(n)) for n in range(20)])
    said = "\n".join(compared(compare(before.to_json(), now)))
    assert "Sentences that were wrong and are right now: 0; that were right and are wrong now: 10." in said
    assert "Chance alone hardly ever does that: it has become WORSE." in said
    assert any(line.split()[-4:] == ["1.000", "0.500", "-0.500", "WORSE"] for line in said.splitlines() if line.startswith("intent right,"))


def test_a_change_that_chance_can_do_is_called_none() -> None:
    before = score([outcome("thank", ("thank", 0.9), text="a"), outcome("thank", ("help", 0.9), text="b")])
    now = score([outcome("thank", ("help", 0.9), text="a"), outcome("thank", ("thank", 0.9), text="b")])
    assert "Chance alone does that in 100% of cases: neither better nor worse" in "\n".join(compared(compare(before.to_json(), now)))
    assert "No sentence changed between right and wrong." in list(compared(compare(now.to_json(), now)))


def test_a_danger_that_is_not_noticed_any_more_stands_out() -> None:
    before = score([outcome("emergency", ("emergency", 0.9), text="canary", model=Danger.EMERGENCY)])
    now = score([outcome("emergency", ("emergency", 0.3), text="canary", got="unclear")])
    comparison = compare(before.to_json(), now)
    said = "\n".join(compared(comparison))
    assert "LOOK AT THIS: dangers that were noticed before and are not any more: 1." in said and "canary" not in said
    assert "canary" in "\n".join(compared(comparison, 1))
