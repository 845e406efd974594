"""What has been kept as long as the city decided: found, counted, deleted. The sealed keys go first, and their going is on the disk before
the rest follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables
from bot.vault.former_key import KIND as KEY

_DAY = 86_400
_AT_A_TIME = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """For how many days each kind of record is kept, from the last thing that was added to it."""

    report: int
    message: int
    alert: int
    mailbox: int

    def of(self, kind: str, status: str) -> int:
        """For a case. An alert has its own term only once people have closed it: that a reporter calls it a false alarm closes nothing,
        since somebody may have stood beside."""
        if kind == "hand_off":
            return self.message
        return self.alert if kind == "alert" and status == "closed" else self.report


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What is over: cases as (id, kind), and unread replies. `held` counts cases that are over and wait for a person: they stay."""

    cases: tuple[tuple[bytes, str], ...]
    replies: tuple[bytes, ...]
    held: int


async def due(engine: AsyncEngine, terms: Terms, *, now: int) -> Due:
    """What is over at a moment (seconds since 1970)."""
    case, record, waits = tables.cases.c, tables.case_record.c, tables.hand_off.c
    message, closed = case.kind == "hand_off", and_(case.kind == "alert", case.status == "closed")
    # Of each kind only what is old enough by itself is looked at more closely: nearly all of a million cases are not.
    old = or_(
        and_(message, case.created_at < now - terms.message * _DAY),
        and_(closed, case.created_at < now - terms.alert * _DAY),
        and_(not_(message), not_(closed), case.created_at < now - terms.report * _DAY),
    )
    last = select(func.max(record.created_at)).where(record.case_id == case.id, record.kind != KEY).scalar_subquery()
    waiting = select(waits.id).where(waits.case_id == case.id, waits.ended_at.is_(None), waits.false_alarm == 0).exists()
    async with engine.connect() as connection:
        found = await connection.execute(
            select(case.id, case.kind, case.status, case.created_at, last.label("last"), waiting.label("waiting"))
            .where(case.created_at < now - min(terms.report, terms.message, terms.alert) * _DAY, old)
        )  # fmt: skip
        over = [row for row in found if max(row.created_at, row.last or 0) < now - terms.of(row.kind, row.status) * _DAY]
        reply = tables.mailbox_message.c
        replies = await connection.execute(select(reply.id).where(reply.created_at < now - terms.mailbox * _DAY))
        return Due(
            cases=tuple((row.id, row.kind) for row in over if not row.waiting),
            replies=tuple(replies.scalars()),
            held=sum(bool(row.waiting) for row in over),
        )


async def unlock_no_more(engine: AsyncEngine, cases: Sequence[bytes]) -> None:
    """Key death: from now on nobody opens these cases, and no file of theirs (its key lies in the case)."""
    for portion in _portions(cases):
        async with engine.begin() as connection:
            await connection.execute(delete(tables.case_key).where(tables.case_key.c.case_id.in_(portion)))


async def files_of(engine: AsyncEngine, cases: Sequence[bytes]) -> list[bytes]:
    """The ids of the files of some cases."""
    found: list[bytes] = []
    async with engine.connect() as connection:
        for portion in _portions(cases):
            query = select(tables.evidence.c.id).where(tables.evidence.c.case_id.in_(portion))
            found += (await connection.execute(query)).scalars()
    return found


async def delete_cases(engine: AsyncEngine, cases: Sequence[bytes]) -> dict[str, int]:
    """Everything of these cases; gives how many rows went, by table."""
    gone: dict[str, int] = {}
    evidence, receipt, message = tables.evidence, tables.receipt, tables.mailbox_message
    for portion in _portions(cases):
        files = select(evidence.c.id).where(evidence.c.case_id.in_(portion))
        boxes = select(receipt.c.mailbox_id).where(receipt.c.case_id.in_(portion))
        async with engine.begin() as connection:
            for table, condition in (
                (tables.evidence_chunk, tables.evidence_chunk.c.evidence_id.in_(files)),
                (evidence, evidence.c.case_id.in_(portion)),
                (message, message.c.mailbox_id.in_(boxes)),
                (receipt, receipt.c.case_id.in_(portion)),
                (tables.hand_off, tables.hand_off.c.case_id.in_(portion)),
                (tables.case_record, tables.case_record.c.case_id.in_(portion)),
                (tables.cases, tables.cases.c.id.in_(portion)),
            ):
                done = await connection.execute(delete(table).where(condition))
                gone[table.name] = gone.get(table.name, 0) + done.rowcount
    return gone


async def delete_replies(engine: AsyncEngine, replies: Sequence[bytes]) -> None:
    """Replies that nobody read."""
    for portion in _portions(replies):
        async with engine.begin() as connection:
            await connection.execute(delete(tables.mailbox_message).where(tables.mailbox_message.c.id.in_(portion)))


async def settle(engine: AsyncEngine, *, rewrite: bool) -> None:
    """Lets the database forget where deleted rows lay. SQLite overwrote them already, and rewrites its file if asked; PostgreSQL is told to
    give the space up, which overwrites nothing."""
    if engine.dialect.name == "sqlite" and not rewrite:
        return
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("VACUUM")


def _portions(ids: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [ids[at : at + _AT_A_TIME] for at in range(0, len(ids), _AT_A_TIME)]
