"""Files in a conversation: which are taken where, the warning before a picture, and what is said about each.

The engine never holds a file: it asks for the action `take_file` with the platform's handle, and keeps what that gives back among the
facts. A handle stays in the session only while somebody is asked whether the picture may really be sent; a file that is not taken is not
even fetched, and `drop_file` has the platform delete it.
"""

from __future__ import annotations

from typing import Any

from flows.definition import Step
from flows.matching import match_choice
from flows.message import Media
from flows.move import ASK, Act, Move
from flows.scene import Scene
from flows.signals import Done, RunAction, Said

FACT = "files"  # what was taken, oldest first
WARNED = "pictures"  # the fact that somebody was warned, and wants to send pictures all the same
HEARD = "heard_file"  # the fact: which file is the latest answer in a talk about danger, for the note that follows
PENDING, CAPTION, SEND, LEAVE = "file", "caption", "file_send", "file_leave"
TAKE, DROP, REMOVE = "take_file", "drop_file", "remove_files"
ACTIONS = frozenset({TAKE, DROP, REMOVE})
PICTURES = frozenset({"image", "video"})
SHORT = 40  # characters
MOST = 5  # files of one report, where the world does not say


def taken(scene: Scene) -> list[dict[str, Any]]:
    """What was taken so far."""
    found = scene.facts.get(FACT)
    return list(found) if isinstance(found, list) else []


def full(step: Step, scene: Scene) -> bool:
    """Whether no more files are taken. In a talk about danger nobody is told after five voices that it is enough; there is an end to it
    all the same, since a session is written at every turn."""
    most = int(scene.world.get("files_most", MOST))
    return len(taken(scene)) >= (most * 4 if step.settings.get("danger") == "quiet" else most)


def refuses_pictures(step: Step, scene: Scene) -> bool:
    """Whether the rule of the question says that no picture may come in now."""
    return step.no_pictures is not None and step.no_pictures.holds(scene.known())


def offered(step: Step, scene: Scene) -> tuple[str, ...]:
    """The kinds of file that are asked for with the question. A picture that comes where a story is asked for is heard; it is not asked
    for there: the story says that it need not be sent."""
    if not scene.world.get("takes_media") or full(step, scene):
        return ()
    kinds = tuple(step.settings.get("accept", ()))
    return tuple(kind for kind in kinds if kind != "image" or (step.kind == "media" and not refuses_pictures(step, scene)))


def noun(scene: Scene, kind: str) -> str:
    """What a kind of file is called."""
    return scene.common(f"file_{kind}")


def summary(scene: Scene) -> str:
    """What was taken, in words: "pesan suara, 2 × foto"."""
    kinds = [str(file.get("kind")) for file in taken(scene)]
    return ", ".join(f"{kinds.count(kind)} × {noun(scene, kind)}" for kind in dict.fromkeys(kinds))


def hear(step: Step, scene: Scene, said: Said, tapped: str | None) -> Move | None:
    """What becomes of a file, or of the answer to the warning; None where the message is none of both."""
    if said.message.media is not None and scene.world.get("takes_media"):
        return _file(step, scene, said.message.media, said.message.text)
    if PENDING in scene.frame.scratch:
        return _decided(step, scene, said, tapped)
    return None


def _file(step: Step, scene: Scene, media: Media, caption: str) -> Move:
    scene.misses = 0
    waiting = scene.frame.scratch.pop(PENDING, None)
    told = {"kind": media.kind, "handle": media.handle, "size": media.size}
    takes = step.settings.get("accept", ())
    may = media.kind in takes and not refuses_pictures(step, scene) and not full(step, scene)
    if may and media.kind in PICTURES and not scene.facts.get(WARNED):
        before = waiting.get(CAPTION, "") if waiting is not None else ""
        scene.frame.scratch[PENDING] = {**told, CAPTION: "\n".join(words for words in (before, caption) if words)}
        return ASK if waiting is None else _drop(waiting)  # one waits at a time: the newest, with the words that came with each
    if caption and step.type in ("ask", "talk"):
        scene.frame.scratch[CAPTION] = caption
    if media.kind == "video" or (media.kind in PICTURES and takes and ("image" not in takes or refuses_pictures(step, scene))):
        scene.tell(scene.common("file_refused"))
        return _drop(told)
    if media.kind not in takes:
        scene.tell(scene.common("media_closed" if not takes else "file_wrong_type"))
        return _drop(told)
    if full(step, scene):
        scene.tell(scene.common("file_enough"))
        return _drop(told)
    return Act(name=TAKE, arguments=told)


def _drop(told: dict[str, Any]) -> Move:
    return Act(name=DROP, arguments={name: told[name] for name in ("kind", "handle", "size")})


def dropped(media: Media) -> RunAction:
    """The action that has the platform delete a file that no question was there for."""
    return RunAction(name=DROP, arguments={"kind": media.kind, "handle": media.handle, "size": media.size}, answers={})


def warning(scene: Scene) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The question that stands before a picture that waits, and its answers; None if none waits."""
    if PENDING not in scene.frame.scratch:
        return None
    return scene.common("file_warning"), tuple((name, scene.common(name)) for name in (SEND, LEAVE))


def _decided(step: Step, scene: Scene, said: Said, tapped: str | None) -> Move | None:
    told = scene.frame.scratch.pop(PENDING)
    scene.frame.scratch[CAPTION] = told.pop(CAPTION, "")
    offered = tuple((name, scene.common(name)) for name in (SEND, LEAVE))
    text = said.message.text
    # A story that is gone on with must not be mistaken for a misspelt answer: only short words are compared.
    chosen = tapped if tapped is not None else match_choice(text, offered) if len(text) <= SHORT else None
    if chosen == SEND:
        scene.misses = 0
        scene.facts[WARNED] = True
        return Act(name=TAKE, arguments=told)
    scene.tell(scene.common("file_left"))
    scene.misses = 0
    if chosen != LEAVE and text:
        # Other words are heard as what they are, as soon as the picture is gone.
        scene.frame.scratch[CAPTION] = "\n".join(words for words in (scene.frame.scratch[CAPTION], text) if words)
    return _drop(told)


def said_of(done: Done) -> str:
    """The key of the sentence about what came of an action."""
    if done.action == REMOVE:
        return "file_removed"
    return f"file_{done.code}" if done.code in ("ok", "too_big", "wrong_type", "unreachable", "enough") else "file_error"
