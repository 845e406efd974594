"""keys rotate: new keys for all that the server can read."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace

from bot.cli.alone import alone
from bot.cli.command import Command
from bot.cli.progress import Progress
from bot.cli.store import opened
from bot.rollover import Rollover
from bot.rotation import Rotated, Rotation
from bot.row_ids import RowIds
from bot.settings import Settings, load_settings
from bot.storage.database import open_engine, truncate_wal, unusable
from bot.storage.key_store import KeyStore


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["rotate"], help="change them; the service must be stopped")


async def rotate(settings: Settings, *, now: int) -> Rotated:
    """Changes the delivery key, the day's key, and the key of every open conversation. Raises OperatorError."""
    settings.keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = KeyStore(open_engine(settings.key_store.get_secret_value(), wal=False))
    progress = Progress("Open conversations")
    async with opened(settings) as store:
        try:
            await keys.open()
            rollover = Rollover(writer=store.writer, reads=store.reads, keys=keys, ids=RowIds())
            rotation = Rotation(writer=store.writer, reads=store.reads, keys=keys, rollover=rollover, staff=store.staff)
            with unusable("keys"):
                done = await rotation.run(now=now, progress=progress)
                await keys.scrub_all()
            with unusable("main"):
                await truncate_wal(store.engine)
            return done
        finally:
            progress.end()
            await keys.close()


def _run(given: Namespace) -> int:
    settings = load_settings()
    with alone(settings):
        done = asyncio.run(rotate(settings, now=int(time.time())))
    print(f"Open conversations with a new key: {done.conversations}. What was copied of them before opens no more.")
    print("New return addresses go to a new delivery key; the old one is kept, since only it opens those that were left before.")
    print("What is kept of staff (second factors, where alerts go) is under a new key. Everybody's browsers count as new to the door once.")
    print("Numbers are written down under a new key from now on; the keys of the last days die at their time.")
    print("Not changed: the pepper (every code would die with it), the units' keys and the recovery key (the server does not have them).")
    return 0


KEYS = Command(arguments=_arguments, run=_run)
