"""The step types, by the name that a definition uses."""

from __future__ import annotations

from flows.steps.answer import Answer
from flows.steps.ask import Ask
from flows.steps.branch import Branch
from flows.steps.directory import Directory
from flows.steps.do import Do, Handoff
from flows.steps.jump import Call, End, Go
from flows.steps.review import Review
from flows.steps.say import Say
from flows.steps.step_type import StepType
from flows.steps.talk import Talk

STEP_TYPES: dict[str, StepType] = {
    "say": Say(),
    "ask": Ask(),
    "answer": Answer(),
    "directory": Directory(),
    "branch": Branch(),
    "do": Do(),
    "handoff": Handoff(),
    "talk": Talk(),
    "review": Review(),
    "go": Go(),
    "call": Call(),
    "end": End(),
}
