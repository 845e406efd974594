"""bench: how fast the service is. The measuring itself stands in benchmarks/."""

from __future__ import annotations

import importlib
import json
from argparse import ArgumentParser, Namespace

from bot.cli.command import Command, CommandError

WHAT = {
    "flow": "benchmarks.flow", "mixed": "benchmarks.mixed", "ack": "benchmarks.ack", "cold": "benchmarks.cold",
    "growth": "benchmarks.growth",
}  # fmt: skip
# beside --seconds and --runs
_TAKES = {"flow": {"database", "replicas"}, "growth": {"database", "cases", "sessions"}, "mixed": {"nlu_url"}}
_OPTIONS = ("database", "replicas", "cases", "sessions", "nlu_url")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=sorted(WHAT),
        help="flow: messages a second; ack: acknowledgement; cold: start to first reply; growth: a message's cost with many cases stored; "
        "mixed: one message in ten through Rasa",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, default=10.0, help="how long one run takes (default 10)")
    parser.add_argument("--runs", type=int, default=3, help="how many runs; the median is printed (default 3)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="flow, growth: what it is measured on (default sqlite)")
    parser.add_argument("--replicas", type=int, metavar="N", help="flow on postgresql: processes that share the database (default 1)")
    parser.add_argument("--cases", type=int, metavar="N", help="growth: stored cases (default 1000000)")
    parser.add_argument("--nlu-url", metavar="URL", help="mixed: the Rasa server that is asked (default: one of its own is started)")
    parser.add_argument("--sessions", type=int, metavar="N", help="growth: open conversations (default 10000)")


def _run(given: Namespace) -> int:
    asked = {name: value for name in _OPTIONS if (value := getattr(given, name)) is not None}
    for name in asked:
        if name not in _TAKES.get(given.what, ()):
            raise CommandError(f"'bench {given.what}' takes no --{name.replace('_', '-')}: leave it away.", status=2)
    if given.runs < 1 or given.seconds <= 0 or any(isinstance(value, int) and value < 1 for value in asked.values()):
        raise CommandError("Numbers are from 1 upwards, seconds more than 0: choose others.", status=2)
    try:
        module = importlib.import_module(WHAT[given.what])
    except ModuleNotFoundError:
        raise CommandError("The benchmarks are not part of this installation: run this in a checkout of the project.") from None
    print(json.dumps(module.measure(seconds=given.seconds, runs=given.runs, **asked), indent=2))
    return 0


BENCH = Command(arguments=_arguments, run=_run)
"""Measurements of the running service: no number in the documentation that these did not print."""
