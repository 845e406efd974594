"""Topics: the questions that are answered here. One file a topic and language, `data/<language>/faq/<topic>.yml`, in Rasa's own form.

The Indonesian file holds what is so in every language (who asks, where it belongs, what is near, where the facts come from); each
language's file holds its examples, its title and question, and its answers for a child and for an adult.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.marked import Marked

FAQ = "faq"  # the retrieval intent, and the place of the answers in the catalogue
PREFIX = f"{FAQ}/"
UTTER = "utter_"
VERSIONS = ("child", "adult")

# The shelves of "learn", in the order in which they are shown.
GROUPS = (
    "violence", "body", "online", "friends", "home", "feelings", "parenting", "report", "help_after", "law", "service",
)  # fmt: skip
# Who may look for a topic. An adult of the report (`facts.reader`) may be any of the last two.
LEARNERS = ("child", "parent", "professional")
# How sure facts are: those of a topic, and an entry of the directory of services.
CONFIDENCE = ("high", "medium", "low", "unverified")


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One topic. `readers` are those of LEARNERS who are shown it, `next` the topics that are near, `checked` the day (ISO) on which its
    facts were last held against `source`, `confidence` how sure they are: an unverified topic's answer refers to people and states nothing.
    """

    id: str
    group: str
    readers: tuple[str, ...]
    next: tuple[str, ...]
    source: str
    checked: str
    confidence: str


def topic_of(intent: str) -> str | None:
    """The topic that an intent asks about ("faq/bullying" → "bullying"); None for every other intent."""
    return intent.removeprefix(PREFIX) if intent.startswith(PREFIX) else None


def intents_of(data: Marked) -> list[Marked]:
    """The intents of a file of Rasa's `nlu`, as they stand there."""
    listed = data.get("nlu")
    return [entry for entry in listed if isinstance(entry, Marked)] if isinstance(listed, list) else []


def metadata_of(data: Marked) -> Marked:
    """What a topic's file tells about it; empty where it tells nothing."""
    found = next((entry["metadata"] for entry in intents_of(data) if isinstance(entry.get("metadata"), Marked)), None)
    return found if found is not None else Marked()


def answers_of(data: Marked) -> dict[str, tuple[str, int]]:
    """A file's answers: version → (text, line). A version that stands twice counts once."""
    found: dict[str, tuple[str, int]] = {}
    responses = data.get("responses")
    for listed in responses.values() if isinstance(responses, Marked) else ():
        for entry in listed if isinstance(listed, list) else ():
            metadata = entry.get("metadata") if isinstance(entry, Marked) else None
            if isinstance(metadata, Marked) and isinstance(entry.get("text"), str):
                found.setdefault(str(metadata.get("reader")), (entry["text"].strip(), entry.line_of("text")))
    return found


def read_topic(name: str, data: Marked) -> Topic:
    """A topic from its first language's file, as far as it is there: what is missing is for `check` to say."""
    metadata = metadata_of(data)

    def names(key: str) -> tuple[str, ...]:
        listed = metadata.get(key)
        return tuple(str(item) for item in listed) if isinstance(listed, list) else ()

    return Topic(
        id=name, group=str(metadata.get("group", "")), readers=names("readers"), next=names("next"), source=str(metadata.get("source", "")),
        checked=str(metadata.get("checked", "")), confidence=str(metadata.get("confidence", "")),
    )  # fmt: skip


def topic_words(topic: Topic, data: Marked) -> dict[str, Any]:
    """A topic's words in one language, as the catalogue keeps the words of a step.

    Who asks without our knowing who it is gets the child's version, unless the topic is not for children: its words are as true for an
    adult, and the other way round they would be hard to read, or cold.
    """
    metadata, answers = metadata_of(data), {version: text for version, (text, _) in answers_of(data).items()}
    unknown = "child" if "child" in topic.readers or not topic.readers else "adult"
    if unknown in answers:
        answers["unknown"] = answers[unknown]
    return {"title": str(metadata.get("title", topic.id)), "question": str(metadata.get("question", "")), "text": answers}


def read_topics(files: Mapping[str, Mapping[str, Marked]], first: str) -> tuple[dict[str, Topic], dict[str, dict[str, Any]]]:
    """All topics by name, and their words by language. `files`: language → topic → its file, as it was read; `first`: the language whose
    files hold what is so in all."""
    topics = {name: read_topic(name, data) for name, data in files.get(first, {}).items()}
    words = {
        language: {name: topic_words(topics[name], data) for name, data in named.items() if name in topics}
        for language, named in files.items()
    }
    return topics, words
