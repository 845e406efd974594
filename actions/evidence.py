"""Files of a report: taken in, left out, handed to the case. Their bytes pass through here only sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.case import seconds
from actions.ports import FileKept, Outcome, Ports, Request
from actions.rows import Change, Delete, Insert, Update

FACT = "files"
# What cannot be reached now stays at the platform: it may be sent again, or goes with the conversation.
UNREACHABLE = Outcome(code="unreachable")
# Kinds of violence in which a picture may be of a naked child: to have it is a crime, and to pass it on hurts once more
# (UU 1/2024 Art. 27; UU 44/2008 Art. 4 and 6). It stays where it is, and the police look at it there.
NO_PICTURES = frozenset({"sexual", "online"})


def files_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the conversation has taken, oldest first: id, key, kind, type, extension, size, sha256, clean_size, clean_sha256, told_at."""
    found = facts.get(FACT)
    return list(found) if isinstance(found, list) else []


def without_pictures(answers: Mapping[str, Any]) -> bool:
    """Whether the answers say that pictures must not be in this report."""
    named = answers.get("types") or []
    return not NO_PICTURES.isdisjoint(named) or answers.get("place_kind") == "online"


def file_rows(file_id: bytes, conversation_id: bytes, pieces: Sequence[bytes], *, now: int) -> list[Change]:
    """The rows of a sealed file of an open conversation."""
    row = {"id": file_id, "conversation_id": conversation_id, "case_id": None, "chunks": len(pieces), "created_at": now}
    return [
        Insert(table="evidence", row=row),
        *(
            Insert(table="evidence_chunk", row={"evidence_id": file_id, "number": number, "sealed": piece})
            for number, piece in enumerate(pieces)
        ),
    ]  # fmt: skip


def file_gone(file_id: bytes) -> list[Change]:
    """The rows of a file go."""
    return [Delete(table="evidence_chunk", key={"evidence_id": file_id}), Delete(table="evidence", key={"id": file_id})]


def handed_over(files: Sequence[Mapping[str, Any]], case_id: bytes) -> list[Change]:
    """Files become a case's: they no longer go with the conversation."""
    values = {"conversation_id": None, "case_id": case_id}
    return [Update(table="evidence", key={"id": bytes.fromhex(file["id"])}, values=values) for file in files]


def given(files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same files, marked: a case has them already, and they are not the conversation's to delete."""
    return [{**file, "given": True} for file in files]


def _told(kept: FileKept, request: Request) -> dict[str, Any]:
    """What is known of a file, its key among it: locked in the session, later sealed in the case. Not its name: people put names in it."""
    return {
        "id": kept.id.hex(), "key": kept.key.hex(), "kind": kept.kind, "type": kept.content_type, "extension": kept.extension,
        "size": kept.size, "sha256": kept.sha256, "clean_size": kept.clean_size, "clean_sha256": kept.clean_sha256,
        "told_at": request.now.isoformat(timespec="seconds"),
    }  # fmt: skip


async def take_file(request: Request, ports: Ports) -> Outcome:
    """Fetches a file, cleans and seals it. ok; too_big, wrong_type (what it claims to be is looked at, too), unreachable, error: then
    nothing is kept of it."""
    handle, kind = str(request.arguments["handle"]), str(request.arguments["kind"])
    size = request.arguments.get("size")
    got = await ports.files.take(channel=request.channel, handle=handle, kind=kind, size=size if isinstance(size, int) else None)
    if isinstance(got, str):
        return UNREACHABLE if got == UNREACHABLE.code else Outcome(code=got, drop=(handle,))
    rows = file_rows(got.id, request.conversation_id, got.pieces, now=seconds(request.now))
    files = [*files_of(request.facts), _told(got, request)]
    drop = (handle,) if ports.files.apart(request.channel) else ()
    return Outcome(code="ok", rows=tuple(rows), facts={FACT: files}, result={"kind": got.kind, "id": got.id.hex()}, drop=drop)


async def drop_file(request: Request, ports: Ports) -> Outcome:
    """A file that is not taken goes from where it waits. A voice or a document that lies in the person's own chat stays there."""
    own = request.arguments.get("kind") not in ("image", "video") and not ports.files.apart(request.channel)
    return Outcome(code="ok", drop=() if own else (str(request.arguments["handle"]),))


async def remove_files(request: Request, ports: Ports) -> Outcome:
    """The person takes back what was sent, but for what went with an alert: that is another's to read by then. ok."""
    mine = [file for file in files_of(request.facts) if not file.get("given")]
    rows = [row for file in mine for row in file_gone(bytes.fromhex(file["id"]))]
    return Outcome(code="ok", rows=tuple(rows), facts={FACT: None})
