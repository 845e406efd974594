"""open: reads a case with a unit's key file, or an identity with two. Proof of reading, until there is a console."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from actions import audit, identity
from actions.rows import Insert
from bot.cli.command import Command, CommandError
from bot.cli.files import file_name, write_files
from bot.cli.store import Store, opened
from bot.pepper import read_pepper
from bot.settings import Settings, load_settings
from bot.storage.faults import Moved
from bot.vault.errors import KeyFileError, RecoveryError, SealError
from bot.vault.former_key import KIND as KEY
from bot.vault.former_key import keys_of, open_any
from bot.vault.identity import open_identity
from bot.vault.key_file import KeyFile, is_locked, read_key_file
from bot.vault.keys import public_of
from bot.vault.recovery import combine
from bot.vault.row_tag import RowTags
from bot.vault.seal import open_key, seal
from bot.vault.witness import Witness, complete
from bot.witnessing import Witnessing

_CHANGED = "This case does not open: the key is not the right one, or the database was changed by somebody."


_INVENTED = (
    "This case does not open: a record of it is none that this service wrote, or one was taken away. Somebody changed the database, or the "
    "service has not been started since it was upgraded."
)


_DOUBTFUL = (
    "The identity is not opened: the key of this case is none that this service made, and the reason would be sealed to somebody else. "
    "Somebody changed the database, or the service has not been started since it was upgraded."
)


_UNCHECKED = (
    "The pepper file is not here, so nothing says whether the service wrote what this case holds: somebody who could write to the database "
    "may have added to it."
)


def _pepper(settings: Settings) -> bytes:
    return read_pepper(settings.pepper_file, receipts_exist=True)


def _vouched(settings: Settings, records: Sequence[Any], *, told: int) -> bool:
    """Whether what no colleague wrote was written by the service, and is all there; without the pepper nobody can tell, and cases have to
    open all the same."""
    if not settings.pepper_file.exists():
        return True
    witness = Witness(_pepper(settings))
    unsigned = [record for record in records if record.author_id is None]
    return all(map(witness.wrote, unsigned)) and complete([record.number or 0 for record in unsigned], told)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("case", nargs="?", metavar="CASE", help="the beginning of the case's id; without it the cases are listed")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", action="append", default=[], help="the unit's key file; with --identity twice, one of each role"
    )
    parser.add_argument("--recovery", action="store_true", help="open with two recovery shares, read from standard input, one a line")
    parser.add_argument("--files", type=Path, metavar="DIR", help="write the case's files into this directory, cleaned and in clear")
    parser.add_argument("--identity", action="store_true", help="open the identity that the reporter gave, with the keys of both roles")
    parser.add_argument("--reason", metavar="TEXT", help="why the identity is opened: sealed into the case; asked for if not given")
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
    """A case's records in clear, oldest first. `recipient` is the unit's id, None for the recovery key. The opening is in the audit chain
    before anything is given back.

    Raises CommandError if the case was never sealed to this key, and for a record that does not open in its place.
    """
    async with opened(settings) as store:
        row = await _case(store, case)
        action = audit.CASE_OPENED
        if recipient is None:
            recovery = await store.reads.recovery()
            recipient, action = recovery.id if recovery is not None else b"", audit.CASE_RECOVERED
        sealed = next((key.sealed for key in await store.reads.case_keys(row.id) if key.recipient_id == recipient), None)
        if sealed is None:
            raise CommandError("This case was not sealed to this key: only the units that received it can open it.")
        records = []
        try:
            case_key = open_key(sealed, private_key=private, case_id=row.id, recipient_id=recipient)
            if public_of(case_key) != row.public_key:
                raise SealError  # what is added from now on would be sealed to somebody else
            await store.audit.append(action=action, subject=row.id, actors=[recipient], at=int(time.time()))
            stored = await store.reads.case_records(row.id)
            keys = keys_of(case_key, [record for record in stored if record.kind == KEY], case_id=row.id)
            if not _vouched(settings, stored, told=row.told or 0):
                raise CommandError(_INVENTED)
            for record in stored:
                if record.kind == KEY:
                    records.append({"kind": KEY, "note": "from here on the case has another key"})
                    continue
                if record.kind == "return_address":
                    records.append({"kind": "return_address", "note": "kept, and readable by the server alone"})
                    continue
                if record.kind == identity.KIND:
                    records.append({"kind": identity.KIND, "note": "sealed to two roles; only both together open it (--identity)"})
                    continue
                content = open_any(record.sealed, keys, case_id=row.id, record_id=record.id, version=record.version)
                records.append(json.loads(content))
        except SealError:
            raise CommandError(_CHANGED) from None
    return records


async def identity_of(settings: Settings, *, case: str, keys: Sequence[KeyFile], reason: str) -> list[dict[str, str]]:
    """What a reporter gave as an identity, opened with the keys of both roles. The reason is sealed into the case, and the opening is in
    the audit chain, before anything is given back.

    Raises CommandError without a reason, unless the keys are those of two different roles, if nothing was given, if it does not open, or if
    the reason would be sealed to a key that is not the case's.
    """
    if not reason.strip():
        raise CommandError("An identity is opened for a reason only: say it with --reason. It is sealed into the case.")
    roles = sorted(key.name for key in keys)
    if len(keys) != 2 or any(key.kind != "identity" for key in keys):
        raise CommandError("An identity is opened with the key files of the two identity roles: --key FILE --key FILE.")
    if roles[0] == roles[1] or keys[0].private == keys[1].private:
        raise CommandError("These are two key files of one role: an identity is opened by two, each with a key of its own.")
    async with opened(settings) as store:
        row = await _case(store, case)
        records = [record for record in await store.reads.case_records(row.id) if record.kind == identity.KIND]
        if not records:
            raise CommandError("No identity was given in this case.")
        if not RowTags(_pepper(settings)).wrote_case(row):
            raise CommandError(_DOUBTFUL)
        private = {key.name: key.private for key in keys}
        try:
            found = [
                identity.given_of(
                    open_identity(r.sealed, private_keys=private, case_id=row.id, record_id=r.id, version=r.version)
                )
                for r in records
            ]  # fmt: skip
        except (SealError, ValueError):
            raise CommandError(
                "This identity does not open: these are not the two keys that it was sealed to, or the database was changed by somebody."
            ) from None
        ids = [key.unit_id for key in sorted(keys, key=lambda key: key.name)]
        now = datetime.now(UTC)
        why = identity.opening(reason=reason, roles=roles, keys=ids, language=row.language, now=now)
        record_id, moment = secrets.token_bytes(16), int(now.timestamp())
        sealed = seal(why, public_key=row.public_key, case_id=row.id, record_id=record_id, version=1)
        entry = {
            "id": record_id, "case_id": row.id, "version": 1, "kind": identity.OPENED, "created_at": moment, "sealed": sealed,
        }  # fmt: skip
        witnessing = Witnessing(store.writer, Witness(_pepper(settings)), store.reads)
        for last in (False, True):  # something may come to the case meanwhile
            along, requires = await witnessing.signed([Insert(table="case_record", row=entry)])
            try:
                await store.audit.append(
                    action=audit.IDENTITY_OPENED, subject=row.id, actors=ids, at=moment, along=along, requires=requires
                )  # fmt: skip
                break
            except Moved:
                if last:
                    raise
    return found


def _line(file: dict[str, Any]) -> str:
    return (
        f"{file.get('kind')} {file_name(file)} · {file.get('clean_size')} bytes, sha256 {file.get('clean_sha256')} · "
        f"as it came: {file.get('size')} bytes, sha256 {file.get('sha256')}"
    )


def _shown(record: dict[str, Any]) -> str:
    if record.get("kind") == identity.KIND:
        return f"— identity: {record['note']}"
    lines = [f"— {record.get('kind')} · {record.get('told_at', '')} · {record.get('language', '')}"]
    for name, value in record.items():
        if name == "files":
            lines += [f"  file: {_line(file)}" for file in value]
        elif name not in ("format", "kind", "told_at", "language"):
            lines.append(f"  {name}: {json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else value}")
    return "\n".join(lines)


def _typed(prompt: str, *, hidden: bool) -> str:
    """A line that is asked for at a terminal, or the next one of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass(prompt) if hidden else input(prompt)


