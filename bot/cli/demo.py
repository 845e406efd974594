"""demo: a throw-away service with two units and three colleagues, to try everything out without any account."""

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
from bot.nlu_server.state import NluState
from bot.process import harden_process
from bot.settings import load_settings
from bot.vault.key_file import read_key_file
from bot.vault.keys import KeyPair

PORT = 8080


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=None, help=f"the port (default {PORT}, or a free one if that is taken)")
    parser.add_argument(
        "--nlu", metavar="off|URL", help="what understands free text: nothing, or the Rasa server at an address (default: one of its own)"
    )
    parser.add_argument(
        "--play", action="store_true", help="three made-up reporters talk while you watch: they want a person, and answer you"
    )


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
    from bot.demo.colleagues import SCHOOL, SERVICE, STAFF, seed
    from bot.demo.side_by_side import Framed, side_by_side
    from bot.demo.understanding_page import beside
    from bot.desk.people import People
    from bot.running import Running, run_until_stopped

    if given.port is not None and given.port and not _free(given.port):
        raise CommandError(f"Port {given.port} is taken by another program: choose one with --port.")
    chosen = given.port if given.port is not None else PORT if _free(PORT) else 0
    set_up_logging("WARNING")
    harden_process()
    folder = Path(tempfile.mkdtemp(prefix="ruang-aman-demo-"))
    try:
        settings = load_settings(from_environment=False, given={"data_dir": folder, "nlu_url": given.nlu or ""})
        key = folder / "demo-unit.key"
        units = {
            SERVICE: asyncio.run(add_unit(settings, name=SERVICE, kind="service", lead=True, key_file=key, passphrase=None)),
            SCHOOL: asyncio.run(add_unit(settings, name=SCHOOL, kind="school", lead=False)),
        }
        running = Running(
            settings, host="127.0.0.1", port=chosen, nlu_changed=_nlu_is, second_factor=False,
            beside=lambda model, shelf: [*beside(model, shelf), *side_by_side(STAFF)],
        )  # fmt: skip
        running.app.add_middleware(Framed)

        async def colleagues(folk: People) -> None:
            unit = read_key_file(key)
            await seed(folk, running.service.writer, units, KeyPair(private=unit.private, public=unit.public))

        async def serve() -> None:
            reporters: list[asyncio.Task[None]] = []

            def ready(url: str) -> None:
                _welcome(url, folder, key)
                if given.play:
                    reporters.append(asyncio.create_task(play(running.service)))

            await running.run(ready=ready, begun=colleagues)

        run_until_stopped(serve)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


_NLU = {
    NluState.OFF: "off (keywords, buttons and danger phrases work; /readyz and the log say more)",
    NluState.INSTALLING: "Rasa is being installed, once; meanwhile keywords, buttons and danger phrases work",
    NluState.TRAINING: "Rasa is being trained, some minutes; again only when its sentences change",
    NluState.STARTING: "Rasa is starting, less than a minute",
    NluState.READY: "ready",
}


def _nlu_is(state: NluState) -> None:
    print(f"  Free text          {_NLU[state]}", flush=True)


def _welcome(url: str, folder: Path, key: Path) -> None:
    program = Path(sys.executable).with_name("ruang-aman")
    print(
        f"""
Ruang Aman is running, for you alone, until you press Ctrl+C; then everything is deleted.

  Both side by side  {url}/demo
  Web chat           {url}/chat
  Console            {url}/console
  How it understands {url}/demo/understanding
  How it is doing    {url}/readyz

{_credentials()}
A report that you send is sealed to the "Unit Demo". To read it without the console, in another terminal:

  export RUANG_AMAN_DATA_DIR={folder}
  {program} open
  {program} open CASE --key {key}
""",
        flush=True,
    )


def _credentials() -> str:
    from bot.demo.colleagues import PASSPHRASE, STAFF

    rows = "".join(f"  {who.name:<18} {who.shown}, {who.role} of the {who.unit}\n" for who in STAFF)
    return (
        f"To sign in at the console, with the passphrase: {PASSPHRASE}\n"
        f"Then choose Siap (ready): conversations are offered only to whoever did.\n\n{rows}"
    )


DEMO = Command(arguments=_arguments, run=_run)
