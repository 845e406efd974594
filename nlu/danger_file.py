"""Reads the danger phrases that people edit (`data/<language>/danger.yml`) and names everything that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from flows.marked import SAFE_LOADER, Problem
from flows.message import Danger
from nlu.normalise import FILLER_WORDS, form_of
from nlu.phrases import Phrase, compile_phrase

# Marks that silence a phrase when they stand near it, and the kind of danger that each silences. `now` overrules those of time.
SILENCERS: Mapping[str, frozenset[Danger]] = {
    "past": frozenset({Danger.EMERGENCY}),  # kemarin, tadi malam: told, not happening
    "habit": frozenset({Danger.EMERGENCY}),  # sering, tiap hari
    "long_ago": frozenset(Danger),  # dulu, waktu SD
    "over": frozenset(Danger),  # udah aman, sekarang udah nggak
    "gone": frozenset({Danger.EMERGENCY}),  # sekarang dia di penjara, udah tinggal sama nenek
    "lesson": frozenset(Danger),  # apa itu, tugas, kalau ada anak
    "story": frozenset(Danger),  # film, game, mimpi, latihan
    "laughter": frozenset(Danger),  # wkwk, haha
}
OF_TIME = frozenset({"past", "habit", "long_ago"})
TOLD = frozenset({"story", "laughter"})  # what `earnest` overrules: bukan film, ini beneran
NEEDED_MARKS = frozenset({"now", "help", *SILENCERS}) - {"gone"}
ALONE = "alone"  # `with: alone`: the phrase must be the whole message
_SECTIONS = ("words", "marks", "deny", "bridge", "emergency", "self_harm", "oneself", "harmless")


class DangerPhrasesError(ValueError):
    """The danger phrases cannot be used. `problems` names every mistake with file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(map(str, self.problems)) or "danger phrases")


@dataclass(kw_only=True)
class Lines:
    """What the files say, joined over all languages, before anything is compiled. Filled by `read`, used up by `compile_all`."""

    groups: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # file → group → words
    marks: list[tuple[str, str, str, int]] = field(default_factory=list)  # mark, phrase, file, line
    deny: set[str] = field(default_factory=set)
    bridge: set[str] = field(default_factory=set)
    dangers: list[tuple[Danger, str, str, int, tuple[str, ...], frozenset[str]]] = field(default_factory=list)
    oneself: list[tuple[str, str, int]] = field(default_factory=list)
    harmless: list[tuple[str, str, int]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)  # every word as an editor wrote it: these are heard with a slip, too
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """All phrases of all languages, ready to be looked for."""

    dangers: tuple[tuple[Danger, Phrase], ...]
    oneself: tuple[Phrase, ...]  # an emergency phrase with a word in one of these is not heard
    harmless: tuple[Phrase, ...]  # no phrase with a word in one of these is heard
    marks: Mapping[str, tuple[Phrase, ...]]
    deny: frozenset[str]
    bridge: frozenset[str]
    written: frozenset[str]


def read_files(paths: Iterable[str | Path]) -> Lines:
    """The lines of all files. A file that cannot be read or parsed is a problem like any other."""
    lines = Lines()
    for path in paths:
        name = str(path)
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            lines.problems.append(Problem(file=name, line=0, message=f"cannot be read: {error.strerror or error}"))
            continue
        except UnicodeDecodeError:
            lines.problems.append(Problem(file=name, line=0, message="is not UTF-8 text"))
            continue
        read(text, file=name, into=lines)
    return lines


