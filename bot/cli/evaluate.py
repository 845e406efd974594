"""evaluate: how well sentences that the model has never seen are understood, against what has to be reached."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml

from bot.cli.asked_model import WITHOUT, asked_model, say
from bot.cli.baseline import baseline
from bot.cli.command import Command, CommandError
from bot.cli.progress import Progress
from bot.cli.score_text import behind, compared, shown, table
from bot.logs import set_up_logging
from bot.model import Model
from bot.nlu_server.project import project
from bot.process import harden_process
from bot.settings import Settings, load_settings
from flows.marked import SAFE_LOADER
from nlu.explained import By, Explained
from nlu.mask import mask
from nlu.scoring.comparison import OldScoreError, compare
from nlu.scoring.outcome import Outcome
from nlu.scoring.score import Score, score
from nlu.scoring.sentence import Sentence, SetError, read_set

_TRIES, _PAUSE = 3, 2.0  # seconds
_LARGEST = 64 * 1024 * 1024  # bytes of a set or a stored score
_LISTED = 10  # mistakes of a set


def read_sentences(path: Path) -> tuple[Sentence, ...]:
    """The sentences of a file. Raises CommandError, which repeats none of its words."""
    try:
        if path.stat().st_size > _LARGEST:
            raise CommandError(f"{path.name} is larger than 64 MB: that is no set of sentences.")
        return read_set(yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER))  # noqa: S506
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{path.name} cannot be read: name a UTF-8 text file with a YAML list of sentences.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else "?"
        raise CommandError(f"{path.name}, line {line}, is no YAML: put sentences in double quotes.") from None
    except yaml.YAMLError:
        raise CommandError(f"{path.name} is no YAML: put sentences in double quotes.") from None
    except SetError as error:
        told = error.problems[:_LISTED]
        more = f"; and {len(error.problems) - len(told)} more" if len(error.problems) > len(told) else ""
        raise CommandError(f"{path.name} cannot be used: {'; '.join(told)}{more}.") from None


def read_score(path: Path) -> Any:
    """What `--json` wrote once. Raises CommandError."""
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        raise CommandError(f"{path.name} cannot be read: name a file that ruang-aman evaluate --json has written.") from None


def outcome_of(sentence: Sentence, explained: Explained) -> Outcome:
    """What became of a sentence."""
    return Outcome(sentence=sentence, understood=explained.together, phrases=explained.phrases, model=explained.model_danger)


async def _outcomes(model: Model, sentences: Sequence[Sentence], *, wanted: By) -> list[Outcome]:
    """Each sentence as the bot understands it. Raises CommandError if the model stops answering: half a measurement is none."""
    progress = Progress("Understanding")
    found = []
    try:
        for number, sentence in enumerate(sentences, start=1):
            for _ in range(_TRIES):
                explained = await model.explain(sentence.text, sentence.language)
                if wanted is not By.MODEL or explained.by is By.MODEL or not mask(sentence.text).text:
                    break
                await asyncio.sleep(_PAUSE)
            else:
                raise CommandError(f"Rasa did not answer about item {number}: look at its memory and at this machine, then start again.")
            found.append(outcome_of(sentence, explained))
            progress(number, len(sentences))
    finally:
        progress.end()
    return found


async def _scores(settings: Settings, sentences: Sequence[Sentence], *, beside: bool) -> tuple[Score, Score | None]:
    wanted = By.SEARCH if settings.nlu_off else By.MODEL
    async with asked_model(settings) as model:
        ours = score(await _outcomes(model, sentences, wanted=wanted))
    return ours, score(await baseline(settings, sentences)) if beside else None


def _model(settings: Settings) -> str | None:
    """Which model was asked: the fingerprint of what it was trained on, "remote" for somebody else's, None for none."""
    return None if settings.nlu_off else "remote" if settings.nlu_url else project().fingerprint()


def _head(sentences: Sequence[Sentence], path: Path, settings: Settings) -> Iterator[str]:
    traps, dangers = sum(s.trap for s in sentences), sum(s.dangerous for s in sentences)
    yield f"{len(sentences)} sentences of {path.name}; {dangers} tell of danger, {traps} only sound like it."
    unknown = sorted({s.intent for s in sentences} - project().intents())
    if unknown:
        yield f"The bot has no such intents, so these sentences cannot be right: {', '.join(unknown)}."
    if settings.nlu_off:
        yield f"Measured {WITHOUT}."
    yield ""


def _most(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ArgumentTypeError("a number from 1 upwards")
    return int(text)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a YAML list of {text, intent, entities, trap?}")
    parser.add_argument("--baseline", action="store_true", help="Rasa's default pipeline beside it (half an hour, once)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to a file, without the sentences")
    parser.add_argument("--against", type=Path, metavar="OLD.json", help="what changed since a file that --json wrote earlier")
    parser.add_argument("--show", type=_most, metavar="N", default=0, help="show the sentences of the N worst confusions of each kind")


def _run(given: Namespace) -> int:
    sentences = read_sentences(given.file)
    old = read_score(given.against) if given.against is not None else None
    settings = load_settings()
    set_up_logging("ERROR")
    harden_process()
    ours, theirs = asyncio.run(_scores(settings, sentences, beside=given.baseline))
    if given.json is not None:
        body = {"file": given.file.name, "model": _model(settings), **ours.to_json()}
        _write(given.json, {**body, "baseline": theirs.to_json()} if theirs is not None else body)
    for line in (*_head(sentences, given.file, settings), *table(ours, theirs), *behind(ours, theirs), *shown(ours, given.show)):
        print(line)
    if old is not None:
        print(f"\nsince {given.against.name}")
        try:
            for line in compared(compare(old, ours), given.show):
                print(line)
        except OldScoreError as error:
            raise CommandError(f"{given.against.name} cannot be compared with: {error}.") from None
    return 0


def _write(path: Path, body: object) -> None:
    try:
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError:
        raise CommandError(f"{path.name} cannot be written: name a file in a folder that this user may write.") from None
    say(f"Written to {path.name}.")


EVALUATE = Command(arguments=_arguments, run=_run)
