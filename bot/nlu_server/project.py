"""The Rasa project of this installation: what a model is made of, and the fingerprint that tells whether one is still the right one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import yaml

from bot.content import content_folder
from flows.marked import SAFE_LOADER

_WORDS = ("nlu/normalise.py", "nlu/verbs.py", "nlu/words.py")  # the only files outside nlu/rasa that its components import


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """`root` holds config.yml, domain.yml and the package `nlu`; `data` the content. `pipeline`: another one than config.yml, made of
    Rasa's own components alone; it lies under `root`."""

    root: Path
    data: Path
    pipeline: Path | None = None

    @property
    def config(self) -> Path:
        """The pipeline."""
        return self.pipeline or self.root / "config.yml"

    @property
    def domain(self) -> Path:
        """The list of intents and entities."""
        return self.root / "domain.yml"

    @property
    def requirements(self) -> Path:
        """What Rasa's environment holds, with hashes."""
        return self.root / "nlu" / "rasa" / "requirements.txt"

    @property
    def complete(self) -> bool:
        """Whether a model can be made of it: a package that was built from the checkout does not hold the pipeline."""
        return self.config.is_file() and self.domain.is_file() and self.requirements.is_file() and any(self.examples())

    def examples(self) -> Iterator[Path]:
        """The files of examples."""
        for kind in ("faq", "intents"):
            yield from self.data.glob(f"*/{kind}/*.yml")

    def fingerprint(self) -> str:
        """32 hexadecimal digits that change with everything that a model is made of. Of the questions' files only the examples count:
        another wording of an answer needs no other model."""
        files: list[tuple[str, bytes]] = [
            (f"data/{path.relative_to(self.data).as_posix()}", _examples_of(path.read_bytes())) for path in self.examples()
        ]  # fmt: skip
        parts = [*(self.root / name for name in _WORDS), *(self.root / "nlu" / "rasa").rglob("*")]
        own = [self.config, self.domain, *(parts if self.pipeline is None else [self.requirements])]
        files += [
            (path.relative_to(self.root).as_posix(), path.read_bytes())
            for path in own
            if path.is_file() and "__pycache__" not in path.parts
        ]  # fmt: skip
        found = hashlib.sha256()
        for name, content in sorted(files):
            found.update(f"{name}\0{len(content)}\0".encode() + content)
        return found.hexdigest()[:32]

    def intents(self) -> frozenset[str]:
        """All intents that there are examples of, topics by their full names. A file that is no YAML has none."""
        found: set[str] = set()
        for path in self.examples():
            with suppress(OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
                body = yaml.load(path.read_bytes(), Loader=SAFE_LOADER)  # noqa: S506  one of the safe ones
                found.update(str(entry["intent"]) for entry in body["nlu"] if "intent" in entry)
        return frozenset(found)

    def components(self) -> int:
        """How many components the pipeline has, for the progress line; 0 if that cannot be told."""
        try:
            body = yaml.load(self.config.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506  one of the safe ones
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return 0
        pipeline = body.get("pipeline") if isinstance(body, dict) else None
        return len(pipeline) if isinstance(pipeline, list) else 0


def _examples_of(content: bytes) -> bytes:
    """What of a file of examples Rasa learns from. A file that is no YAML counts as a whole."""
    try:
        body = yaml.load(content, Loader=SAFE_LOADER)  # noqa: S506
        examples = [{name: entry[name] for name in entry if name != "metadata"} for entry in body["nlu"]]
        return orjson.dumps(examples, option=orjson.OPT_SORT_KEYS)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
        return content


def project() -> Project:
    """The project of this installation."""
    return Project(root=Path(__file__).resolve().parents[2], data=content_folder())
