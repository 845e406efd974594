"""What a platform would refuse or cut. The strictest platform decides: a text is written once for all of them.

Sources: Twilio Content API, `twilio/quick-reply` and `twilio/list-picker`; WhatsApp text messages through Twilio; Telegram Bot API,
`sendMessage` and `InlineKeyboardButton.callback_data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.bubbles import BUBBLE
from flows.catalogue import PLACEHOLDER, fold
from flows.definition import Flow, Step
from flows.inspection.content import Content
from flows.inspection.words import COMMON, versions
from flows.marked import Marked, Problem

QUICK_REPLIES = 3
QUICK_REPLY_LABEL = 20
LIST_OPTIONS = 10
LIST_LABEL = 24
DESCRIPTION = 72  # under a label of a list
BODY = 1024  # a WhatsApp message with buttons
TEXT = 1600  # a WhatsApp text through Twilio; Telegram's 4,096 is longer
CALLBACK_BYTES = 64
PROMPT_DIGITS = 9  # `<number of the prompt>.<option>` travels in the button

# Values are known only when they are filled in: what the longest may be.
_LONGEST: Mapping[str, int] = {"result.code": 60, "world.service_name": 40, "result.replies": 0, "facts.exit_word": 40}
_OTHERWISE = 40


def check_limits(content: Content) -> Iterator[Problem]:
    """Every text and label of every language against the limits of the platforms."""
    for language in content.languages:
        for flow, step in content.steps():
            yield from _step(content, language, flow, step)
        yield from _common(content, language)


def filled_length(content: Content, text: str) -> int:
    """How long a text is at most once its placeholders are filled."""
    text = text.strip()
    gaps = PLACEHOLDER.findall(text)
    bare = len(PLACEHOLDER.sub("", text))
    return bare + sum(_filled(content, name) for name in gaps)


def _filled(content: Content, name: str) -> int:
    scope, _, key = name.partition(".")
    return len(content.numbers.get(key, "")) if scope == "number" else _LONGEST.get(name, _OTHERWISE)


def _step(content: Content, language: str, flow: Flow, step: Step) -> Iterator[Problem]:
    entry, file, line = content.entry(language, flow, step)
    parts: Mapping[str, Any] = entry if isinstance(entry, Marked) else {"text": entry}
    labels = _labels(content, language, step, parts)
    most = BUBBLE if labels else TEXT
    kind = "with its numbered options " if labels else ""
    listed = sum(max((len(text) for text in versions(label).values()), default=0) + 4 for label in labels.values())
    for part in ("text", "retry", "more"):
        at = entry.line_of(part) if isinstance(entry, Marked) else line
        for reader, text in versions(parts.get(part)).items():
            length = filled_length(content, text) + (listed if part != "retry" else 0)
            if length > (most if part != "retry" else TEXT):
                who = f" for '{reader}'" if reader else ""
                message = f"'{flow.name}.{step.id}.{part}'{who} is {kind}{length} characters long: at most {most} fit"
                yield Problem(file=file, line=at, message=message)
    yield from _check_labels(content, file, parts, line, flow, step, labels)
    for option in step.options:
        if PROMPT_DIGITS + 1 + len(option.id.encode()) > CALLBACK_BYTES:
            yield Problem(file=flow.file, line=step.line, message=f"the option '{option.id}' is too long for a Telegram button")


def _labels(content: Content, language: str, step: Step, parts: Mapping[str, Any]) -> dict[str, Any]:
    given = parts.get("options")
    labels = {option.id: given[option.id] for option in step.options if isinstance(given, Marked) and option.id in given}
    if step.type == "ask" and step.kind == "many":
        common = content.strings[language].get(COMMON)
        labels["done"] = common.get("many_done", "") if isinstance(common, Marked) else ""
    return labels


def _check_labels(
    content: Content, file: str, parts: Mapping[str, Any], line: int, flow: Flow, step: Step, labels: Mapping[str, Any]
) -> Iterator[Problem]:
    given = parts.get("options")
    sometimes = sum(option.when is not None for option in step.options)
    # With those left out that may not be offered; topics come on top of the step's own.
    few = len(labels) - sometimes <= QUICK_REPLIES and step.kind != "topic"
    most = QUICK_REPLY_LABEL if few else LIST_LABEL
    where = f"{flow.name}.{step.id}"
    if step.kind != "many" and len(labels) > LIST_OPTIONS:
        message = f"'{step.id}' has {len(labels)} options: WhatsApp shows at most {LIST_OPTIONS}"
        yield Problem(file=flow.file, line=step.line, message=message)
    if step.kind == "many" and "done" in [option.id for option in step.options]:
        yield Problem(file=flow.file, line=step.line, message=f"'{step.id}': the option 'done' is added by itself, choose another id")
    seen: dict[tuple[str, str], str] = {}
    for option, label in labels.items():
        at = given.line_of(option) if isinstance(given, Marked) and option in given else line
        for reader, text in versions(label).items():
            length = filled_length(content, text)
            if length > most:
                message = f"the label '{text}' is {length} characters long: at most {most} fit where there are {len(labels)}"
                yield Problem(file=file, line=at, message=message)
            if "\n" in text.strip():
                yield Problem(file=file, line=at, message=f"the label of '{option}' must be one line")
            if text.strip().isdigit():
                yield Problem(file=file, line=at, message=f"the label '{text}' would be taken for the number of an option")
            twin = seen.setdefault((reader, fold(text)), option)
            if twin != option:
                yield Problem(file=file, line=at, message=f"'{where}': the options '{twin}' and '{option}' have the same label")


def _common(content: Content, language: str) -> Iterator[Problem]:
    common = content.strings[language].get(COMMON)
    if not isinstance(common, Marked):
        return
    file = content.sources.strings[language].file
    groups = common.get("groups")
    labels = {f"groups.{name}": (text, groups.line_of(name)) for name, text in groups.items()} if isinstance(groups, Marked) else {}
    for key in (
        "review_send", "review_edit", "many_done", "place_outside", "place_unsure", "place_other", "topics_more", "known_right",
        "known_wrong", "talk_read", "talk_callback", "talk_message", "talk_stop", "talk_go_on", "talk_end", "talk_safe_yes", "talk_safe_no",
    ):  # fmt: skip
        labels[key] = common.get(key), common.line_of(key)
    for key, (text, line) in labels.items():
        most = QUICK_REPLY_LABEL if key.startswith(("review", "known", "talk")) else LIST_LABEL
        if isinstance(text, str) and len(text.strip()) > most:
            message = f"the label '{text}' is {len(text.strip())} characters long: at most {most} fit"
            yield Problem(file=file, line=line, message=message)
