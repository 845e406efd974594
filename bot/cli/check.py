"""`ruang-aman check`: everything that is wrong with the content and the settings, at once, and what the city still has to decide."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

from actions.registry import ACTIONS
from bot.cli.command import Command, CommandError
from bot.console.words import WordsError, load_words
from bot.content import content_folder, danger_files, languages, shown
from bot.nlu_server.project import project
from bot.settings import TIMEZONE, Settings, SettingsError, load_settings
from bot.shelf import read_sources
from flows.catalogue import Catalogue
from flows.inspect import Content, Inspection, Source, inspect
from flows.inspection.domain import check_domain
from flows.marked import Marked, Problem, read
from flows.places import Regions, RegionsError
from nlu.danger import problems as danger_problems
from nlu.thresholds import read_thresholds

SHORT_SECRET = 32  # letters that nobody guesses by trying, as the README asks for


def check_content(today: date) -> Inspection:
    """Looks at all content of this installation. Raises CommandError if a file cannot be read at all."""
    try:
        sources = read_sources()
    except (OSError, UnicodeDecodeError) as error:
        name = getattr(error, "filename", None) or "a file under data/"
        raise CommandError(f"{name} cannot be read: it must be a UTF-8 text file that this user may open.") from None
    return inspect(sources, actions={name: frozenset(entry.codes) for name, entry in ACTIONS.items()}, today=today)


def check_danger() -> Iterator[Problem]:
    """Mistakes in the danger phrases; a language without any would hear nobody in danger."""
    files = danger_files()
    for language in languages():
        if content_folder() / language / "danger.yml" not in files:
            message = "is missing: nobody in danger would be heard in this language"
            yield Problem(file=f"data/{language}/danger.yml", line=0, message=message)
    for problem in danger_problems(files) if files else ():
        named = next((shown(path) for path in files if str(path) == problem.file), problem.file)
        yield Problem(file=named, line=problem.line, message=problem.message)


def check_regions() -> Iterator[Problem]:
    """Mistakes in the list of kecamatan and kelurahan."""
    name = "data/regions.yml"
    try:
        body, problems = read((content_folder() / "regions.yml").read_text(encoding="utf-8"), file=name)
    except (OSError, UnicodeDecodeError):
        yield Problem(file=name, line=0, message="is missing or cannot be read")
        return
    yield from problems
    try:
        Regions.from_mapping(body)
    except RegionsError as error:
        yield Problem(file=name, line=0, message=str(error))


def _kelurahan() -> Iterator[str]:
    """The official names; none where the list cannot be read, which `check_regions` says."""
    with suppress(OSError, UnicodeDecodeError, RegionsError):
        body, _ = read((content_folder() / "regions.yml").read_text(encoding="utf-8"), file="")
        for kecamatan in Regions.from_mapping(body).kecamatan:
            yield from kecamatan.kelurahan


def check_rasa(content: Content) -> Iterator[Problem]:
    """Mistakes between domain.yml and the examples. An installation without a Rasa project has no domain.yml, and needs none."""
    path = project().domain
    if not path.is_file() or content.unreadable:
        return
    try:
        domain = Source(file=path.name, text=path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        yield Problem(file=path.name, line=0, message="cannot be read")
        return
    yield from check_domain(content, domain, kelurahan=frozenset(_kelurahan()))


def check_console() -> Iterator[Problem]:
    """Whether the console's words can be read."""
    try:
        load_words(Catalogue(strings={}, commands={}))
    except WordsError as error:
        yield Problem(file=error.name, line=0, message="cannot be read")


def check_understanding() -> Iterator[Problem]:
    """Mistakes in the thresholds of the understanding."""
    name = "data/understanding.yml"
    try:
        text = (content_folder() / "understanding.yml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        yield Problem(file=name, line=0, message="is missing or cannot be read")
        return
    yield from read_thresholds(text, file=name)[1]


def _settings() -> tuple[Settings | None, tuple[str, ...]]:
    try:
        return load_settings(), ()
    except SettingsError as error:
        return None, error.lines


def _advice(settings: Settings | None) -> Iterator[str]:
    secret = settings.telegram_secret if settings is not None else None
    if secret is not None and len(secret.get_secret_value()) < SHORT_SECRET:
        yield f"RUANG_AMAN_TELEGRAM_SECRET is short: it should have {SHORT_SECRET} letters or more (openssl rand -hex 32)"


def _to_confirm(recording: Marked) -> int:
    """How many rows of the national recording's mapping nobody has confirmed."""
    steps = recording.get("steps")
    rows = [row for table in steps.values() if isinstance(table, Marked) for row in table.values()] if isinstance(steps, Marked) else []
    return sum(isinstance(row, Marked) and row.get("confirm") is True for row in rows)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _summary(found: Inspection) -> Iterator[str]:
    content = found.content
    steps = sum(len(flow.steps) for flow in content.flows.values())
    yield (
        f"{_count(len(content.flows), 'conversation')} with {_count(steps, 'step')}, {_count(len(content.languages), 'language')}, "
        f"{_count(len(content.numbers), 'telephone number')} in the directory."
    )
    if found.undecided:
        yield f"The city still has to decide (data/city.yml, confirm: true): {', '.join(found.undecided)}."
    rows = _to_confirm(content.recording)
    if rows:
        yield f"To be confirmed with the recording officer (data/recording.yml, confirm: true): {_count(rows, 'answer')}."


def run(arguments: Namespace) -> int:
    """Prints what was found; 0 if nothing has to be mended."""
    settings, lines = _settings()
    today: date = arguments.today or datetime.now(settings.zone if settings is not None else ZoneInfo(TIMEZONE)).date()
    found = check_content(today)
    ours = {*check_danger(), *check_regions(), *check_understanding(), *check_console(), *check_rasa(found.content)}
    problems = sorted({*found.problems, *ours})
    for problem in problems:
        print(problem)
    for line in lines:
        print(f"settings: {line}")
    for warning in found.warnings:
        print(f"warning: {warning}")
    for advice in _advice(settings):
        print(f"warning: settings: {advice}")
    for sentence in _summary(found):
        print(sentence)
    wrong = len(problems) + len(lines)
    if wrong:
        print(f"{_count(wrong, 'problem')}: to be mended before the service starts.", file=sys.stderr)
        return 1
    print("No problems.")
    return 0


def _day(text: str) -> date:
    return date.fromisoformat(text)


def arguments(parser: ArgumentParser) -> None:
    """What `check` takes."""
    parser.add_argument("--today", type=_day, metavar="YYYY-MM-DD", help="the day from which the age of telephone numbers is counted")


CHECK = Command(arguments=arguments, run=run)
