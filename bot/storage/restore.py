"""From a backup to the database, in one transaction, without bringing back what has ended since.

Three things say what has ended: the keys that are alive in today's key store, its tombstones, and the moment of the backup. What waited to
be said then may have been said since, so nothing of it is sent: nobody gets a message that they do not expect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.block import AGAIN
from bot.storage.backup_file import BackupError, BackupReader, Part
from bot.storage.database import revisions, upgrade, writing
from bot.storage.dump import KEPT, LEFT_OUT, Progress, kind_of
from bot.storage.staff import REMOVED, former_name

RESTORED = "restored"  # the code of what waited to be sent when the backup was made
_AT_A_TIME = 500
_PLAIN = frozenset(
    {
        "flow_revision", "alembic_version", "guess", "replica", "claim", "switch", "content_resource", "sign_in_try", "contact_code",
        "block",
    }
)  # fmt: skip
"""Tables that a service fills by itself, or that hold nothing of anybody: a database with rows in these alone counts as empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What today's key store knows: the ids of living keys, and tombstones by table."""

    alive: frozenset[bytes]
    tombstones: Mapping[str, frozenset[bytes]]


@dataclass(kw_only=True, slots=True)
class Report:
    """What came of it. `rows` that were brought back, by table; `ended`, those that were not; `closed`, what waited ("in", "out");
    `dying`, the keys whose death the database that was replaced had decided on, and which have to die now."""

    created_at: int = 0
    revision: str = ""
    mode: str = "normal"
    rows: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    dying: list[bytes] = field(default_factory=list)


