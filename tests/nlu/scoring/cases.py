"""A small set with what a made-up bot understood of it: small enough to count by hand."""

from __future__ import annotations

from flows.message import Danger, Entity, Understanding
from nlu.scoring.outcome import Outcome
from nlu.scoring.sentence import Named, Sentence


def outcome(
    intent: str, *ranking: tuple[str, float], got: str = "", danger: Danger | None = None, phrases: Danger | None = None,
    model: Danger | None = None, trap: bool = False, voice: str = "", text: str = "", named: tuple[Named, ...] = (),
    found: tuple[Entity, ...] = (), language: str = "id",
) -> Outcome:  # fmt: skip
    """`got`: the intent after the threshold, the first of the ranking if not said."""
    name = got or (ranking[0][0] if ranking else "unclear")
    return Outcome(
        sentence=Sentence(text=text or f"{intent} {ranking}", intent=intent, entities=named, trap=trap, voice=voice, language=language),
        understood=Understanding(
            intent=name, confidence=ranking[0][1] if ranking else 0.0, danger=danger or phrases or model, entities=found, ranking=ranking
        ),
        phrases=phrases, model=model,
    )  # fmt: skip


SMALL = (
    # dangers: 4, of which 3 are noticed, 2 of the right kind; by phrases 2, by the model 2
    outcome("emergency", ("emergency", 0.9), phrases=Danger.EMERGENCY, model=Danger.EMERGENCY),
    outcome("emergency", ("disclosure", 0.6), phrases=Danger.SELF_HARM),
    outcome("self_harm", ("self_harm", 0.8), model=Danger.SELF_HARM),
    outcome("self_harm", ("faq/sad_or_anxious", 0.7)),
    # traps: 2, one alarms
    outcome("out_of_scope", ("out_of_scope", 0.9), trap=True),
    outcome("out_of_scope", ("out_of_scope", 0.5), got="unclear", trap=True, phrases=Danger.EMERGENCY),
    # out of scope without a trap: answered as a topic, which nobody asked about
    outcome("out_of_scope", ("faq/cost", 0.6)),
    # questions: 5; first right 3; offered 4; wrong with confidence 1
    outcome("faq/cost", ("faq/cost", 0.95)),
    outcome("faq/cost", ("faq/cost", 0.4), ("faq/visum", 0.3), got="unclear"),
    outcome("faq/visum", ("faq/cost", 0.5), ("faq/shelter", 0.2), ("faq/visum", 0.1)),
    outcome("faq/visum", ("faq/visum", 0.85)),
    outcome("faq/shelter", ("faq/cost", 0.3), ("faq/visum", 0.2), ("help", 0.1), ("faq/shelter", 0.05), got="unclear"),
)
