"""The national recording: no answer of the report that officers have to look up by hand because nobody thought of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flows.definition import Flow
from flows.inspection.content import Content
from flows.marked import Marked, Problem

REPORT = "report"


def check_recording(content: Content) -> Iterator[Problem]:
    """Every option of a listed step has a row; every row names an option, a field and one of the field's values (or none, on purpose)."""
    source = content.sources.recording
    report = content.flows.get(REPORT)
    if source is None or report is None:
        return
    fields, steps = content.recording.get("fields"), content.recording.get("steps")
    if not isinstance(fields, Marked) or not isinstance(steps, Marked):
        yield Problem(file=source.file, line=1, message="must hold 'fields' and 'steps'")
        return
    everywhere = {option.id for name in steps if name in report.steps for option in report.steps[name].options}
    for name, rows in steps.items():
        line = steps.line_of(name)
        if name not in report.steps:
            yield Problem(file=source.file, line=line, message=f"the report has no step '{name}'")
            continue
        if not isinstance(rows, Marked):
            yield Problem(file=source.file, line=line, message=f"'{name}' must map each option")
            continue
        for at, message in _rows(report, name, rows, line, fields, everywhere):
            yield Problem(file=source.file, line=at, message=message)


def _rows(
    report: Flow, name: str, rows: Marked, line: int, fields: Marked, everywhere: set[str]
) -> Iterator[tuple[int, str]]:
    for option in report.steps[name].options:
        if option.id not in rows:
            yield line, f"the option '{option.id}' of '{name}' is not mapped"
    for key, row in rows.items():
        at = rows.line_of(key)
        if key not in everywhere:  # a table that several steps share may hold options of one of them alone
            yield at, f"'{key}' is no option of '{name}'"
        if not isinstance(row, Marked) or "field" not in row:
            yield at, f"'{name}.{key}' needs a 'field' (null: it has no place in the recording)"
            continue
        yield from ((at, message) for message in _row(f"{name}.{key}", row, fields))


def _row(where: str, row: Marked, fields: Marked) -> Iterator[str]:
    field, value = row["field"], row.get("value")
    if field is None:
        return
    values: Any = fields.get(field)
    if not isinstance(values, list):
        yield f"'{where}': there is no field '{field}'"
    elif value is None and not row.get("local"):
        yield f"'{where}' needs a value of '{field}', or a 'local' label"
    elif value is not None and value not in values:
        yield f"'{where}': '{value}' is no value of '{field}' ({', '.join(map(str, values))})"
    if not isinstance(row.get("confirm"), bool):
        yield f"'{where}' needs 'confirm: true' or 'confirm: false'"
