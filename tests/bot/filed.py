"""A house whose phones can send files, and what can be opened of a case afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.channels.base import Received
from bot.vault.file import open_file
from bot.vault.seal import open_key, open_sealed
from flows.message import Inbound, InboundKind, Media, Outbound
from tests.bot.house import UNIT, House, Phones, _numbers

SAMPLES = Path(__file__).parents[1] / "fixtures" / "files"


def sample(name: str) -> bytes:
    """A small real file of tests/fixtures/files."""
    return (SAMPLES / name).read_bytes()


class FilingPhones(Phones):
    """A platform that keeps files until they are fetched. A file may be an exception, which is what the fetch then raises."""

    def __init__(self, *, apart: bool = False) -> None:
        super().__init__()
        self.file_is_message = not apart
        self.files: dict[str, bytes | Exception] = {}
        self.fetched: list[str] = []
        self.dropped: list[str] = []

    async def fetch(self, handle: str) -> AsyncIterator[bytes]:
        self.fetched.append(handle)
        found = self.files[handle]
        if isinstance(found, Exception):
            raise found
        for at in range(0, len(found), 100_000):
            yield found[at : at + 100_000]

    async def drop(self, handle: str) -> None:
        self.dropped.append(handle)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A case as its unit reads it: its records, and its files by their kind and order."""

    kind: str
    records: list[dict[str, Any]]
    files: list[bytes] = field(default_factory=list)


async def send(
    home: House, address: str, kind: str, content: bytes | Exception, *, caption: str = "", size: int | None = None
) -> list[Outbound]:  # fmt: skip
    """A person sends a file; gives the bubbles that answer."""
    phones = home.phones
    assert isinstance(phones, FilingPhones)
    number = next(_numbers)
    handle = f"file-{number}"
    phones.files[handle] = content
    inbound = Inbound(kind=InboundKind.MEDIA, text=caption, media=Media(kind=kind, handle=handle, size=size))
    before = len(phones.seen[address])
    await home.service.receive(Received(channel="telegram", message_id=f"m{number}", address=address, inbound=inbound, ref=f"in{number}"))
    await home.service.settle()
    return phones.seen[address][before:]


async def cases(home: House) -> list[Opened]:
    """Every case, opened with the unit's key; its files too."""
    reads = home.service.reads
    unit = (await reads.units())[0].id
    found = []
    for case in await reads.all_cases():
        sealed = next(key.sealed for key in await reads.case_keys(case.id) if key.recipient_id == unit)
        key = open_key(sealed, private_key=UNIT.private, case_id=case.id, recipient_id=unit)
        records = [
            json.loads(open_sealed(row.sealed, private_key=key, case_id=case.id, record_id=row.id, version=row.version))
            for row in await reads.case_records(case.id)
            if row.kind != "return_address"
        ]
        files = [
            open_file(await reads.file_pieces(file_id), key=bytes.fromhex(file["key"]), evidence_id=file_id)
            for record in records
            for file in record.get("files", ())
            for file_id in (bytes.fromhex(file["id"]),)
        ]
        found.append(Opened(kind=case.kind, records=records, files=files))
    return found


def words(bubbles: list[Outbound]) -> str:
    """What was said."""
    return "\n".join(bubble.text for bubble in bubbles)
