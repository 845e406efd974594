"""bench: how fast the service is. The measuring itself stands in benchmarks/."""

from __future__ import annotations

import importlib
import json
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command, CommandError

WHAT = {"flow": "benchmarks.flow", "ack": "benchmarks.ack", "cold": "benchmarks.cold"}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=sorted(WHAT), help="flow: messages a second; ack: acknowledgement; cold: start to first reply")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long one run takes (default 10)")
    parser.add_argument("--runs", type=int, default=3, help="how many runs; the median is printed (default 3)")


def _run(given: Namespace) -> int:
    try:
        module = importlib.import_module(WHAT[given.what])
    except ModuleNotFoundError:
        raise CommandError("The benchmarks are not part of this installation: run this in a checkout of the project.") from None
    print(json.dumps(module.measure(seconds=given.seconds, runs=given.runs), indent=2))
    return 0


BENCH = Command(arguments=_arguments, run=_run)
