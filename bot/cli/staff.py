"""staff invite: a link for a new colleague, good once and for a day. What comes of it is nobody until a lead admits them, or makes the
unit's key."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace

from actions import audit
from actions.access import LEAD, ROLES
from bot.cli.command import Command, CommandError
from bot.cli.store import opened
from bot.desk.staff import new_invite
from bot.settings import Settings, load_settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["invite"], help="print a one-time link")
    parser.add_argument("--unit", required=True, metavar="U", help="the unit's name, as in 'unit add'")
    parser.add_argument("--role", required=True, choices=ROLES, metavar="R", help=f"one of: {', '.join(ROLES)}")


async def invite(settings: Settings, *, unit: str, role: str) -> tuple[str, bool]:
    """Makes a link's token; whether whoever comes by it makes the unit's key. Raises CommandError if there is no such unit, or if nobody
    could ever admit the newcomer."""
    async with opened(settings) as store:
        row = next((one for one in await store.reads.units() if one.name == unit), None)
        if row is None:
            raise CommandError(f"There is no unit '{unit}': 'ruang-aman unit add' makes one.")
        first = not await store.staff.unit_keys(row.id)
        if first and role != LEAD:
            raise CommandError(f"The unit '{unit}' has no lead yet, who would have to admit the newcomer: invite one first (--role lead).")
        if not first and not await store.staff.leads(row.id):
            raise CommandError(f"The unit '{unit}' has no active lead, who admits: make another unit; recovery opens its cases.")
        now = int(time.time())
        token, change = new_invite(unit_id=row.id, role=role, made_by=None, staff_id=None, now=now)
        await store.audit.append(action=audit.STAFF_INVITED, subject=row.id, actors=[], at=now, along=[change])
    return token, first


def _run(given: Namespace) -> int:
    settings = load_settings()
    token, first = asyncio.run(invite(settings, unit=given.unit.strip(), role=given.role))
    print(f"{settings.public_url or 'http://localhost:8080'}/console#join={token}")
    print("The link is good once, for 24 hours. Hand it over yourself: whoever opens it first is who joins.")
    if first:
        print("Who comes by it makes the unit's key in their browser, and answers for it: the unit's fingerprint is theirs.")
    else:
        print("A lead of the unit then admits them in the console, after hearing six words from them in person.")
    if not settings.public_url:
        print("RUANG_AMAN_PUBLIC_URL is not set: put the address at which the console is reached in the place of http://localhost:8080.")
    return 0


STAFF = Command(arguments=_arguments, run=_run)
