"""What was left to be read before it was told apart from who waits is told apart from now on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from bot.storage.database import upgrade

ROWS = [  # id, state, conversation, ended, when it was over
    (b"l", "waiting", None, None, None), (b"o", "offered", None, None, None), (b"t", "waiting", b"c", None, None),
    (b"r", "active", None, None, None), (b"g", "waiting", None, "left", None), (b"c", "closed", None, None, 9),
]  # fmt: skip


def test_messages_that_nobody_has_taken_are_marked_and_nothing_else_is(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, store="main", revision="0007")
    with closing(sqlite3.connect(file)) as raw, raw:
        for number, state, conversation, ended, over in ROWS:
            raw.execute(
                "INSERT INTO hand_off (id, case_id, reason, state, created_at, urgency, language, version, waiting_since, false_alarm,"
                " conversation_id, ended, ended_at) VALUES (?, ?, 'asked', ?, 1, 'other', 'id', 0, 1, 0, ?, ?, ?)",
                (number, number, state, conversation, ended, over),
            )
    with engine.begin() as connection:
        upgrade(connection, store="main", revision="0008")
    engine.dispose()
    with closing(sqlite3.connect(file)) as raw:
        found = dict(raw.execute("SELECT id, ended FROM hand_off"))
    assert found == {b"l": "message", b"o": "message", b"t": None, b"r": None, b"g": "left", b"c": None}
