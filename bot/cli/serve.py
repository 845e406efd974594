"""serve: the service."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command, port
from bot.logs import set_up_logging
from bot.process import harden_process
from bot.settings import load_settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=port, default=8080, help="the port (default 8080)")


def _run(given: Namespace) -> int:
    from bot.cli.single import only_one
    from bot.running import Running, run_until_stopped

    settings = load_settings()
    set_up_logging(settings.log_level)
    harden_process()
    with only_one(settings):
        running = Running(settings, host=given.host, port=given.port)
        run_until_stopped(lambda: running.run(ready=lambda url: print(f"Ruang Aman: {url}/chat", file=sys.stderr, flush=True)))
    return 0


SERVE = Command(arguments=_arguments, run=_run)
