"""The step types, by the name that a definition uses."""

from __future__ import annotations

from flows.steps.ask import Ask
from flows.steps.branch import Branch
from flows.steps.do import Do, Handoff
from flows.steps.jump import Call, End, Go
from flows.steps.review import Review
from flows.steps.say import Say
from flows.steps.step_type import StepType

STEP_TYPES: dict[str, StepType] = {
    "say": Say(),
    "ask": Ask(),
    "branch": Branch(),
    "do": Do(),
    "handoff": Handoff(),
    "review": Review(),
    "go": Go(),
    "call": Call(),
    "end": End(),
}
