"""open: reads a case with a unit's key file. Proof of reading, until there is a console."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace
from getpass import getpass
from pathlib import Path
from typing import Any

from bot.cli.command import Command, CommandError
from bot.cli.store import Store, opened
from bot.settings import Settings, load_settings
from bot.vault.errors import KeyFileError, RecoveryError, SealError
from bot.vault.key_file import KeyFile, is_locked, read_key_file
from bot.vault.recovery import combine
from bot.vault.seal import open_key, open_sealed


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("case", nargs="?", metavar="CASE", help="the beginning of the case's id; without it the cases are listed")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the unit's key file")
    parser.add_argument("--recovery", action="store_true", help="open with two recovery shares, read from standard input, one a line")
    parser.add_argument("--json", action="store_true", help="print the records as JSON")


async def _listed(settings: Settings) -> list[str]:
    async with opened(settings) as store:
        return [
            f"{row.id.hex()}  {row.kind:<10} {row.urgency:<9} {row.status}" for row in await store.reads.all_cases()
        ]  # fmt: skip


async def _case(store: Store, beginning: str) -> Any:
    try:
        low, high = (bytes.fromhex(beginning.ljust(32, digit)) for digit in "0f")
    except ValueError:
        raise CommandError("A case's id is written in the digits 0-9 and a-f: see the list that 'ruang-aman open' prints.") from None
    found = await store.reads.cases_between(low, high)
    if not found:
        raise CommandError(f"There is no case {beginning}: 'ruang-aman open' lists all.")
    if len(found) > 1:
        raise CommandError(f"More than one case begins with {beginning}: write more of the id.")
    return found[0]


async def records_of(settings: Settings, *, case: str, recipient: bytes | None, private: bytes) -> list[dict[str, Any]]:
    """A case's records in clear, oldest first. `recipient` is the unit's id, None for the recovery key.

    Raises CommandError if the case was never sealed to this key, and for a record that does not open in its place.
    """
    async with opened(settings) as store:
        row = await _case(store, case)
        if recipient is None:
            recovery = await store.reads.recovery()
            recipient = recovery.id if recovery is not None else b""
        sealed = next((key.sealed for key in await store.reads.case_keys(row.id) if key.recipient_id == recipient), None)
        if sealed is None:
            raise CommandError("This case was not sealed to this key: only the units that received it can open it.")
        records = []
        try:
            case_key = open_key(sealed, private_key=private, case_id=row.id, recipient_id=recipient)
            for record in await store.reads.case_records(row.id):
                if record.kind == "return_address":
                    records.append({"kind": "return_address", "note": "kept, and readable by the server alone"})
                    continue
                content = open_sealed(
                    record.sealed, private_key=case_key, case_id=row.id, record_id=record.id, version=record.version
                )  # fmt: skip
                records.append(json.loads(content))
        except SealError:
            raise CommandError("This case does not open: the key is not the right one, or the database was changed by somebody.") from None
    return records


def _shown(record: dict[str, Any]) -> str:
    lines = [f"— {record.get('kind')} · {record.get('told_at', '')} · {record.get('language', '')}"]
    for name, value in record.items():
        if name not in ("format", "kind", "told_at", "language"):
            lines.append(f"  {name}: {json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else value}")
    return "\n".join(lines)


def _key(given: Namespace) -> KeyFile:
    if given.key is None:
        raise CommandError("Say which key opens it: --key FILE, or --recovery.")
    try:
        passphrase = None
        if is_locked(given.key):
            passphrase = getpass("Passphrase of the key file: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        return read_key_file(given.key, passphrase=passphrase)
    except KeyFileError as error:
        raise CommandError(str(error)) from None


def _run(given: Namespace) -> int:
    settings = load_settings()
    if given.case is None:
        lines = asyncio.run(_listed(settings))
        print("\n".join(lines) if lines else "There are no cases.")
        return 0
    if given.recovery:
        try:
            recipient, private = None, combine([line.strip() for line in sys.stdin if line.strip()])
        except RecoveryError as error:
            raise CommandError(str(error)) from None
    else:
        key = _key(given)
        recipient, private = key.unit_id, key.private
    records = asyncio.run(records_of(settings, case=given.case.lower(), recipient=recipient, private=private))
    print(json.dumps(records, ensure_ascii=False, indent=2) if given.json else "\n\n".join(_shown(record) for record in records))
    return 0


OPEN = Command(arguments=_arguments, run=_run)
