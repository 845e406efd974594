"""Whatever is heard, in whatever state, with the city's own content: a session that can go on, and bubbles that can be sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.registry import ACTIONS
from bot.shelf import Shelf, load_shelf
from flows.desk import NOTHING
from flows.engine import Turn, new_session, resume
from flows.message import Danger, Entity, Inbound, InboundKind, Media, Understanding
from flows.session import Frame, Session
from flows.signals import Done, RunAction, Said, Send, TimedOut

SHELF: Shelf = load_shelf()
LIBRARY = SHELF.library
CATALOGUE = LIBRARY.catalogue
WORLD = {
    "can_file": True, "staffed": False, "learn": False, "channel": "telegram", "today": "2026-11-23", "service_name": "Teman",
    "can_wipe": "both", "takes_media": True, "files_most": 2, "identity": ["legal", "service"],
    "identity_first": "A", "identity_second": "B", "mode": "normal", "desk": NOTHING, "blocked": "",
}  # fmt: skip
WORLDS = st.sampled_from(
    [{**WORLD, "channel": channel, "can_file": open_, "staffed": staffed, "mode": mode, "blocked": blocked}
     for channel in ("telegram", "web", "whatsapp", "terminal") for open_ in (True, False) for staffed in (True, False)
     for blocked in ("", "2026-11-24T08:00+08:00") for mode in ("normal", "people-only")]
)  # fmt: skip
# What the desk may say, whatever was told before: news come doubled and in any order.
DESKS = st.builds(
    lambda state, who, ahead, minutes, safe, urgency: {
        **NOTHING, "state": state, "with": who, "ahead": ahead, "wait_minutes": minutes, "safe": safe, "urgency": urgency, "id": "ab" * 16,
    },
    st.sampled_from(("none", "waiting", "active", "active", "callback", "ended", "?")), st.sampled_from(("Rina", "Budi", "")),
    st.sampled_from((None, 0, 3)), st.sampled_from((None, 0, 12)), st.sampled_from(("", "asked", "yes", "no")),
    st.sampled_from(("", "child", "danger")),
)  # fmt: skip

_labels = sorted({label for label in CATALOGUE.labels})
_commands = sorted({word for table in CATALOGUE.commands.values() for words in table.values() for word in words})
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(_labels), st.sampled_from(_commands),
    st.sampled_from(["1", "2", "3", "1, 2 dan 3", "gatau", "kemarin", "sepinggan", "gunung sari", "{result.code}", "\u200b", "a" * 4001]),
)  # fmt: skip
# A tap is a position in what was offered last, or something forged.
TAPS = st.one_of(st.integers(0, 12), st.text(max_size=30), st.sampled_from(["", ".", "1.", ".x", "-1.x", "1.1.1", "0.yes", "２.yes"]))
# Whatever a model may say: known and unknown intents, any ranking, entities that mark nothing.
INTENTS = st.sampled_from(
    [f"faq/{topic}" for topic in LIBRARY.topics] + ["faq/none", "faq/", "", "unclear", "emergency", "self_harm", "nonsense"]
    + sorted(LIBRARY.flows["understood"].entries)
)  # fmt: skip
ENTITIES = st.builds(
    Entity, entity=st.sampled_from(("kelurahan", "victim_age", "relation", "violence_type", "place", "?")),
    value=st.one_of(st.sampled_from(("Sepinggan", "Damai", "9", "13", "99", "parent", "")), st.text(max_size=6)),
    start=st.integers(0, 90), end=st.integers(0, 90),
)  # fmt: skip
MEANT = st.builds(
    Understanding, intent=INTENTS, confidence=st.floats(0, 1), danger=st.sampled_from((None, None, None, *Danger)),
    entities=st.lists(ENTITIES, max_size=3).map(tuple),
    ranking=st.lists(st.tuples(INTENTS, st.floats(0, 1)), max_size=4).map(tuple),
)  # fmt: skip
HEARD = st.one_of(
    st.tuples(st.just("say"), TEXTS, st.sampled_from((None, None, None, *Danger))),
    st.tuples(st.just("mean"), TEXTS, MEANT),
    st.tuples(st.just("tap"), TAPS, st.none()),
    st.tuples(st.just("kind"), st.sampled_from(InboundKind), st.none()),
    st.tuples(st.just("timer"), st.sampled_from(("silence", "wipe", "desk", "desk", "", "unheard")), st.none()),
)


def _signal(heard: tuple[str, Any, Any], offered: list[str]) -> Said | TimedOut:
    act, value, danger = heard
    if act == "timer":
        return TimedOut(timer=value)
    if act == "say":
        return Said(message=Inbound(kind=InboundKind.TEXT, text=value), understanding=Understanding(text=value, danger=danger))
    if act == "mean":
        return Said(message=Inbound(kind=InboundKind.TEXT, text=value), understanding=replace(danger, text=value))
    if act == "tap":
        tap = value if isinstance(value, str) else offered[value % len(offered)] if offered else "1.x"
        return Said(message=Inbound(kind=InboundKind.TAP, tap=tap))
    media = Media(kind="image", handle="h") if value is InboundKind.MEDIA else None
    return Said(message=Inbound(kind=value, media=media, location=(-1.2, 116.8) if value is InboundKind.LOCATION else None))


def _checked(turn: Turn) -> Session:
    written = json.dumps(turn.session.to_json())
    session = Session.from_json(json.loads(written))
    assert json.dumps(session.to_json()) == written
    assert not turn.fault
    for effect in turn.effects[:-1]:
        assert isinstance(effect, Send), "an action is the last effect"
    for effect in turn.effects:
        if isinstance(effect, Send):
            assert effect.message.text.strip() or effect.message.choices
            assert all(choice.label for choice in effect.message.choices)
    return session


def _play(heard: list[tuple[str, Any, Any]], codes: st.DataObject, world: dict[str, Any]) -> None:
    session = new_session("id")
    offered: list[str] = []
    for one in heard:
        world = {**world, "desk": codes.draw(DESKS)}
        turn = resume(session, _signal(one, offered), library=LIBRARY, world=world)
        for _ in range(8):
            session = _checked(turn)
            offered = [c.id for e in turn.effects if isinstance(e, Send) for c in e.message.choices] or offered
            wanted = turn.effects[-1] if turn.effects and isinstance(turn.effects[-1], RunAction) else None
            if wanted is None:
                break
            code = codes.draw(st.sampled_from(ACTIONS[wanted.name].codes))
            gone = wanted.name in ("leave", "erase")
            done = Done(action=wanted.name, code=code, reset=gone, forget=code == "ok", result={"code": "a b c d e", "count": 0})
            turn = resume(session, done, library=LIBRARY, world=world)
        else:
            raise AssertionError("one message led to more actions than a turn may have")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HEARD, max_size=25), st.data(), WORLDS)
def test_a_chat_of_anything(heard: list[tuple[str, Any, Any]], codes: st.DataObject, world: dict[str, Any]) -> None:
    _play(heard, codes, world)


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HEARD, max_size=40), st.data(), WORLDS)
def test_many_chats_of_anything(heard: list[tuple[str, Any, Any]], codes: st.DataObject, world: dict[str, Any]) -> None:
    _play(heard, codes, world)


STEPS = [(name, step) for name, flow in LIBRARY.flows.items() for step in flow.steps]


@pytest.mark.parametrize(("flow", "step"), STEPS, ids=[f"{flow}.{step}" for flow, step in STEPS])
def test_a_session_may_stand_at_any_step(flow: str, step: str) -> None:
    """A session of an older program can stand where today's never waits; anything said there must be borne."""
    frame = Frame(flow=flow, revision=LIBRARY.flows[flow].revision, step=step)
    session = new_session("id").evolve(frames=(frame,), prompt=1, asked=((1, flow, step),))
    for said in (
        *(Inbound(kind=InboundKind.TEXT, text=text) for text in ("halo", "kembali", "lewati")), Inbound(kind=InboundKind.TAP, tap="1.yes"),
        Inbound(kind=InboundKind.LEAVE), Inbound(kind=InboundKind.UNSUPPORTED),
    ):  # fmt: skip
        turn = resume(session, Said(message=said), library=LIBRARY, world=WORLD)
        _checked(turn)
        assert turn.effects, "nobody is left without an answer"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(STEPS), MEANT, TEXTS, st.sampled_from(("start", "report", "counsellor")))
