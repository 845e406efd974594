"""From the database to a backup: one moment of it, while the service goes on, the same for SQLite and PostgreSQL.

Everything in the database is sealed or locked already, so a backup needs no lock of its own. The key store and the pepper are never in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Integer, LargeBinary, MetaData, Table, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage.backup_file import BackupError, BackupWriter, Header
from bot.storage.database import revisions

# Every table of the database, in the order in which it is written and read, with why it is kept; restoring counts on that order: what a
# row belongs to comes first.
KEPT: dict[str, str] = {
    "conversation": "who was in the middle of a report goes on with it, if the key still lives",
    "address": "finds the conversation of who writes; dead with the key of its day",
    "inbox": "keeps a message that a platform delivers again from being taken twice; what it said dies with the conversation's key",
    "outbox": "what can be taken back from a phone",
    "timer": "silence, and wipes that were asked for",
    "key_death": "deaths that were decided and not yet carried out",
    "unit": "who reads",
    "recovery": "who reads when nobody else can",
    "identity_role": "who opens identities",
    "cases": "what was reported",
    "case_key": "the keys to it, each sealed to its reader",
    "case_record": "what was reported",
    "hand_off": "who waits for a person",
    "staff": "who works at the desk",
    "unit_key": "the units' keys, each sealed under the next",
    "unit_member": "the units' keys, each sealed to its members",
    "desk_setting": "hours, holidays, canned replies",
    "receipt": "what a code leads to",
    "mailbox_message": "replies that nobody has read yet",
    "evidence": "files of cases, and of conversations that go on",
    "evidence_chunk": "the same",
    "flow_revision": "definitions that open conversations go through",
    "content_resource": "prompts that stand at a platform: without their names they would be made twice",
    "switch": "the mode",
    "audit": "what was opened, by whom",
}
LEFT_OUT: dict[str, str] = {
    "guess": "tries of codes of this hour",
    "block": "who is blocked, for three days at most: nobody stays so because a backup was put back",
    "invite": "links that are good for a day",
    "staff_session": "who is signed in now",
    "presence": "who is there now",
    "contact_code": "codes that are good for ten minutes",
    "sign_in_try": "tries to sign in of this hour",
    "replica": "processes that are alive now",
    "claim": "work that one of them has now",
    "alembic_version": "stands in the header",
}
_AT_A_TIME = 500

Progress = Callable[[int, int], None]
"""Is told how many rows are done, and of how many."""


async def write_backup(engine: AsyncEngine, path: Path, *, now: int, progress: Progress) -> int:
    """Writes a backup; gives the number of rows. Raises BackupError if the database is none of this program's, or the file cannot be
    written."""
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # The driver would begin a transaction only at the first change; the first read after this one holds the moment.
            await connection.exec_driver_sql("BEGIN")
        else:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        try:
            return await connection.run_sync(_write, path, now, progress)
        finally:
            await connection.rollback()


def kind_of(column_type: object) -> str:
    """What a column holds, in a word that both databases share."""
    return "bytes" if isinstance(column_type, LargeBinary) else "int" if isinstance(column_type, Integer) else "text"


def revision_of(connection: Connection) -> str | None:
    """The revision of the database's schema; None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    return found


def _write(connection: Connection, path: Path, now: int, progress: Progress) -> int:
    revision = revision_of(connection)
    if revision is None:
        raise BackupError("There is nothing to back up: the service was never started on this database (check RUANG_AMAN_DATA_DIR).")
    if revision not in revisions("main"):
        raise BackupError("The database belongs to a newer version of this program: make the backup with that version.")
    there = MetaData()
    there.reflect(connection)
    unknown = sorted(there.tables.keys() - KEPT.keys() - LEFT_OUT.keys())
    if unknown:
        raise BackupError(f"The database holds tables that are none of this program's ({', '.join(unknown)}): give it one of its own.")
    tables = [there.tables[name] for name in KEPT if name in there.tables]
    counts = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
    total = sum(counts.values())
    with BackupWriter(path, Header(revision=revision, created_at=now)) as file:
        for table in tables:
            _write_table(connection, table, counts[table.name], file, lambda: progress(file.rows, total))
    return file.rows


def _write_table(connection: Connection, table: Table, count: int, file: BackupWriter, progress: Callable[[], None]) -> None:
    file.begin(table.name, [(column.name, kind_of(column.type)) for column in table.columns], count)
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=_AT_A_TIME).execute(query) as result:
        for portion in result.partitions():
            for row in portion:
                file.row(row)
            progress()
