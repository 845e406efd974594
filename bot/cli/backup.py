"""backup, restore: a copy of the database in one file, and back, without bringing back what has ended since."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.alone import alone
from bot.cli.command import Command, CommandError
from bot.cli.progress import Progress
from bot.cli.retained import days
from bot.process import private_files
from bot.reopening import reopened
from bot.settings import Settings, load_settings
from bot.storage.backup_file import BackupReader, Header
from bot.storage.database import open_engine, truncate_wal, unusable
from bot.storage.dump import write_backup
from bot.storage.key_store import KeyStore
from bot.storage.restore import Known, Report, restore
from bot.storage.untagged import Untagged

_DAY = 86_400


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _backup_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write it; must not be there yet")


async def back_up(settings: Settings, file: Path, *, now: int) -> int:
    """Writes a backup; gives the number of rows. Raises OperatorError."""
    engine = open_engine(settings.database_url.get_secret_value())
    progress = Progress("Writing rows")
    try:
        with unusable("main"):
            return await write_backup(engine, file, now=now, progress=progress)
    finally:
        progress.end()
        await engine.dispose()


def _backup(given: Namespace) -> int:
    settings = load_settings()
    private_files()
    if settings.database_file is not None and not settings.database_file.exists():
        raise CommandError("There is no database to back up: check RUANG_AMAN_DATA_DIR.")
    rows = asyncio.run(back_up(settings, given.file, now=int(time.time())))
    print(f"{given.file}: {rows:,} rows, {given.file.stat().st_size:,} bytes, complete and on the disk.")
    print(f"It holds no keys. Keep it {days('backup_days')} days at most, never together with the key store or the pepper.")
    return 0


def _restore_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what 'backup' wrote")
    parser.add_argument("--replace", action="store_true", help="put it in the place of a database that is not empty")
    parser.add_argument("--old", action="store_true", help="although it is older than backups are kept")


async def put_back(
    settings: Settings, path: Path, *, now: int, replace: bool = False, old: bool = False
) -> tuple[Report, Header, bool]:  # fmt: skip
    """Restores a backup; gives what came of it, and whether the key store is younger than the backup. Raises OperatorError."""
    with BackupReader(path) as file:
        kept = days("backup_days")
        if file.header.created_at < now - kept * _DAY and not old:
            raise CommandError(
                f"This backup is of {_day(file.header.created_at)}, and what was erased is remembered for {kept} days: nothing was "
                "changed. Use a newer one, or --old if what was erased before then may come back."
            )
        for folder in (settings.data_dir, settings.keys_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False))
        engine = open_engine(settings.database_url.get_secret_value())
        progress = Progress("Reading rows")
        try:
            await keys.open()
            born = await keys.born_at()
            alive = await keys.everything()
            known = Known(alive=frozenset(alive), tombstones=await keys.tombstones())
            with unusable("main"):
                report = await restore(
                    engine, file, known, replace=replace, progress=progress, taken_up=lambda row: reopened(row, alive)
                )  # fmt: skip
                await keys.destroy(report.dying)
                # The next start follows what the backup says, as far as pins vouch for it. Who reads what is believed only of a backup from
                # before that was written down so that nobody else can.
                await keys.pins.set_adopted(False, bound=await Untagged(engine).any_reader_tagged())
                await truncate_wal(engine)
            with unusable("keys"):
                await keys.scrub_all()
        finally:
            progress.end()
            await keys.close()
            await engine.dispose()
    return report, file.header, born is not None and born > file.header.created_at


def _restore(given: Namespace) -> int:
    settings = load_settings()
    private_files()
    with alone(settings):
        report, header, young = asyncio.run(put_back(settings, given.file, now=int(time.time()), replace=given.replace, old=given.old))
    for line in _told(report, header, young=young, pepper=settings.pepper_file.exists()):
        print(line)
    return 0


def _told(report: Report, header: Header, *, young: bool, pepper: bool) -> list[str]:
    rows, ended, closed = report.rows, report.ended, report.closed
    lines = [
        f"Restored the backup of {_day(header.created_at)}: cases {rows['cases']}, records {rows['case_record']}, codes {rows['receipt']}, "
        f"unread replies {rows['mailbox_message']}, files {rows['evidence']}, units {rows['unit']}.",
        f"Open conversations that go on: {rows['conversation']}. Ended since, and not brought back: {ended['conversation']}.",
        f"Erased since, and not brought back: cases {ended['cases']}, replies {ended['mailbox_message']}, files {ended['evidence']}.",
    ]
    if ended["staff"]:
        lines.append(
            f"Colleagues who were removed since, and stay away: {ended['staff']}. The units' keys are those of the backup, which they had: "
            "have a lead of each change the unit's key in the console."
        )
    if closed["out"] or closed["in"]:
        lines.append(
            f"Not sent and not answered, since that may have happened after the backup: messages to people {closed['out']}, "
            f"messages of people {closed['in']}. Nobody is written to; who writes again is told so, and goes on where the backup stands."
        )
    if report.mode != "normal":
        lines.append(f"The mode is {report.mode} ('ruang-aman mode normal' ends it).")
    if young:
        lines.append(
            "THE KEY STORE IS YOUNGER THAN THE BACKUP. Conversations that were open have ended. Return addresses from before cannot be "
            "opened any more: answer those people through their codes. What was read or purged since is back: run 'ruang-aman purge'. "
            "Nothing vouches for the units' keys but this backup: have each lead compare the unit's six words in the console."
        )
    if rows["receipt"] and not pepper:
        lines.append("THE PEPPER IS MISSING. The service does not start without it: put the offline copy back (RUANG_AMAN_PEPPER_FILE).")
    return lines


BACKUP = Command(arguments=_backup_arguments, run=_backup)
RESTORE = Command(arguments=_restore_arguments, run=_restore)
