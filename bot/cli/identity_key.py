"""identity-key: the key of one of the two roles that open an identity together. The private half goes to a file, to nowhere else."""

from __future__ import annotations

import asyncio
import secrets
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from actions.rows import Insert
from bot.cli.command import Command, CommandError
from bot.cli.store import opened, pins_of
from bot.cli.unit import KINDS, new_passphrase
from bot.settings import Settings, load_settings
from bot.shelf import load_shelf
from bot.storage.pins import pin_of_role
from bot.vault.errors import KeyFileError
from bot.vault.identity import ROLES
from bot.vault.key_file import write_key_file
from bot.vault.keys import generate_keypair


def _unknown(role: str, roles: tuple[str, ...]) -> str:
    if not roles:
        return "The city has not named two identity roles: mend identity_roles in data/city.yml (ruang-aman check says how)."
    return f"There is no identity role '{role}': identity_roles in data/city.yml names {' and '.join(roles)}."


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("role", metavar="ROLE", help="one of the two in identity_roles of data/city.yml")
    parser.add_argument("--kind", choices=KINDS, default="service", help="what sort of unit the role belongs to (default service)")
    parser.add_argument("--key", type=Path, metavar="FILE", help="where to write the role's private key (default ROLE.key here)")
    parser.add_argument("--no-passphrase", action="store_true", help="write the key file without asking for a passphrase")


async def add_role(settings: Settings, *, role: str, roles: tuple[str, ...], kind: str, key_file: Path, passphrase: str | None) -> bytes:
    """Makes a role's key: the private half goes to a file, the public half to the database. `roles` are the city's two. Gives the key's id.

    Raises CommandError if the role is none of the two or has a key, if two others have keys, if the key is somebody else's, or if the file
    exists.
    """
    if role not in roles:
        raise CommandError(_unknown(role, roles))
    async with opened(settings) as store, pins_of(settings) as pins:
        known = await store.reads.identity_roles()
        if any(row.role == role for row in known):
            raise CommandError(
                f"The role '{role}' has a key already, and what was sealed to it opens with that key alone: it is never made over. "
                "No command changes it."
            )
        if len(known) >= ROLES:
            held = " and ".join(row.role for row in known)
            raise CommandError(f"Two identity roles have keys already ({held}), and a third must not be: put data/city.yml back.")
        role_id, pair, now = secrets.token_bytes(16), generate_keypair(), int(time.time())
        recovery = await store.reads.recovery()
        others = [*known, *await store.reads.units(), *([recovery] if recovery is not None else [])]
        if any(other.public_key == pair.public for other in others):
            raise CommandError("This key is held by a unit, by recovery or by the other role: nothing was made. Try again.")
        try:
            write_key_file(key_file, private=pair.private, kind="identity", name=role, unit_id=role_id, passphrase=passphrase, created=now)
        except KeyFileError as error:
            raise CommandError(str(error)) from None
        row = {"role": role, "id": role_id, "kind": kind, "public_key": pair.public, "created_at": now}
        await pins.put(pin_of_role(row))
        await store.writer.write([Insert(table="identity_role", row=row)])
    return role_id


async def _missing(settings: Settings, roles: tuple[str, ...]) -> list[str]:
    async with opened(settings) as store:
        held = {row.role for row in await store.reads.identity_roles()}
    return [role for role in roles if role not in held]


def _run(given: Namespace) -> int:
    settings, roles = load_settings(), load_shelf().identity_roles
    key_file = given.key or Path(f"{given.role}.key")
    if given.role not in roles:  # said before a passphrase is asked for
        raise CommandError(_unknown(given.role, roles), status=2)
    passphrase = new_passphrase(given)
    asyncio.run(add_role(settings, role=given.role, roles=roles, kind=given.kind, key_file=key_file, passphrase=passphrase))
    print(f"The role '{given.role}' has a key. Its private half is in {key_file}: keep it where only the holder of the role can read it,")
    print("and a copy offline. It must never be in the same hands as the other role's. Recovery shares do not replace it.")
    missing = asyncio.run(_missing(settings, roles))
    if missing:
        print(f"Identities are asked for once the role '{missing[0]}' has a key, too.")
    else:
        print("Both roles have keys: a service that is running asks for identities within a minute.")
    return 0


IDENTITY_KEY = Command(arguments=_arguments, run=_run)