def read(text: str, *, file: str, into: Lines) -> None:
    """Adds the lines of one file. Every scalar is text (`no` is a word, not a boolean); the problems go to `into.problems`."""
    try:
        node = yaml.compose(text, Loader=SAFE_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        into.problems.append(Problem(file=file, line=mark.line + 1 if mark else 0, message=f"not YAML: {error.problem}"))
        return
    except yaml.YAMLError:
        into.problems.append(Problem(file=file, line=0, message="not YAML"))
        return
    reader = _Reader(file=file, lines=into)
    if not isinstance(node, yaml.MappingNode):
        reader.wrong(node, f"must hold the sections {', '.join(_SECTIONS)}")
        return
    for name, value in reader.pairs(node):
        section = getattr(reader, f"read_{name}", None) if name in _SECTIONS else None
        if section is None:
            reader.wrong(value, f"'{name}' is no section (there are {', '.join(_SECTIONS)})")
        else:
            section(value)


@dataclass(frozen=True, kw_only=True)
class _Reader:
    file: str
    lines: Lines

    def wrong(self, node: yaml.Node | None, message: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 0
        self.lines.problems.append(Problem(file=self.file, line=line, message=message))

    def pairs(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "must be a mapping (name: …)")
            return
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                self.wrong(key, f"'{key.value}' stands twice")
            seen.add(key.value)
            yield str(key.value), value

    def texts(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
        """The texts of a list; a single text counts as a list of one."""
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(item, yaml.ScalarNode) and item.value.strip():
                yield item.value.strip(), item
            else:
                self.wrong(item, "must be a text or a list of texts")

    def single_words(self, node: yaml.Node) -> Iterator[str]:
        for text, item in self.texts(node):
            for word in text.split():
                if word.replace("'", "").replace("-", "").isalnum():
                    self.lines.written.add(word.casefold())
                    yield form_of(word.casefold())[0]
                else:
                    self.wrong(item, f"'{word}' is no word")

    def read_words(self, node: yaml.Node) -> None:
        for name, value in self.pairs(node):
            self.lines.groups.setdefault(self.file, {}).setdefault(name, set()).update(self.single_words(value))

    def read_marks(self, node: yaml.Node) -> None:
        for name, value in self.pairs(node):
            self.lines.marks += [(name, text, self.file, item.start_mark.line + 1) for text, item in self.texts(value)]

    def read_deny(self, node: yaml.Node) -> None:
        self.lines.deny.update(self.single_words(node))

    def read_bridge(self, node: yaml.Node) -> None:
        self.lines.bridge.update(self.single_words(node))

    def read_harmless(self, node: yaml.Node) -> None:
        self.lines.harmless += [(text, self.file, item.start_mark.line + 1) for text, item in self.texts(node)]

    def read_oneself(self, node: yaml.Node) -> None:
        self.lines.oneself += [(text, self.file, item.start_mark.line + 1) for text, item in self.texts(node)]

    def read_emergency(self, node: yaml.Node) -> None:
        self._read_danger(Danger.EMERGENCY, node)

    def read_self_harm(self, node: yaml.Node) -> None:
        self._read_danger(Danger.SELF_HARM, node)

    def _read_danger(self, kind: Danger, node: yaml.Node) -> None:
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(item, yaml.ScalarNode):
                self._add(kind, item, [item], (), frozenset())
                continue
            body = dict(self.pairs(item))
            for name in body.keys() - {"say", "with", "despite"}:
                self.wrong(item, f"'{name}' is not known here (say, with, despite)")
            if "say" not in body:
                self.wrong(item, "a danger phrase needs 'say'")
                continue
            needs = tuple(text for text, _ in self.texts(body["with"])) if "with" in body else ()
            despite = frozenset(text for text, _ in self.texts(body["despite"])) if "despite" in body else frozenset()
            for name in sorted(despite - SILENCERS.keys() - {"deny"}):
                self.wrong(body["despite"], f"nothing silences by '{name}' (despite takes {', '.join(SILENCERS)}, deny)")
            say = body["say"]
            self._add(kind, item, say.value if isinstance(say, yaml.SequenceNode) else [say], needs, despite)

    def _add(self, kind: Danger, item: yaml.Node, says: list[yaml.Node], needs: tuple[str, ...], despite: frozenset[str]) -> None:
        for say in says:
            for text, node in self.texts(say):
                self.lines.dangers.append((kind, text, self.file, node.start_mark.line + 1, needs, despite))


def compile_all(lines: Lines) -> Compiled:
    """Everything compiled. Raises `DangerPhrasesError` with all problems, those of reading among them."""
    problems = list(lines.problems)
    groups = {file: {name: frozenset(words) for name, words in named.items()} for file, named in lines.groups.items()}
    written = set(lines.written)

    def compiled(text: str, file: str, line: int, needs: tuple[str, ...] = (), despite: frozenset[str] = frozenset()) -> Iterator[Phrase]:
        made = compile_phrase(text, groups.get(file, {}), file=file, line=line, needs=needs, despite=despite)
        if isinstance(made, str):
            problems.append(Problem(file=file, line=line, message=made))
            return
        written.update(
            name.casefold()
            for piece in text.split()
            for name in piece.rstrip("?").split("|")
            if name not in ("_", "..") and name[:1] != "<"
        )
        yield made

    marks: dict[str, list[Phrase]] = {}
    for name, text, file, line in lines.marks:
        marks.setdefault(name, []).extend(compiled(text, file, line))
    dangers: list[tuple[Danger, Phrase]] = []
    for kind, text, file, line, needs, despite in lines.dangers:
        dangers += [(kind, phrase) for phrase in compiled(text, file, line, needs, despite)]
        for name in needs:
            if name != ALONE and name not in {mark for mark, *_ in lines.marks}:
                problems.append(Problem(file=file, line=line, message=f"'{text}' is to be heard with '{name}', which is no mark"))
    oneself = [phrase for text, file, line in lines.oneself for phrase in compiled(text, file, line)]
    harmless = [phrase for text, file, line in lines.harmless for phrase in compiled(text, file, line)]
    if not problems:
        if not dangers:
            problems.append(Problem(file="danger.yml", line=0, message="no danger phrase at all: nothing would ever alarm"))
        for name in sorted(NEEDED_MARKS - {mark for mark, *_ in lines.marks}):
            problems.append(Problem(file="danger.yml", line=0, message=f"no language says what '{name}' is (marks: {name}: […])"))
    if problems:
        raise DangerPhrasesError(problems)
    return Compiled(
        dangers=tuple(zip((kind for kind, _ in dangers), anchored([phrase for _, phrase in dangers]), strict=True)),
        oneself=tuple(anchored(oneself)),
        harmless=tuple(anchored(harmless)),
        marks={name: tuple(anchored(phrases)) for name, phrases in marks.items()},
        deny=frozenset(lines.deny),
        bridge=frozenset(lines.bridge),
        written=frozenset(written),
    )


def anchored(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Each phrase with its rarest place as anchor, so that everyday words ("aku", "mau") start no search."""
    uses: dict[str, int] = {}
    for phrase in phrases:
        for word in {word for slot in phrase.slots for word in slot.words}:
            uses[word] = uses.get(word, 0) + 1
    made: list[Phrase] = []
    for phrase in phrases:
        must = [i for i, slot in enumerate(phrase.slots) if not slot.optional]
        places = [i for i in must if not phrase.slots[i].words <= FILLER_WORDS] or must
        anchor = min(places, key=lambda i: (max(uses[w] for w in phrase.slots[i].words), len(phrase.slots[i].words)))
        made.append(replace(phrase, anchor=anchor))
    return made
