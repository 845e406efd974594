"""unit add, recovery-key: who can read what is reported. Private keys are never stored by the service: a unit's is made in its first lead's
browser, or here if a key file is asked for."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from argparse import ArgumentParser, Namespace
from getpass import getpass
from pathlib import Path

from actions.rows import Insert
from bot.cli.command import Command, CommandError
from bot.cli.store import opened, pins_of
from bot.settings import Settings, load_settings
from bot.storage.pins import pin_of_recovery, pin_of_unit
from bot.vault.errors import KeyFileError
from bot.vault.key_file import write_key_file
from bot.vault.keys import generate_keypair
from bot.vault.recovery import new_recovery

KINDS = ("service", "school", "health", "kelurahan", "police", "legal")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["add"], help="add a unit")
    parser.add_argument("name", metavar="NAME", help="the unit's name, for example 'UPTD PPA'")
    parser.add_argument("--kind", choices=KINDS, default="service", help="what sort of unit it is (default service)")
    parser.add_argument("--lead", action="store_true", help="it also receives reports that concern the service itself")
    parser.add_argument("--key", type=Path, metavar="FILE", help="make the unit's key now and write its private half here")
    parser.add_argument("--no-passphrase", action="store_true", help="write the key file without asking for a passphrase")


def new_passphrase(given: Namespace) -> str | None:
    """The passphrase for a new key file, typed twice; None if there is to be none. Raises CommandError if the two differ."""
    if given.no_passphrase or not sys.stdin.isatty():
        return None
    first = getpass("Passphrase for the key file (empty: none): ")
    if first and getpass("The same again: ") != first:
        raise CommandError("The two passphrases differ: nothing was made. Try again.")
    return first or None


async def add_unit(
    settings: Settings, *, name: str, kind: str, lead: bool, key_file: Path | None = None, passphrase: str | None = None
) -> bytes:  # fmt: skip
    """Makes a unit; gives its id. With a key file it has a key at once: the private half goes there, the public half to the database. What
    it is and which key it has is pinned in the key store.

    Raises CommandError if the name is taken or the file exists.
    """
    async with opened(settings) as store, pins_of(settings) as pins:
        if any(unit.name == name for unit in await store.reads.units()):
            raise CommandError(f"There is a unit '{name}' already: choose another name.")
        unit_id, now, public = secrets.token_bytes(16), int(time.time()), None
        if key_file is not None:
            pair = generate_keypair()
            public = pair.public
            if any(role.public_key == public for role in await store.reads.identity_roles()):
                raise CommandError("This key is an identity role's: a unit needs one of its own. Try again.")
            try:
                write_key_file(key_file, private=pair.private, kind="unit", name=name, unit_id=unit_id, passphrase=passphrase, created=now)
            except KeyFileError as error:
                raise CommandError(str(error)) from None
        row = {"id": unit_id, "name": name, "kind": kind, "lead": int(lead), "public_key": public, "created_at": now}
        await pins.put(pin_of_unit(row))  # first: a row without a pin is nobody's
        await store.writer.write([Insert(table="unit", row=row)])
    return unit_id


def _run(given: Namespace) -> int:
    name = given.name.strip()
    if not name or len(name) > 80:
        raise CommandError("A unit's name has 1 to 80 characters.")
    settings, key_file = load_settings(), given.key
    passphrase = new_passphrase(given) if key_file is not None else None
    asyncio.run(add_unit(settings, name=name, kind=given.kind, lead=given.lead, key_file=key_file, passphrase=passphrase))
    if key_file is None:
        print(f"There is a unit '{name}'. It receives reports once its first lead has joined, whose browser makes the unit's key:")
        print(f"ruang-aman staff invite --unit '{name}' --role lead")
        return 0
    print(f"The unit '{name}' can receive reports. Its private key is in {key_file}: keep it where only the unit can read it,")
    print("and a copy offline. Without it nobody can open what is sealed to the unit, and nobody can make it again. Its first lead")
    print("reads it into the console once. A service that is running takes the unit up within a minute.")
    return 0


def _no_arguments(parser: ArgumentParser) -> None:
    return


async def _recovery(settings: Settings) -> tuple[str, ...]:
    async with opened(settings) as store, pins_of(settings) as pins:
        if await store.reads.recovery() is not None:
            raise CommandError("There is a recovery key already; a second one would leave it unclear which shares open which case.")
        made, shares = new_recovery()
        row = {
            "id": secrets.token_bytes(16), "public_key": made.public, "created_at": int(time.time()),
            "signing_public": made.signing_public,
        }  # fmt: skip
        await pins.put(pin_of_recovery(row))
        await store.writer.write([Insert(table="recovery", row=row)])
    return tuple(shares)


def _run_recovery(given: Namespace) -> int:
    shares = asyncio.run(_recovery(load_settings()))
    print("The recovery key. Any two of these three shares open every case made from now on (not identities).")
    print("Print them, give each to another person, then clear this screen: they are stored nowhere and cannot be shown again.\n")
    for number, share in enumerate(shares, start=1):
        print(f"Share {number} of 3:\n  {share}\n")
    return 0


UNIT = Command(arguments=_arguments, run=_run)
RECOVERY_KEY = Command(arguments=_no_arguments, run=_run_recovery)