TakenUp = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the row of a conversation that goes on; gives it as it goes on."""


class _Sieve:
    """Decides row by row what comes back, and how. Rows must come in the order of `KEPT`."""

    def __init__(self, known: Known, report: Report, mode: str, taken_up: TakenUp) -> None:
        self._alive, self._report, self._mode, self._taken_up = known.alive, report, mode, taken_up
        self._dead: dict[str, frozenset[bytes]] = dict(known.tombstones)
        self._ended: set[bytes] = set()  # conversations
        self._cases = self._dead.get("cases", frozenset())
        self._mailboxes: set[bytes] = set()  # of cases that were purged
        self._files: set[bytes] = set(self._dead.get("evidence", frozenset()))

    def __call__(self, table: str, row: dict[str, Any]) -> dict[str, Any] | None:
        """The row as it is to be stored, or None."""
        keep = self._keeps(table, row)
        if keep is None:
            return None
        self._report.rows[table] += 1
        return keep

    def _gone(self, what: str) -> None:
        self._report.ended[what] += 1

    def _keeps(self, table: str, row: dict[str, Any]) -> dict[str, Any] | None:
        match table:
            case "conversation":
                if row["key_id"] not in self._alive:
                    self._ended.add(row["id"])
                    self._gone(table)
                    return None
                return self._taken_up(row) | ({"holder": None} if "holder" in row else {})
            case "address":
                return None if row["conversation_id"] in self._ended else row
            case "timer":  # a block is not brought back, so there is nothing to say of it
                return None if row["conversation_id"] in self._ended or row["name"] == AGAIN else row
            case "inbox" | "outbox":
                return self._boxed(table, row)
            case "key_death":
                return row if row["key_id"] in self._alive else None
            case "cases":
                if row["id"] in self._cases:
                    self._gone(table)
                    return None
            case "case_key":
                return None if row["case_id"] in self._cases else row
            case "case_record":
                dropped = row["case_id"] in self._cases or row["id"] in self._dead.get(table, frozenset())
                return None if dropped else row
            case "hand_off":
                if row["case_id"] in self._cases:
                    return None
                row |= {"conversation_id": None} if row.get("conversation_id") in self._ended else {}
                # Whether it is safe to write to somebody was said before: it is asked again. That it is not safe holds.
                return row | ({"safe": None} if row.get("safe") == "yes" else {})
            case "receipt":
                if row["case_id"] in self._cases:
                    self._mailboxes.add(row["mailbox_id"])
                    return None
            case "mailbox_message":
                if row["mailbox_id"] in self._mailboxes:
                    return None
                if row["id"] in self._dead.get("mailbox_message", frozenset()):
                    self._gone(table)
                    return None
            case "evidence":
                dropped = row["id"] in self._files or row["case_id"] in self._cases
                if dropped or (row["case_id"] is None and row["conversation_id"] in self._ended):
                    self._files.add(row["id"])
                    self._gone(table)
                    return None
            case "evidence_chunk":
                return None if row["evidence_id"] in self._files else row
            case "staff":
                return self._colleague(row)
            case "unit_member":
                return None if row["staff_id"] in self._dead.get("staff", frozenset()) else row
            case "switch":
                # Who switched the service to numbers and people only does not want a backup to switch it back.
                return row | ({"value": self._mode} if row["name"] == "mode" and self._mode else {})
        return row

    def _colleague(self, row: dict[str, Any]) -> dict[str, Any]:
        """Who was removed since stays so: what is left says who signed what. The name is free, for whoever has it by now."""
        if row["id"] not in self._dead.get("staff", frozenset()) or row["state"] == "removed":
            return row
        self._gone("staff")
        return {**row, **REMOVED, "name": former_name(row["name"], row["id"])}

    def _boxed(self, table: str, row: dict[str, Any]) -> dict[str, Any] | None:
        if row["conversation_id"] in self._ended:
            return None
        if table == "inbox" and row["state"] == "new":
            self._report.closed["in"] += 1
            return row | {"state": "failed", "body": None}
        if table == "outbox" and row["state"] in ("pending", "sending"):
            if row["kind"] == "delete" and row["key_id"] in self._alive:
                return row  # taking a message away twice harms nobody, and not taking it away may
            self._report.closed["out"] += 1
            return row | {"state": "dead", "code": RESTORED, "body": None}
        return row


async def restore(
    engine: AsyncEngine, file: BackupReader, known: Known, *, replace: bool, progress: Progress, taken_up: TakenUp = lambda row: row
) -> Report:  # fmt: skip
    """Puts the backup in the place of what is in the database; all of it or nothing. `taken_up` says how conversations go on.

    `file` was checked by being entered. Without `replace` a database that holds anything is left alone. Raises BackupError.
    """
    async with writing(engine) as connection:
        return await connection.run_sync(_restore, file, known, replace, progress, taken_up)


def _restore(
    connection: Connection, file: BackupReader, known: Known, replace: bool, progress: Progress, taken_up: TakenUp
) -> Report:  # fmt: skip
    if file.header.revision not in revisions("main"):
        raise BackupError("This backup was made by a newer version of this program: nothing was changed. Install that version first.")
    dying, mode = _empty(connection, replace)
    report = Report(created_at=file.header.created_at, revision=file.header.revision, dying=dying)
    sieve = _Sieve(known, report, mode, taken_up)
    # The schema is made as it was when the backup was made, filled, and only then brought to today's: a migration that changes what rows
    # say does so to restored ones as well.
    upgrade(connection, store="main", revision=file.header.revision)
    there = MetaData()
    there.reflect(connection)
    order = list(KEPT)
    done, last = 0, -1
    for part in file.parts():
        table = there.tables.get(part.table)
        if table is None or part.table in LEFT_OUT or part.table not in KEPT or not _fits(part, table):
            raise BackupError("This backup does not fit the revision that it names: nothing was changed. Use another one.")
        last, before = order.index(part.table), last
        if last <= before:
            raise BackupError("This backup is not in its order: nothing was changed. Use another one.")
        connection.execute(table.delete())  # what a migration has put there
        names = [name for name, _ in part.columns]
        while portion := list(islice(part.rows, _AT_A_TIME)):
            rows = [row for values in portion if (row := sieve(part.table, dict(zip(names, values, strict=True)))) is not None]
            if rows:
                connection.execute(insert(table), rows)
            done += len(portion)
            progress(done, file.rows)
    upgrade(connection, store="main")
    now = MetaData()
    now.reflect(connection)
    switch = now.tables["switch"]
    if mode:
        connection.execute(switch.delete().where(switch.c.name == "mode"))
        connection.execute(insert(switch), {"name": "mode", "value": mode})
    report.mode = connection.execute(select(switch.c.value).where(switch.c.name == "mode")).scalar_one_or_none() or "normal"
    return report


def _fits(part: Part, table: Table) -> bool:
    return [(column.name, kind_of(column.type)) for column in table.columns] == list(part.columns)


def _empty(connection: Connection, replace: bool) -> tuple[list[bytes], str]:
    """Takes everything away that is there; gives the keys whose death was decided, and a mode that must outlive it."""
    there = MetaData()
    there.reflect(connection)
    dead: list[bytes] = []
    mode = ""
    for name, table in there.tables.items():
        if name not in _PLAIN and not replace and connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupError(
                "The database is not empty: nothing was changed. To put the backup in its place, make a backup of what is there, then "
                "restore with --replace."
            )
        if name == "key_death":
            dead = list(connection.execute(select(table.c.key_id)).scalars())
        if name == "switch":
            found = connection.execute(select(table.c.value).where(table.c.name == "mode")).scalar_one_or_none()
            mode = found if found not in (None, "normal") else ""
    unknown = sorted(there.tables.keys() - KEPT.keys() - LEFT_OUT.keys())
    if unknown:
        raise BackupError(f"The database holds tables that are none of this program's ({', '.join(unknown)}): nothing was changed.")
    there.drop_all(connection)
    if inspect(connection).get_table_names():
        raise BackupError("The database could not be emptied: nothing was changed.")
    return dead, mode
