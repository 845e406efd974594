"""Files of the web chat between their arrival and their turn: sealed under a key of their own, which lies in the locked message.

There is no platform that would keep them, and a person may still be asked whether a picture is really to be sent: until then it waits
here, as unreadable to others as everything else of the conversation, and goes with the commit that takes or refuses it.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence

from actions.evidence import file_gone, file_rows
from actions.rows import Change
from bot.storage.reads import Reads
from bot.vault.errors import SealError
from bot.vault.file import open_file, seal_file

_HANDLE = re.compile(r"staged:([0-9a-f]{32}):([0-9a-f]{64})")


def is_staged(handle: str) -> bool:
    """Whether a handle is of a file that waits here."""
    return _HANDLE.fullmatch(handle) is not None


async def stage(content: bytes) -> tuple[str, Sequence[bytes]]:
    """(handle, sealed pieces) of a file that just came."""
    file_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
    pieces = await asyncio.to_thread(lambda: tuple(seal_file(content, key=key, evidence_id=file_id)))
    return f"staged:{file_id.hex()}:{key.hex()}", pieces


def staged_rows(handle: str, pieces: Sequence[bytes], conversation_id: bytes, *, now: int) -> list[Change]:
    """The rows of a file that waits."""
    return file_rows(_id(handle), conversation_id, pieces, now=now)


def unstaged_rows(handle: str) -> list[Change]:
    """The rows of a file that waited go."""
    return file_gone(_id(handle))


async def opened_staged(handle: str, reads: Reads) -> bytes:
    """The file. Raises SealError if it is not there any more, or was changed."""
    found = _HANDLE.fullmatch(handle)
    if found is None:
        raise SealError
    file_id = bytes.fromhex(found[1])
    pieces = await reads.file_pieces(file_id)
    return await asyncio.to_thread(lambda: open_file(pieces, key=bytes.fromhex(found[2]), evidence_id=file_id))


def _id(handle: str) -> bytes:
    found = _HANDLE.fullmatch(handle)
    if found is None:
        raise ValueError("no staged file")
    return bytes.fromhex(found[1])
