"""The PostgreSQL server of the key store: how what was deleted there is really gone, and which of its settings stand in the way.

PostgreSQL overwrites nothing. A deleted key stays in its table's file (also after VACUUM, which only gives the room free) and in the
write-ahead log, whose pieces of 16 MB a quiet key store fills in weeks. So the tables are written anew, a new piece of the log is begun,
and a checkpoint has the server remove the old ones, if it is set to keep and to reuse none. Measures: docs/decisions/postgres.md.
"""

from __future__ import annotations

import logging

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger(__name__)

TABLES = ("conversation_key", "day_key", "server_key")  # whose rows die

# What a server that forgets is set to; docs/operator.md says why of each. The last one: keys are parameters of statements.
FORGETFUL = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "archive_mode": "off",
    "wal_recycle": "off",
    "wal_keep_size": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_RIGHTS = {
    "pg_switch_wal": "has_function_privilege('pg_switch_wal()', 'execute')",
    "pg_checkpoint": "EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'usage'))",
}


async def keeps(engine: AsyncEngine) -> list[str]:
    """Names of settings and rights because of which this server would keep keys that died. Nothing for SQLite."""
    if engine.dialect.name != "postgresql":
        return []
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)"), {"names": list(FORGETFUL)})
        wrong = [row.name for row in found if row.setting != FORGETFUL[row.name]]
        rights = (await connection.execute(text("SELECT " + ", ".join(f"{test} AS {name}" for name, test in _RIGHTS.items())))).one()
    return sorted(wrong) + [name for name in _RIGHTS if not getattr(rights, name)]


async def write_anew(engine: AsyncEngine) -> None:
    """Has the server write the keys' tables without what died, and let go of its log. SQLite overwrites by itself (`secure_delete`).

    What a transaction that is open elsewhere could still see is kept: do it twice. Where the rights are missing, the log goes with the
    server's own checkpoints; that is said at the start.
    """
    if engine.dialect.name != "postgresql":
        return
    async with engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in TABLES:
            await connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        for statement in ("SELECT pg_switch_wal()", "CHECKPOINT"):
            try:
                await connection.exec_driver_sql(statement)
            except DBAPIError as error:
                log.warning("key_server_refused", extra={"error": type(error.orig).__name__})
