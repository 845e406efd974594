"""`ruang-aman flow NAME --svg FILE`: a conversation as a picture."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from bot.cli.command import Command, CommandError
from bot.shelf import load_shelf
from flows.drawing import draw


def run(arguments: Namespace) -> int:
    """Writes the picture."""
    library = load_shelf().library
    flow = library.flows.get(arguments.name)
    if flow is None:
        known = ", ".join(sorted(library.flows))
        raise CommandError(f"There is no conversation '{arguments.name}': choose one of {known}.", status=2)
    languages = library.catalogue.languages
    if arguments.language not in languages:
        raise CommandError(f"There are no words in '{arguments.language}': choose one of {', '.join(languages)}.", status=2)
    picture = draw(flow, library.catalogue, arguments.language)
    if arguments.svg == "-":
        sys.stdout.write(picture)
        return 0
    try:
        Path(arguments.svg).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{arguments.svg} cannot be written ({error.strerror}): choose another file.") from None
    print(f"{arguments.svg}: the conversation '{flow.name}' on a sheet of A3. Any browser shows and prints it.")
    return 0


def arguments(parser: ArgumentParser) -> None:
    """What `flow` takes."""
    parser.add_argument("name", metavar="NAME", help="the conversation: the name of its file in flows/definitions")
    parser.add_argument("--svg", metavar="FILE", required=True, help="where to write the picture; - for standard output")
    parser.add_argument("--language", metavar="ID", default="id", help="the language of the texts (default: id)")


FLOW = Command(arguments=arguments, run=run)
