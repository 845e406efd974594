"""Which topics are shown to whom, and the answer that somebody gets."""

from __future__ import annotations

from flows.scene import Scene
from flows.topics import FAQ, GROUPS, LEARNERS, Topic

LEARNER = "learner"  # the fact that says for whom topics are looked for
NEAREST = "nearest"  # the fact that holds the topics which may have been meant
MOST_NEXT = 3
_OF_READER = {"child": "child", "adult": "parent", "professional": "professional"}


def learner(scene: Scene) -> str | None:
    """For whom topics are shown: as it was said where one learns, else as the report knows it; None if nobody said."""
    said = scene.facts.get(LEARNER)
    return said if said in LEARNERS else _OF_READER.get(scene.reader or "")


def _for(scene: Scene, topic: Topic) -> bool:
    who = learner(scene)
    return who is None or who in topic.readers


def groups(scene: Scene) -> tuple[tuple[str, str], ...]:
    """The shelves that hold something for whoever looks, as (id, label)."""
    filled = {topic.group for topic in scene.library.topics.values() if _for(scene, topic)}
    return tuple((group, scene.common(f"groups.{group}")) for group in GROUPS if group in filled)


def title(scene: Scene, topic: str) -> str:
    """What a topic is called, short enough for a button."""
    return scene.library.catalogue.part(scene.language, FAQ, topic, "title") or topic


def question(scene: Scene, topic: str) -> str:
    """The question that a topic answers."""
    return scene.library.catalogue.part(scene.language, FAQ, topic, "question") or ""


def titled(scene: Scene, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Topics as (id, title); those that there are."""
    return tuple((name, title(scene, name)) for name in names if name in scene.library.topics)


def of_group(scene: Scene, group: object) -> tuple[tuple[str, str], ...]:
    """The topics of a shelf, by their titles."""
    found = tuple(topic.id for topic in scene.library.topics.values() if topic.group == group and _for(scene, topic))
    return tuple(sorted(titled(scene, found), key=lambda row: row[1].casefold()))


def after(scene: Scene, name: object) -> tuple[tuple[str, str], ...]:
    """The topics that are near one."""
    topic = scene.library.topics.get(str(name))
    near = [scene.library.topics[other] for other in topic.next if other in scene.library.topics] if topic is not None else []
    return titled(scene, tuple(other.id for other in near if _for(scene, other))[:MOST_NEXT])


def nearest(scene: Scene) -> tuple[tuple[str, str], ...]:
    """The topics that may have been meant by what was not understood."""
    listed = scene.facts.get(NEAREST)
    return titled(scene, tuple(str(name) for name in listed)) if isinstance(listed, list) else ()


def answer(scene: Scene, topic: str, *, learning: bool) -> str:
    """The answer for whoever asks: a child's version or an adult's. Where somebody learns it is written for whom they look for."""
    reader = scene.reader
    if (learning or reader is None) and scene.facts.get(LEARNER) in LEARNERS:
        reader = "child" if scene.facts[LEARNER] == "child" else "adult"
    return scene.library.catalogue.part(scene.language, FAQ, topic, "text", reader) or ""
