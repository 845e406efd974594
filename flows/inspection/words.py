"""Texts: none missing, none left over, none different in what it fills in between languages or readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flows.catalogue import FIRST_LANGUAGE, PLACEHOLDER, fold
from flows.definition import Flow, Step
from flows.inspection.content import Content
from flows.inspection.names import check_placeholders
from flows.kinds import KINDS
from flows.marked import Marked, Problem, walk
from flows.opens import OPENS
from flows.topics import GROUPS
from flows.wording import words as written

COMMON = "common"
READERS = frozenset({"child", "adult", "professional", "unknown"})
PARTS = frozenset({"text", "options", "heard", "within", "retry", "more", "label"})

# The engine's own sentences. `retry.<kind>` is added for every kind of answer.
ENGINE = frozenset(
    {
        "too_long", "unsupported", "media_closed", "changed_earlier", "no_back", "no_skip", "review_title", "review_send", "review_edit",
        "review_which", "review_empty", "skipped_value",
        "apart_value", "many_done", "back_to_it", "old_prompt", "trouble", "resumed", "restored", "kelurahan_of",
        "place_which", "place_outside", "place_unsure", "place_other",
        "file_ok", "file_too_big", "file_wrong_type", "file_unreachable", "file_error", "file_enough", "file_refused", "file_removed",
        "file_warning", "file_send", "file_leave", "file_left", "file_voice", "file_image", "file_document",
        "topics_more", "known", "known_right", "known_wrong",
        "talk_first", "talk_ahead", "talk_minutes", "talk_unknown", "talk_wait", "talk_nobody", "talk_read", "talk_callback",
        "talk_empty", "talk_opens", "talk_opens_unknown", "talk_empty_wait",
        "talk_message", "talk_stop", "talk_with", "talk_somebody", "talk_how", "talk_handed", "talk_lost", "talk_still", "talk_kept",
        "talk_not_passed", "talk_leaving", "talk_go_on", "talk_end", "talk_seen", "talk_safe", "talk_safe_yes", "talk_safe_no",
        "talk_quiet", "talk_quiet_word", "talk_safe_word", "talk_thanks_safe",
        "service_for", "service_hours", "service_who", "service_cost", "service_checked",
    }
)  # fmt: skip
_REQUIRED: frozenset[tuple[str, ...]] = frozenset(
    {
        *((key,) for key in ENGINE), *(("retry", kind) for kind in KINDS), *(("groups", group) for group in GROUPS),
        *(("opens", when) for when in OPENS),
    }
)
_OWN_GAPS = {"kelurahan_of": ("{kecamatan}",), "known": ("{label}", "{answer}")}  # filled by the question itself
_OF_A_QUESTION = frozenset({"ask"})
_WITH_TEXT = frozenset({"say", "ask"})


def versions(value: Any) -> dict[str, str]:
    """A text by reader: one for everybody has the name ''."""
    if isinstance(value, Marked):
        return {reader: text for reader, text in value.items() if isinstance(text, str)}
    return {"": value} if isinstance(value, str) else {}


def check_words(content: Content) -> Iterator[Problem]:
    """Everything about texts, in every language."""
    used: dict[str, set[str]] = {}
    for flow, step in content.steps():
        where, _, name = str(step.settings.get("text", f"{flow.name}.{step.id}")).partition(".")
        used.setdefault(where, set()).add(name)
        for language in content.languages:
            yield from _step(content, language, flow, step)
    yield from _left_over(content, used)
    yield from _differences(content)
    yield from _common(content)


def _step(content: Content, language: str, flow: Flow, step: Step) -> Iterator[Problem]:
    entry, file, line = content.entry(language, flow, step)
    where = str(step.settings.get("text", f"{flow.name}.{step.id}"))
    if entry is None:
        if step.type in _WITH_TEXT:
            yield Problem(file=file, line=line, message=f"there is no text for '{where}'")
        return
    if isinstance(entry, str):
        parts: dict[str, tuple[Any, int]] = {"text": (entry, line)}
    elif isinstance(entry, Marked) and entry.keys() <= READERS and entry:
        # A reader's version has no place here: it belongs under `text:`.
        yield Problem(file=file, line=line, message=f"'{where}' must hold its versions under 'text:'")
        return
    elif isinstance(entry, Marked):
        parts = {part: (value, entry.line_of(part)) for part, value in entry.items()}
    else:
        yield Problem(file=file, line=line, message=f"'{where}' must be a text, or a mapping with 'text'")
        return
    for part in sorted(parts.keys() - PARTS):
        yield Problem(file=file, line=parts[part][1], message=f"a text has no '{part}' ('{where}')")
    if step.type in _WITH_TEXT and "text" not in parts:
        yield Problem(file=file, line=line, message=f"there is no text for '{where}'")
    if step.type not in _OF_A_QUESTION:
        for part in sorted(parts.keys() & (PARTS - {"text"})):
            yield Problem(file=file, line=parts[part][1], message=f"'{where}' is no question: it has no '{part}'")
    for part in ("text", "retry", "more", "label"):
        if part in parts:
            yield from _one(content, flow, file, f"{where}.{part}", *parts[part])
    yield from _options(content, flow, step, file, where, parts.get("options", (Marked(), line)))
    for part in ("heard", "within"):
        if part in parts:
            yield from _heard(content, step, file, f"{where}.{part}", *parts[part])
    if step.type == "ask" and "label" not in parts and _leads_to_review(flow, step):
        yield Problem(file=file, line=line, message=f"'{where}' needs a 'label': the summary names the question by it")


def _leads_to_review(flow: Flow, step: Step) -> bool:
    seen: set[str] = set()
    todo = [step.id]
    while todo:
        name = todo.pop()
        if name in seen or name not in flow.steps:
            continue
        if flow.steps[name].type == "review":
            return True
        seen.add(name)
        todo.extend(flow.steps[name].targets())
    return False


def _options(content: Content, flow: Flow, step: Step, file: str, where: str, given: tuple[Any, int]) -> Iterator[Problem]:
    listed, line = given
    if not isinstance(listed, Marked):
        yield Problem(file=file, line=line, message=f"'{where}.options' must map an option to its label")
        return
    known = [option.id for option in step.options]
    for option in known:
        if option not in listed:
            yield Problem(file=file, line=line, message=f"the option '{option}' of '{where}' has no label")
    for option, label in listed.items():
        if option not in known:
            yield Problem(file=file, line=listed.line_of(option), message=f"'{option}' is no option of '{where}'")
        else:
            yield from _one(content, flow, file, f"{where}.{option}", label, listed.line_of(option))


def _heard(content: Content, step: Step, file: str, where: str, listed: Any, line: int) -> Iterator[Problem]:
    """Other words for options: of options that exist, each meaning one of them, and none that is a command before it is an answer."""
    if not isinstance(listed, Marked) or not all(isinstance(words, list) and words for words in listed.values()):
        yield Problem(file=file, line=line, message=f"'{where}' must map an option to a list of other words for it")
        return
    commands = {fold(str(word)) for table in content.commands.values() for words in table.values() for word in words}
    meant: dict[tuple[str, ...], str] = {}
    for option, words in listed.items():
        at = listed.line_of(option)
        if option not in {known.id for known in step.options}:
            yield Problem(file=file, line=at, message=f"'{option}' is no option of '{where}'")
        for word in words:
            said = tuple(written(str(word)))
            if not said or meant.setdefault(said, option) != option:
                message = f"'{word}' cannot stand for '{option}' of '{where}': it is empty or stands for two"
                yield Problem(file=file, line=at, message=message)
            elif fold(str(word)) in commands:
                yield Problem(file=file, line=at, message=f"'{word}' of '{where}' is a command and never heard as an answer")


def _one(content: Content, flow: Flow, file: str, where: str, value: Any, line: int) -> Iterator[Problem]:
    texts = versions(value)
    if isinstance(value, Marked):
        for reader in sorted(value.keys() - READERS):
            message = f"'{where}' has a version for '{reader}': readers are {', '.join(sorted(READERS))}"
            yield Problem(file=file, line=value.line_of(reader), message=message)
        if "adult" not in value:
            yield Problem(file=file, line=line, message=f"'{where}' needs a version for 'adult': whoever has none of their own gets it")
        gaps = {reader: frozenset(PLACEHOLDER.findall(text)) for reader, text in texts.items()}
        if len(set(gaps.values())) > 1:
            yield Problem(file=file, line=line, message=f"the versions of '{where}' do not fill in the same: {_unlike(gaps)}")
    if not texts or not all(text.strip() for text in texts.values()):
        yield Problem(file=file, line=line, message=f"'{where}' is empty")
    for reader, text in texts.items():
        at = value.line_of(reader) if isinstance(value, Marked) else line
        for message in check_placeholders(content, flow, text):
            yield Problem(file=file, line=at, message=f"'{where}': {message}")


def _unlike(gaps: dict[str, frozenset[str]]) -> str:
    every = frozenset[str]().union(*gaps.values())
    shared = frozenset.intersection(*gaps.values())
    return ", ".join(f"{{{name}}}" for name in sorted(every - shared))


def _left_over(content: Content, used: dict[str, set[str]]) -> Iterator[Problem]:
    for language, table in content.strings.items():
        for flow, steps in table.items():
            file = content.file_of(language, flow)
            if flow == COMMON:
                continue
            if flow not in used:
                yield Problem(file=file, line=table.line_of(flow), message=f"there is no flow '{flow}'")
                continue
            for step in steps if isinstance(steps, Marked) else ():
                if step not in used[flow]:
                    yield Problem(file=file, line=steps.line_of(step), message=f"the flow '{flow}' has no step '{step}'")


def _differences(content: Content) -> Iterator[Problem]:
    """Against the first language: the same parts, and the same gaps in each."""
    first = content.strings.get(FIRST_LANGUAGE)
    if first is None:
        return
    leaves = {path: (value, line) for path, value, line in walk(first)}
    for language in content.languages[1:]:
        other = {path: (value, line) for path, value, line in walk(content.strings[language])}
        for there, table, missing in (
            (language, content.strings[language], leaves.keys() - other.keys()),
            (FIRST_LANGUAGE, first, other.keys() - leaves.keys()),
        ):
            for path in sorted(missing):
                # What must be there in any case is said elsewhere.
                if (path[0] == COMMON and path[1:] not in _REQUIRED) or set(path[2:]) & {"retry", "more", *READERS}:
                    message = f"there is no '{'.'.join(path)}', which the other language has"
                    yield Problem(file=content.file_of(there, path[0]), line=_nearest(table, path), message=message)
        for path in sorted(leaves.keys() & other.keys()):
            gaps = {name: frozenset(PLACEHOLDER.findall(str(value[0]))) for name, value in (("", leaves[path]), (language, other[path]))}
            if len(set(gaps.values())) > 1:
                message = f"'{'.'.join(path)}' does not fill in the same as in '{FIRST_LANGUAGE}': {_unlike(gaps)}"
                yield Problem(file=content.file_of(language, path[0]), line=other[path][1], message=message)


def _nearest(table: Marked, path: tuple[str, ...]) -> int:
    line = 0
    here: Any = table
    for name in path:
        if not isinstance(here, Marked) or name not in here:
            break
        line, here = here.line_of(name), here[name]
    return line


def _common(content: Content) -> Iterator[Problem]:
    for language, table in content.strings.items():
        file = content.sources.strings[language].file
        common = table.get(COMMON)
        if not isinstance(common, Marked):
            yield Problem(file=file, line=0, message=f"there is no '{COMMON}': the engine's own sentences")
            continue
        for path in sorted(_REQUIRED):
            here: Any = common
            for name in path:
                here = here.get(name) if isinstance(here, Marked) else None
            if not isinstance(here, str) or not here.strip():
                yield Problem(file=file, line=table.line_of(COMMON), message=f"there is no '{COMMON}.{'.'.join(path)}'")
        nowhere = Flow(name=COMMON, revision="", start="", steps={})
        for path, value, line in walk(common):
            text = str(value)
            for gap in _OWN_GAPS.get(path[-1], ()):
                if gap not in text:
                    yield Problem(file=file, line=line, message=f"'{COMMON}.{'.'.join(path)}' must hold {gap}")
                text = text.replace(gap, "")
            for message in check_placeholders(content, nowhere, text):
                yield Problem(file=file, line=line, message=f"'{COMMON}.{'.'.join(path)}': {message}")
