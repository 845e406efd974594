"""An identity that a reporter chose to give: a record of its own, sealed to two roles and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from actions.case import INSIDER_KINDS, record_bytes, seconds
from actions.ports import IdentityRole, NewCase, Ports, Request
from actions.rows import Insert

KIND = "identity"
OPENED = "identity_opened"


def may_be_given(roles: Sequence[IdentityRole], answers: Mapping[str, Any]) -> bool:
    """Whether an identity may be sealed to these roles: there are two, and it is known that the alleged perpetrator works neither at this
    service nor where one of them belongs. Not known, or not answered, is no: an identity cannot be taken back."""
    insiders = answers.get("insider") or []
    named = {INSIDER_KINDS[name] for name in insiders if name in INSIDER_KINDS}
    if len(roles) != 2 or not insiders or "unsure" in insiders or "service" in named:
        return False
    return not any(role.kind in named for role in roles)


async def identity_record(request: Request, ports: Ports, case: NewCase) -> Insert | None:
    """The record of what was answered apart; None if nothing was, or if it may not be sealed to these roles."""
    given = {name: value for name, value in request.apart.items() if value}
    roles = await ports.units.identity_roles()
    if not given or not may_be_given(roles, request.answers):
        return None
    record_id = ports.new_id()
    content = record_bytes(KIND, {"answers": given}, language=request.language, now=request.now)
    sealed = ports.sealer.seal_identity(content, roles=roles, case_id=case.id, record_id=record_id)
    row = {"id": record_id, "case_id": case.id, "version": 1, "kind": KIND, "created_at": seconds(request.now), "sealed": sealed}
    return Insert(table="case_record", row=row)


def opening(*, reason: str, roles: Sequence[str], keys: Sequence[bytes], language: str, now: datetime) -> bytes:
    """What is sealed into the case before an identity is shown: why, and with whose keys. Raises ValueError without a reason."""
    if not reason.strip():
        raise ValueError("an identity is opened for a reason")
    body = {"reason": reason.strip(), "roles": list(roles), "keys": [key.hex() for key in keys]}
    return record_bytes(OPENED, body, language=language, now=now)


def given_of(content: bytes) -> dict[str, str]:
    """The answers in an opened identity record. Raises ValueError on bytes that are none."""
    try:
        answers = json.loads(content)["answers"]
        return {str(name): str(value) for name, value in answers.items()}
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no identity record") from None
