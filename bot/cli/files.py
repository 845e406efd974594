"""A case's files, opened and written to a directory: part of `ruang-aman open`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.cli.command import CommandError
from bot.cli.store import opened
from bot.evidence.format import FORMATS
from bot.settings import Settings
from bot.vault.errors import SealError
from bot.vault.file import open_file

_EXTENSIONS = frozenset(found.extension for found in FORMATS.values())


def file_name(file: Mapping[str, Any]) -> str:
    """What a file is called: its id and the extension of its format, never what the sender called it. Raises CommandError."""
    name, extension = str(file.get("id")), str(file.get("extension"))
    if not re.fullmatch(r"[0-9a-f]{32}", name) or extension not in _EXTENSIONS:
        # The record may have been forged by somebody who can write to the database: it names no path on this machine.
        raise CommandError("A record of this case describes a file in a way that this program does not write: nothing was written.")
    return f"{name}.{extension}"


async def write_files(settings: Settings, records: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Path, ...]:
    """Writes every file that the records tell of into `folder` (made if it is missing, for its owner alone); gives the paths.

    Raises CommandError if a file is there already, does not open, or is not what its record says.
    """
    files = [file for record in records for file in record.get("files", ())]
    paths = {file["id"]: folder / file_name(file) for file in files}
    there = next((path for path in paths.values() if path.exists()), None)
    if there is not None:
        raise CommandError(f"{there} is there already: choose another directory with --files, nothing was written.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with opened(settings) as store:
            for file in {file["id"]: file for file in files}.values():
                content = _opened(file, await store.reads.file_pieces(bytes.fromhex(file["id"])))
                with open(os.open(paths[file["id"]], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
                    out.write(content)
    except OSError as error:
        raise CommandError(f"The files cannot be written to {folder}: {error.strerror}.") from None
    return tuple(paths.values())


def _opened(file: Mapping[str, Any], pieces: Sequence[bytes]) -> bytes:
    if not pieces:
        raise CommandError(f"The file {file['id']} is not in the database any more: its time was over, or somebody deleted it.")
    try:
        content = open_file(pieces, key=bytes.fromhex(str(file["key"])), evidence_id=bytes.fromhex(file["id"]))
    except (SealError, ValueError, KeyError):
        content = b""
    if hashlib.sha256(content).hexdigest() != file.get("clean_sha256"):
        raise CommandError(f"The file {file['id']} does not open: the database was changed by somebody.")
    return content
