"""demo: a throw-away service with one unit, to try everything out without any account."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from bot.cli.command import Command, CommandError, port
from bot.cli.unit import add_unit
from bot.logs import set_up_logging
from bot.process import harden_process
from bot.settings import load_settings

PORT = 8080


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=None, help=f"the port (default {PORT}, or a free one if that is taken)")
    parser.add_argument("--play", action="store_true", help="three made-up reporters talk with the bot while you watch")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _run(given: Namespace) -> int:
    from bot.cli.play import play
    from bot.running import Running, run_until_stopped

    if given.port is not None and given.port and not _free(given.port):
        raise CommandError(f"Port {given.port} is taken by another program: choose one with --port.")
    chosen = given.port if given.port is not None else PORT if _free(PORT) else 0
    set_up_logging("WARNING")
    harden_process()
    folder = Path(tempfile.mkdtemp(prefix="ruang-aman-demo-"))
    try:
        settings = load_settings(from_environment=False, given={"data_dir": folder})
        key = folder / "demo-unit.key"
        asyncio.run(add_unit(settings, name="Unit Demo", kind="service", lead=True, key_file=key, passphrase=None))
        running = Running(settings, host="127.0.0.1", port=chosen)

        async def serve() -> None:
            reporters: list[asyncio.Task[None]] = []

            def ready(url: str) -> None:
                _welcome(url, folder, key)
                if given.play:
                    reporters.append(asyncio.create_task(play(running.service)))

            await running.run(ready=ready)

        run_until_stopped(serve)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _welcome(url: str, folder: Path, key: Path) -> None:
    program = Path(sys.executable).with_name("ruang-aman")
    print(
        f"""
Ruang Aman is running, for you alone, until you press Ctrl+C; then everything is deleted.

  Web chat           {url}/chat
  How it is doing    {url}/readyz

A report that you send is sealed to the "Unit Demo". To read it as that unit does, in another terminal:

  export RUANG_AMAN_DATA_DIR={folder}
  {program} open
  {program} open CASE --key {key}
""",
        flush=True,
    )


DEMO = Command(arguments=_arguments, run=_run)
