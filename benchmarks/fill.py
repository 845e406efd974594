"""Fills stores as years would: sealed cases with all that belongs to them, and conversations that are open.

What is sealed is random bytes, as long as what the service itself had just written to these stores: nobody can tell them apart, and neither
can the database. Rows come in the order of chance, as theirs do.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.pepper import read_pepper
from bot.settings import load_settings
from bot.storage import tables
from bot.storage.database import open_engine
from bot.vault.row_tag import RowTags

_AT_A_TIME = 20_000  # cases in a transaction
_REPLIES = 5  # a case in so many has a message in its mailbox
_HANDED = 10  # a case in so many was handed to people
_WAITING = 1000  # of these, one in so many still waits: the others were dealt with long ago
_MESSAGES = 10  # finished inbox and outbox rows of an open conversation
_DAY = 86_400

Batch = tuple[Table, tuple[str, ...], list[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lengths:
    """How long the sealed columns are, in bytes."""

    case_key: int
    record: int
    session: int
    address: int
    ref: int


async def _lengths(engine: AsyncEngine) -> Lengths:
    """Of what the service wrote to these stores."""
    case_key, record = tables.case_key.c.sealed, tables.case_record.c.sealed
    conversation, outbox = tables.conversation.c, tables.outbox.c
    async with engine.connect() as connection:

        async def longest(column: Any) -> int:
            return int((await connection.execute(select(func.max(func.length(column))))).scalar_one())

        return Lengths(
            case_key=await longest(case_key), record=await longest(record), session=await longest(conversation.session),
            address=await longest(conversation.address), ref=await longest(outbox.ref),
        )  # fmt: skip


def _cases(count: int, sizes: Lengths, chance: random.Random, now: int, tags: RowTags) -> Iterator[list[Batch]]:
    bytes_ = chance.randbytes
    recipients = (bytes_(16), bytes_(16))
    for start in range(0, count, _AT_A_TIME):
        ids = [bytes_(16) for _ in range(min(_AT_A_TIME, count - start))]
        boxes = [bytes_(16) for _ in ids]
        ages = [now - _DAY - chance.randrange(3 * 365 * _DAY) for _ in ids]  # three years
        numbered = list(zip(ids, boxes, ages, strict=True))
        yield [
            (
                tables.cases, ("id", "kind", "urgency", "status", "language", "public_key", "created_at"),
                [(case, "report", "child", "new", "id", bytes_(32), at) for case, _, at in numbered],
            ),
            (
                tables.case_key, ("case_id", "recipient_id", "sealed", "tag"),
                [(case, recipient, bytes_(sizes.case_key), tags.reader(case, recipient)) for case in ids for recipient in recipients],
            ),
            (
                tables.case_record, ("id", "case_id", "version", "kind", "created_at", "sealed"),
                [(bytes_(16), case, 1, "report", at, bytes_(sizes.record)) for case, _, at in numbered],
            ),
            (
                tables.receipt, ("locator", "case_id", "mailbox_id", "mailbox_public"),
                [(bytes_(32), case, box, bytes_(32)) for case, box, _ in numbered],
            ),
            (
                tables.mailbox_message, ("id", "mailbox_id", "created_at", "sealed"),
                [(bytes_(16), box, at, bytes_(sizes.record)) for _, box, at in numbered[::_REPLIES]],
            ),
            (
                tables.hand_off,
                (
                    "id", "case_id", "reason", "state", "created_at", "urgency", "language", "version", "waiting_since", "false_alarm",
                    "ended_at",
                ),
                [
                    (bytes_(16), case, "asked", "closed" if over else "waiting", at, "other", "id", 0, at, 0, at if over else None)
                    for case, over, at in ((case, n % _WAITING != 0, at) for n, (case, _, at) in enumerate(numbered[::_HANDED]))
                ],
            ),
        ]  # fmt: skip


def _sessions(count: int, sizes: Lengths, chance: random.Random, now: int) -> tuple[list[Batch], list[Batch]]:
    """The rows of the database, and of the key store. Everybody wrote in the last twenty hours: nobody's silence is over yet."""
    bytes_ = chance.randbytes
    people = [(bytes_(16), bytes_(16), now - chance.randrange(20 * 3600)) for _ in range(count)]
    done = [(person, key, at) for person, key, at in people for _ in range(_MESSAGES)]
    row_id = (1 << 40) + chance.randrange(1 << 40)  # far below the ids of today's rows
    main: list[Batch] = [
        (
            tables.conversation,
            ("id", "channel", "key_id", "version", "session", "address", "refs", "created_at", "last_at", "holder"),
            [
                (person, "telegram", key, _MESSAGES, bytes_(sizes.session), bytes_(sizes.address), None, at - 3600, at, None)
                for person, key, at in people
            ],
        ),
        (tables.address, ("row_key", "conversation_id", "day"), [(bytes_(32), person, at // _DAY) for person, _, at in people]),
        (tables.timer, ("conversation_id", "name", "due_at"), [(person, "silence", at + _DAY) for person, _, at in people]),
        (
            tables.inbox, ("id", "conversation_id", "key_id", "dedupe", "received_at", "state", "attempts", "body", "ref"),
            [
                (row_id + n, person, key, bytes_(32), at, "done", 0, None, bytes_(sizes.ref)) for n, (person, key, at) in enumerate(done)
            ],
        ),
        (
            tables.outbox,
            ("id", "conversation_id", "key_id", "channel", "kind", "state", "attempts", "due_at", "created_at", "body", "ref"),
            [
                (row_id + n, person, key, "telegram", "send", "sent", 0, at, at, None, bytes_(sizes.ref))
                for n, (person, key, at) in enumerate(done)
            ],
        ),
    ]  # fmt: skip
    keys = [(tables.conversation_key, ("id", "key", "created_at"), [(key, bytes_(32), at - 3600) for _, key, at in people])]
    return main, keys


async def _store(engine: AsyncEngine, batches: list[Batch]) -> None:
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            raw: Any = (await connection.get_raw_connection()).driver_connection
            for table, columns, rows in batches:
                await raw.copy_records_to_table(table.name, records=rows, columns=columns)
            return
        for table, columns, rows in batches:
            names, places = ", ".join(columns), ", ".join("?" * len(columns))
            await connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)


async def fill(given: Mapping[str, Any], *, cases: int, sessions: int) -> None:
    """Fills the stores of `given` (what `load_settings` takes), in which the service must have filed at least one report Says on standard
    error how far it is. Afterwards the database knows its tables' sizes and has nothing left to tidy up."""
    settings = load_settings(from_environment=False, given=given)
    engine = open_engine(settings.database_url.get_secret_value())
    keys = open_engine(settings.key_store.get_secret_value(), wal=False)
    chance, now, begun = random.Random(20), int(time.time()), time.monotonic()
    try:
        sizes = await _lengths(engine)
        main, of_keys = _sessions(sessions, sizes, chance, now)
        await _store(keys, of_keys)
        await _store(engine, main)
        stored = 0
        tags = RowTags(read_pepper(settings.pepper_file, receipts_exist=True))
        for batches in _cases(cases, sizes, chance, now, tags):
            await _store(engine, batches)
            stored += len(batches[0][2])
            end = "\n" if stored == cases else ""
            print(f"\rfilling: {stored} of {cases} cases, {time.monotonic() - begun:.0f} s", end=end, file=sys.stderr, flush=True)
        for each in (engine, keys):
            await _tidied(each)
    finally:
        await engine.dispose()
        await keys.dispose()


async def _tidied(engine: AsyncEngine) -> None:
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        if engine.dialect.name == "postgresql":  # what autovacuum and the checkpointer would do within the hour
            await connection.exec_driver_sql("VACUUM ANALYZE")
            await connection.exec_driver_sql("CHECKPOINT")
        else:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
