"""Fulfils `actions.ports.Files`: fetched into memory, hashed, cleaned in the worker, sealed. Nothing of it touches a disk in clear."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Mapping

from actions.ports import FileKept
from bot.channels.base import Channel, Fetching, Refused, TryLater
from bot.evidence.cleaner import Cleaner
from bot.evidence.errors import NotTaken
from bot.evidence.format import LARGEST, Format
from bot.evidence.staging import is_staged, opened_staged
from bot.storage.reads import Reads
from bot.vault.errors import VaultError
from bot.vault.file import seal_file

log = logging.getLogger(__name__)

AT_ONCE = 4  # files in memory: each may cost three times its size here, and the worker's own
TAKE_SECONDS = 30.0  # for waiting, fetching and cleaning together: what a person writes next waits behind it
OPEN_PIECES = 32_768  # of 64 KiB, in all open conversations together: 2 GiB, so that nobody fills the disk by sending files
_TRIES = 2
_PAUSE = 1.0


class FileDesk:
    """Files, over the channels that keep them and the database, where the web chat's wait."""

    def __init__(self, *, channels: Mapping[str, Channel], reads: Reads, cleaner: Cleaner | None = None) -> None:
        self._channels, self._reads = channels, reads
        self._cleaner = cleaner or Cleaner()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def apart(self, channel: str) -> bool:
        """Whether the platform keeps files apart from the chat: everywhere but where the channel says that the file is the message."""
        return not getattr(self._channels.get(channel), "file_is_message", False)

    async def take(self, *, channel: str, handle: str, kind: str, size: int | None) -> FileKept | str:
        """As the port says. A file of another kind than the one that was asked about is wrong_type: a picture must not come in as a
        document, past the warning."""
        if size is not None and size > LARGEST:
            return "too_big"
        try:
            async with asyncio.timeout(TAKE_SECONDS), self._slots:
                await self.check_room()
                content = await self._content(channel, handle)
                found, cleaned = await self._cleaner.clean(content)
                if found.kind != kind:
                    raise NotTaken("wrong_type")
                return await asyncio.to_thread(_sealed, content, found, cleaned)
        except NotTaken as error:
            log.info("file_not_taken", extra={"channel": channel, "code": error.code})
            return error.code
        except TimeoutError:
            log.warning("file_unreachable", extra={"channel": channel, "code": "slow"})
            return "unreachable"

    async def check_room(self) -> None:
        """Raises NotTaken while the files of open conversations take up all the room that they may."""
        if await self._reads.open_pieces() >= OPEN_PIECES:
            log.error("files_full")
            raise NotTaken("error")

    async def _content(self, channel: str, handle: str) -> bytes:
        if is_staged(handle):
            try:
                return await opened_staged(handle, self._reads)
            except VaultError:  # it went with an earlier key, or somebody changed the database
                raise NotTaken("unreachable") from None
        platform: object = self._channels.get(channel)
        if not isinstance(platform, Fetching):
            raise NotTaken("error")
        code = "unreachable"
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE)
            try:
                return await _bounded(platform.fetch(handle))
            except TryLater as error:
                code = error.code
            except Refused as error:
                code = error.code
                break
        log.warning("file_unreachable", extra={"channel": channel, "code": code})
        raise NotTaken("too_big" if code.endswith("too_big") else "unreachable")


def _sealed(content: bytes, found: Format, cleaned: bytes) -> FileKept:
    """In a thread: hashing and sealing 16 MB takes as long as many people's replies."""
    file_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
    return FileKept(
        id=file_id, key=key, kind=found.kind, content_type=found.content_type, extension=found.extension, size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), clean_size=len(cleaned), clean_sha256=hashlib.sha256(cleaned).hexdigest(),
        pieces=tuple(seal_file(cleaned, key=key, evidence_id=file_id)),
    )  # fmt: skip


async def _bounded(pieces: AsyncIterator[bytes]) -> bytes:
    """All pieces together. Raises NotTaken as soon as they are too many."""
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > LARGEST:
            raise NotTaken("too_big")
    return bytes(content)