def _key(path: Path) -> KeyFile:
    try:
        passphrase = _typed(f"Passphrase of {path.name}: ", hidden=True) if is_locked(path) else None
        return read_key_file(path, passphrase=passphrase)
    except KeyFileError as error:
        raise CommandError(str(error)) from None


def _unit_key(given: Namespace) -> KeyFile:
    if len(given.key) != 1:
        raise CommandError("Say which key opens it: one --key FILE, or --recovery.")
    key = _key(given.key[0])
    if key.kind == "identity":
        raise CommandError("This key opens identities, together with the other role's (--identity); a case is opened with a unit's key.")
    return key


def _run_identity(settings: Settings, given: Namespace) -> int:
    if given.recovery:
        raise CommandError("Recovery shares open no identity: it takes the keys of both roles, --key FILE --key FILE.")
    keys = [_key(path) for path in given.key]
    reason = given.reason if given.reason is not None else _typed("Why is it opened? (sealed into the case) ", hidden=False)
    found = asyncio.run(identity_of(settings, case=given.case.lower(), keys=keys, reason=reason))
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join("\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in one.items()) for one in found))
    return 0


def _run(given: Namespace) -> int:
    settings = load_settings()
    if given.case is None:
        lines = asyncio.run(_listed(settings))
        print("\n".join(lines) if lines else "There are no cases.")
        return 0
    if given.identity:
        return _run_identity(settings, given)
    if given.recovery:
        try:
            recipient, private = None, combine([line.strip() for line in sys.stdin if line.strip()])
        except RecoveryError as error:
            raise CommandError(str(error)) from None
    else:
        key = _unit_key(given)
        recipient, private = key.unit_id, key.private
    if not settings.pepper_file.exists():
        print(_UNCHECKED, file=sys.stderr)
    records = asyncio.run(records_of(settings, case=given.case.lower(), recipient=recipient, private=private))
    written = asyncio.run(write_files(settings, records, given.files)) if given.files is not None else ()
    for record in records:
        for file in record.get("files", ()):
            file.pop("key", None)  # it has done its work, and a screen is no place for it
    print(json.dumps(records, ensure_ascii=False, indent=2) if given.json else "\n\n".join(_shown(record) for record in records))
    for path in written:
        print(f"written: {path}", file=sys.stderr)
    return 0


OPEN = Command(arguments=_arguments, run=_run)
