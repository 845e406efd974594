"""Vectors of the audit chain: entries, what is hashed of each, its digest, and the hash that it has in the chain. `make.py` writes them."""

from __future__ import annotations

import hashlib
from typing import Any

from actions import audit

Case = dict[str, Any]


def _id(label: str) -> bytes:
    return hashlib.shake_256(f"ruang-aman audit vector {label}".encode()).digest(16)


def audit_vectors() -> Case:
    """Entries with and without a subject, of nobody, one and two; and one wrong digest for each."""
    last: audit.Link | None = None
    links = []
    for action, subject, actors in (
        (audit.UNIT_KEY_MADE, _id("unit"), (_id("lead"),)), (audit.STAFF_INVITED, _id("unit"), ()),
        (audit.CASE_OPENED, _id("case"), (_id("lead"),)), (audit.IDENTITY_OPENED, None, (_id("head"), _id("companion"))),
    ):  # fmt: skip
        last = audit.following(last, at=1_795_500_000 + len(links), action=action, subject=subject, actors=actors)
        entry = last.entry
        links.append({
            "number": entry.number, "at": entry.at, "action": entry.action, "subject": subject.hex() if subject is not None else None,
            "actors": [actor.hex() for actor in actors], "written": audit.written(entry).decode(), "digest": audit.digest(entry).hex(),
            "hash": last.hash.hex(),
        })  # fmt: skip
    return {"start": audit.START.hex(), "links": links}
