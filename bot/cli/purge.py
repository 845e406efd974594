"""purge: what has been kept as long as the city decided goes, and is remembered as gone."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections import Counter

from actions.rows import Delete
from bot.cli.alone import alone
from bot.cli.command import Command
from bot.cli.retained import days, terms
from bot.process import private_files
from bot.settings import Settings, load_settings
from bot.storage import retention
from bot.storage.database import Engine, migrate, open_engine, truncate_wal, unusable
from bot.storage.key_store import KeyStore
from bot.storage.retention import Due, Terms

_DAY = 86_400
KINDS = {"report": "reports", "unfinished": "unfinished reports", "alert": "alerts", "hand_off": "messages to a counsellor"}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only count")
    parser.add_argument("--vacuum", action="store_true", help="rewrite the database file afterwards (SQLite; the service stopped)")


async def purge(settings: Settings, *, now: int, kept: Terms, backups: int, dry_run: bool = False, vacuum: bool = False) -> list[str]:
    """Deletes what is over; gives one line for each kind. `backups`: for how many days backups are kept. Raises OperatorError."""
    settings.keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database_url.get_secret_value())
    keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False))
    try:
        await migrate(engine, store="main")
        await keys.open()
        with unusable("main"):
            over = await retention.due(engine, kept, now=now)
            forgotten = await keys.count_tombstones(before=now - backups * _DAY)
            if not dry_run:
                await _delete(engine, keys, over, now=now)
                await keys.drop_tombstones(before=now - backups * _DAY)
                await retention.settle(engine, rewrite=vacuum)
                await truncate_wal(engine)
        return _told(over, forgotten, dry_run=dry_run, postgresql=engine.dialect.name != "sqlite")
    finally:
        await keys.close()
        await engine.dispose()


async def _delete(engine: Engine, keys: KeyStore, over: Due, *, now: int) -> None:
    cases = [case for case, _ in over.cases]
    files = await retention.files_of(engine, cases)
    graves = [
        *(Delete(table="cases", key={"id": case}) for case in cases), *(Delete(table="evidence", key={"id": file}) for file in files),
        *(Delete(table="mailbox_message", key={"id": reply}) for reply in over.replies),
    ]  # fmt: skip
    await keys.entomb(graves, now=now)
    await retention.unlock_no_more(engine, cases)
    await truncate_wal(engine)
    await retention.delete_cases(engine, cases)
    await retention.delete_replies(engine, over.replies)


def _told(over: Due, forgotten: int, *, dry_run: bool, postgresql: bool) -> list[str]:
    verb = "Would delete" if dry_run else "Deleted"
    kinds = Counter(kind for _, kind in over.cases)
    lines = [f"{verb} {name}: {kinds[kind]}." for kind, name in KINDS.items()]
    lines += [f"{verb} unread replies: {len(over.replies)}.", f"{verb} tombstones older than any backup: {forgotten}."]
    if over.held:
        lines.append(f"Kept although their time is over, since they wait for a person: {over.held} (ruang-aman open lists them).")
    if postgresql and not dry_run:
        lines.append("PostgreSQL keeps deleted rows in its files and its log until they are reused: see docs/operator.md.")
    return lines


def _run(given: Namespace) -> int:
    settings = load_settings()
    private_files()
    if given.vacuum:
        with alone(settings):
            lines = asyncio.run(_purged(settings, given))
    else:
        lines = asyncio.run(_purged(settings, given))
    print("\n".join(lines))
    return 0


async def _purged(settings: Settings, given: Namespace) -> list[str]:
    return await purge(
        settings, now=int(time.time()), kept=terms(), backups=days("backup_days"), dry_run=given.dry_run, vacuum=given.vacuum
    )  # fmt: skip


PURGE = Command(arguments=_arguments, run=_run)