def test_whatever_is_meant_nothing_that_was_told_is_lost(where: tuple[str, str], meant: Understanding, text: str, under: str) -> None:
    """At any step of any conversation, above another one: answers stay, danger is heard, and it can be gone on with."""
    flow, step = where
    below = Frame(flow=under, revision=LIBRARY.flows[under].revision, step=LIBRARY.flows[under].start, answers={"kept_below": "words"})
    frame = Frame(flow=flow, revision=LIBRARY.flows[flow].revision, step=step, answers={"kept": "words"})
    session = new_session("id").evolve(frames=(frame,) if under == flow else (below, frame), prompt=1, asked=((1, flow, step),))
    said = Said(message=Inbound(kind=InboundKind.TEXT, text=text), understanding=replace(meant, text=text, danger=None))
    alone = resume(session, replace(said, understanding=Understanding(text=text)), library=LIBRARY, world=WORLD)
    turn = resume(session, said, library=LIBRARY, world=WORLD)
    _checked(turn)
    if not alone.puzzled:
        assert turn == alone, "a meaning changes nothing about what the definitions take"
        return
    assert turn.effects
    reports = [one for one in (below, frame) if one.flow in ("report", "counsellor") and (one is frame or under != flow)]
    for one in reports:
        kept = next((after for after in turn.session.frames if after.flow == one.flow), None)
        assert kept is not None and one.answers.items() <= kept.answers.items(), "an open report or message is never thrown away"
    if meant.intent in tuple(Danger):
        assert isinstance(turn.effects[-1], RunAction) and turn.effects[-1].name == "raise_alert"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ANSWERS = st.dictionaries(st.text(max_size=10), PLAIN, max_size=4)
SESSIONS = st.builds(
    Session,
    language=st.sampled_from(("id", "en")), facts=ANSWERS, prompt=st.integers(0, 10**6), last_tap=st.text(max_size=12),
    misses=st.integers(0, 9), waiting=st.text(max_size=12),
    asked=st.lists(st.tuples(st.integers(0, 99), st.text(max_size=9), st.text(max_size=9)), max_size=4).map(tuple),
    frames=st.lists(
        st.builds(
            Frame, flow=st.text(max_size=9), revision=st.text(max_size=12), step=st.text(max_size=9), answers=ANSWERS, kept=ANSWERS,
            scratch=ANSWERS, order=st.lists(st.text(max_size=9), max_size=4).map(tuple),
        ), max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(SESSIONS)
def test_a_session_survives_its_storage(session: Session) -> None:
    assert Session.from_json(json.loads(json.dumps(session.to_json()))) == session


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_a_session_of_another_program_is_refused(version: object) -> None:
    body = {**new_session("id").to_json(), "v": version}
    with pytest.raises(ValueError):
        Session.from_json(body)
