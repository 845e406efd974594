"""Topics and intents: what is answered, and the examples that a model learns from. A wrong fact here is told to a child as true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from flows.bubbles import BUBBLE
from flows.catalogue import FIRST_LANGUAGE, PLACEHOLDER
from flows.inspection.content import Content, Source
from flows.inspection.limits import DESCRIPTION, LIST_LABEL, filled_length
from flows.inspection.telephone import short_numbers
from flows.inspection.words import versions
from flows.library import LEARN, UNDERSTOOD
from flows.marked import Marked, Problem, day_of, read
from flows.message import Danger
from flows.topics import CONFIDENCE, GROUPS, LEARNERS, PREFIX, UTTER, VERSIONS, answers_of, intents_of, metadata_of
from flows.wording import words

FRESH = timedelta(days=365)
EXAMPLES, EXAMPLES_ELSEWHERE = 20, 10  # of an intent, in the first language and in each other one
DANGERS = frozenset(danger.value for danger in Danger)  # followed by the engine itself

# No length of a sentence, and no threat with one (docs/content.md, "A question and its answer"); said of a place, not of being locked in.
_PRISON = re.compile(
    r"\b(?:di|peme|me)?(?:n)?penjara\w*|\b(?:pidana|hukuman) (?:mati|kurungan)|\bdibui\b|\b(?:im)?prison\w*|\bjail\w*", re.IGNORECASE
)
# School committees that no longer exist since January 2026 may only be named as what is gone.
_TPPK = re.compile(r"\bTPPK\b|tim pencegahan dan penanganan kekerasan", re.IGNORECASE)
_GONE = re.compile(r"tidak ada|tidak lagi|sudah diganti|no longer|does not exist|replaced", re.IGNORECASE)
_ANNOTATION = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")


def check_questions(content: Content, today: date) -> Iterator[Problem]:
    """Everything about topics and intents."""
    if not any(content.questions.values()):
        return
    everywhere = {name for files in content.questions.values() for name in files}
    for language in content.languages:
        files = content.questions.get(language, {})
        for name in sorted(everywhere - files.keys()):
            message = f"is missing: there is a topic '{name}' in another language"
            yield Problem(file=f"data/{language}/faq/{name}.yml", line=0, message=message)
        for name, data in files.items():
            yield from _topic(content, language, name, data, today)
    yield from _examples(content)
    yield from _doors(content)


def _topic(content: Content, language: str, name: str, data: Marked, today: date) -> Iterator[Problem]:
    file = content.sources.faq[language][name].file
    for line, message in (*_form(name, data), *_titles(data), *_answers(content, language, name, data)):
        yield Problem(file=file, line=line, message=message)
    if language == FIRST_LANGUAGE:
        for line, message in _metadata(content, metadata_of(data), today):
            yield Problem(file=file, line=line, message=message)


def _form(name: str, data: Marked) -> Iterator[tuple[int, str]]:
    intents = intents_of(data)
    if len(intents) != 1 or intents[0].get("intent") != f"{PREFIX}{name}":
        yield data.line_of("nlu"), f"must hold one intent, '{PREFIX}{name}', as the file is called"
    responses = data.get("responses")
    if not isinstance(responses, Marked) or set(responses) != {f"{UTTER}{PREFIX}{name}"}:
        yield data.line_of("responses"), f"must hold the answers as '{UTTER}{PREFIX}{name}'"


def _titles(data: Marked) -> Iterator[tuple[int, str]]:
    metadata = metadata_of(data)
    for key, most in (("title", LIST_LABEL), ("question", DESCRIPTION)):
        text = metadata.get(key)
        if not isinstance(text, str) or not text.strip():
            yield metadata.line_of(key), f"'metadata' needs a '{key}'"
        elif len(text.strip()) > most:
            yield metadata.line_of(key), f"the {key} '{text}' is {len(text.strip())} characters long: at most {most} fit"


def _metadata(content: Content, metadata: Marked, today: date) -> Iterator[tuple[int, str]]:
    for key, allowed in (("group", GROUPS), ("confidence", CONFIDENCE)):
        if metadata.get(key) not in allowed:
            yield metadata.line_of(key), f"{key} must be one of {', '.join(allowed)}"
    if not isinstance(metadata.get("source"), str) or not metadata["source"].strip():
        yield metadata.line_of("source"), "needs a 'source': where its facts come from"
    checked = day_of(metadata.get("checked"))
    if checked is None:
        yield metadata.line_of("checked"), "checked must be a date like 2026-11-25"
    elif checked > today:
        yield metadata.line_of("checked"), "was checked in the future"
    for key, known in (("readers", LEARNERS), ("next", tuple(content.topics))):
        listed = metadata.get(key)
        if not isinstance(listed, list) or not listed:
            yield metadata.line_of(key), f"needs '{key}': a list"
            continue
        for item in listed:
            if item not in known:
                about = f"a reader is {', '.join(LEARNERS)}" if key == "readers" else "there is no such topic"
                yield metadata.line_of(key), f"'{key}' names '{item}': {about}"


def _answers(content: Content, language: str, name: str, data: Marked) -> Iterator[tuple[int, str]]:
    answers = answers_of(data)
    below = _below(content, language, name)
    for version in VERSIONS:
        if version not in answers or not answers[version][0]:
            yield data.line_of("responses"), f"has no answer for '{version}'"
    for version, (text, line) in answers.items():
        if version not in VERSIONS:
            yield line, f"has an answer for '{version}': answers are for {' and '.join(VERSIONS)}"
        length = filled_length(content, text) + below
        if length > BUBBLE:
            yield line, f"the answer for '{version}' is {length} characters long with what stands below it: at most {BUBBLE} fit"
        yield from ((line, f"the answer for '{version}' {message}") for message in _said(content, text))


def _said(content: Content, text: str) -> Iterator[str]:
    shipped = {str(entry["id"]) for entry in _services(content) if entry.get("ship") is True and "id" in entry}
    for name in PLACEHOLDER.findall(text):
        scope, _, key = name.partition(".")
        if scope != "number" or key not in content.numbers:
            yield f"holds {{{name}}}, which is no number of data/services.yml"
        elif key not in shipped:
            yield f"holds {{{name}}}, which is not to be shown yet (ship: false in data/services.yml)"
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        yield "has a brace that belongs to no placeholder: write {number.…}"
    for shown, placeholder in short_numbers(content, text):
        yield f"holds the telephone number '{shown}': write {placeholder}"
    prison = _PRISON.search(text)
    if prison is not None:
        yield f"says '{prison[0]}': no prison terms"
    for sentence in re.split(r"(?<=[.;!?])\s+", text):
        if _TPPK.search(sentence) and not _GONE.search(sentence):
            yield "names TPPK, which no longer exists since January 2026, as if one could turn to it"


def _services(content: Content) -> list[Marked]:
    listed = content.services.get("services")
    return [entry for entry in listed if isinstance(entry, Marked)] if isinstance(listed, list) else []


def _below(content: Content, language: str, name: str) -> int:
    """How long what stands below an answer is at most: the question what to do now, what is near, and the other ways on."""
    flow = content.flows.get(LEARN)
    step = flow.steps.get("after") if flow is not None else None
    entry = content.entry(language, flow, step)[0] if flow is not None and step is not None else None
    if flow is None or step is None or not isinstance(entry, Marked):
        return 0
    given = entry.get("options")
    labels = [max(map(len, versions(label).values()), default=0) for label in given.values()] if isinstance(given, Marked) else []
    topic, titles = content.topics.get(name), content.answers.get(language, {})
    labels += [len(str(titles.get(other, {}).get("title", ""))) for other in (topic.next if topic is not None else ())]
    text = max((filled_length(content, said) for said in versions(entry.get("text")).values()), default=0)
    return 2 + text + sum(length + 4 for length in labels)


def lines_of(data: Marked) -> Iterator[tuple[str, int, str]]:
    """Every example of a file as (intent, line, text), as it is written."""
    for entry in intents_of(data):
        listed = entry.get("examples")
        if not isinstance(listed, str):
            continue
        first = entry.line_of("examples")
        for number, line in enumerate(listed.splitlines(), start=1):
            if line.strip().startswith("- "):
                yield str(entry.get("intent")), first + number, line.strip()[2:].strip()


def examples_of(data: Marked) -> Iterator[tuple[str, int, str]]:
    """The same, with its annotations taken off."""
    for intent, line, text in lines_of(data):
        yield intent, line, _ANNOTATION.sub(r"\1", text).strip()


def _examples(content: Content) -> Iterator[Problem]:
    known = _known(content)
    for language in content.languages:
        least = EXAMPLES if language == FIRST_LANGUAGE else EXAMPLES_ELSEWHERE
        seen: dict[tuple[str, ...], tuple[str, str]] = {}
        once: set[tuple[str, str]] = set()
        for file, name, source, data, found in files_of(content, language):
            yield from found
            if file == "intents":
                named = [str(entry.get("intent")) for entry in intents_of(data)]
                if named != [name]:
                    message = f"must hold one intent, '{name}', as the file is called"
                    yield Problem(file=source.file, line=data.line_of("nlu"), message=message)
                if name not in known:
                    message = f"there is no intent '{name}': '{UNDERSTOOD}' has no such entry (there are {', '.join(sorted(known))})"
                    yield Problem(file=source.file, line=data.line_of("nlu"), message=message)
            count = 0
            for intent, line, text in examples_of(data):
                count += 1
                # Another spelling of the same words is worth having in one intent; in two it says nothing.
                written = (intent, text.casefold())
                if written in once:
                    yield Problem(file=source.file, line=line, message=f"the example '{text}' stands twice")
                once.add(written)
                other, at = seen.setdefault(tuple(words(text)) or (text,), (intent, f"{source.file}:{line}"))
                if other != intent:
                    yield Problem(file=source.file, line=line, message=f"the example '{text}' stands in '{other}' too ({at})")
            if count < least:
                yield Problem(file=source.file, line=data.line_of("nlu"), message=f"has {count} examples: at least {least} are needed")


def files_of(content: Content, language: str) -> Iterator[tuple[str, str, Source, Marked, list[Problem]]]:
    """The files with examples of a language: their folder, name and source, what they hold, and what is wrong with reading them. Intents
    are read here and nowhere else: the service does without them."""
    for name, data in content.questions.get(language, {}).items():
        yield "faq", name, content.sources.faq[language][name], data, []
    for name, source in content.sources.intents.get(language, {}).items():
        data, found = read(source.text, file=source.file)
        yield "intents", name, source, data, found


def _known(content: Content) -> set[str]:
    flow = content.flows.get(UNDERSTOOD)
    return set(DANGERS) | (set(flow.entries) if flow is not None else set())


def _doors(content: Content) -> Iterator[Problem]:
    """Every intent leads somewhere, and every door of an intent has examples that lead to it."""
    flow = content.flows.get(UNDERSTOOD)
    if flow is None:
        yield Problem(file="flows/definitions", line=0, message=f"there must be a flow '{UNDERSTOOD}'")
        return
    doors = {entry for entry in flow.entries if not entry.endswith("_inside") and entry != "nearest"}
    for language in content.languages:
        for name in sorted((DANGERS | doors) - content.sources.intents.get(language, {}).keys()):
            message = "is missing: nothing would be understood as this intent"
            yield Problem(file=f"data/{language}/intents/{name}.yml", line=0, message=message)


def stale_topics(content: Content, today: date) -> Iterator[Problem]:
    """Topics whose facts nobody has held against their sources for a year."""
    for name, topic in content.topics.items():
        checked = day_of(topic.checked)
        if checked is None or today - checked <= FRESH:
            continue
        line = metadata_of(content.questions[FIRST_LANGUAGE][name]).line_of("checked")
        message = f"was checked {(today - checked).days} days ago: look at its sources again and renew the date"
        yield Problem(file=content.sources.faq[FIRST_LANGUAGE][name].file, line=line, message=message)
