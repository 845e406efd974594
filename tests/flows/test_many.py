"""A question with several answers: what a typed number means."""

from __future__ import annotations

import pytest

from bot.shelf import load_shelf
from flows.engine import new_session, resume
from flows.message import Inbound, InboundKind
from flows.signals import Said

WORLD = {
    "can_file": True, "staffed": False, "learn": False, "channel": "web", "today": "2026-11-23", "service_name": "Teman",
    "can_wipe": "page", "takes_media": False, "mode": "normal",
}  # fmt: skip
TO_THE_TAPS = ("report", "yes", "self_under_13", "lewati")


@pytest.mark.parametrize(
    ("typed", "ticked"),
    [(("1",), ["physical"]), (("2",), ["psychological"]), (("1, 3",), ["physical", "sexual"]), (("satu",), ["physical"])],
)
def test_a_typed_number_chooses_that_option(typed: tuple[str, ...], ticked: list[str]) -> None:
    library = load_shelf().library
    session = new_session("id")
    for text in ("halo", *TO_THE_TAPS, *typed):
        tap = f"{session.prompt}.{text}" if text in TO_THE_TAPS[:3] else None
        message = Inbound(kind=InboundKind.TAP, tap=tap) if tap else Inbound(kind=InboundKind.TEXT, text=text)
        session = resume(session, Said(message=message), library=library, world=WORLD).session
    assert session.frames[-1].answers["types"] == ticked
