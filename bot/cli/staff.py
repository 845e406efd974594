"""staff invite: a link for a new colleague, good once and for a day. What comes of it is nobody until a lead admits them, or makes the
unit's key. staff admit: a new lead where nobody can admit any more, with two recovery shares (`bot.cli.admit`)."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import ArgumentParser, Namespace

from actions import audit
from actions.access import LEAD, ROLES
from bot.cli.admit import admit
from bot.cli.command import Command, CommandError
from bot.cli.store import opened, pins_of
from bot.desk.staff import hashed, new_invite
from bot.settings import Settings, load_settings


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["invite", "admit"], help="print a one-time link; or admit a lead with two recovery shares")
    parser.add_argument("name", nargs="?", metavar="NAME", help="admit: the name that the new lead signs in with")
    parser.add_argument("--unit", metavar="U", help="invite: the unit's name, as in 'unit add'")
    parser.add_argument("--role", choices=ROLES, metavar="R", help=f"invite: one of: {', '.join(ROLES)}")


async def invite(settings: Settings, *, unit: str, role: str) -> tuple[str, bool]:
    """Makes a link's token; whether whoever comes by it makes the unit's key. Raises CommandError if there is no such unit, or if nobody
    could ever admit the newcomer."""
    async with opened(settings) as store, pins_of(settings) as pins:
        row = next((one for one in await store.reads.units() if one.name == unit), None)
        if row is None:
            raise CommandError(f"There is no unit '{unit}': 'ruang-aman unit add' makes one.")
        first = not await store.staff.unit_keys(row.id)
        if first and role != LEAD:
            raise CommandError(f"The unit '{unit}' has no lead yet, who would have to admit the newcomer: invite one first (--role lead).")
        if not first and role != LEAD and not await store.staff.leads(row.id):
            raise CommandError(
                f"The unit '{unit}' has no active lead, who admits: invite a lead first, whom two recovery shares admit ('staff admit')."
            )
        now = int(time.time())
        token, change = new_invite(unit_id=row.id, role=role, made_by=None, staff_id=None, now=now)
        await store.audit.append(action=audit.STAFF_INVITED, subject=row.id, actors=[], at=now, along=[change])
        if first:
            await pins.expect(row.id, hashed(token))
    return token, first


def _run(given: Namespace) -> int:
    if given.what == "admit":
        return _admit(given)
    if not given.unit or not given.role or given.name:
        raise CommandError("Say for whom: staff invite --unit U --role R.", status=2)
    settings = load_settings()
    token, first = asyncio.run(invite(settings, unit=given.unit.strip(), role=given.role))
    print(f"{settings.public_url or 'http://localhost:8080'}/console#join={token}")
    print("The link is good once, for 24 hours. Hand it over yourself: whoever opens it first is who joins.")
    if first:
        print("Who comes by it makes the unit's key in their browser, and answers for it: the unit's fingerprint is theirs.")
    else:
        print("A lead of the unit then admits them in the console, after hearing six words from them in person.")
        if given.role == LEAD:
            print("If no lead can sign in any more: 'ruang-aman staff admit NAME', with two recovery shares.")
    if not settings.public_url:
        print("RUANG_AMAN_PUBLIC_URL is not set: put the address at which the console is reached in the place of http://localhost:8080.")
    return 0


def _line(prompt: str) -> str:
    if sys.stdin.isatty():
        return input(prompt)
    return sys.stdin.readline().rstrip("\n")


def _admit(given: Namespace) -> int:
    if not given.name or given.unit or given.role:
        raise CommandError("Say whom: staff admit NAME, the name that the new lead signs in with.", status=2)
    settings = load_settings()
    words = _line("The six words that the new lead reads out, in person: ")
    shares = [_line(f"Recovery share {number}: ") for number in (1, 2)]
    done = asyncio.run(admit(settings, name=given.name.strip().lower(), words=words, shares=shares, now=int(time.time())))
    print(f"'{given.name}' is a lead of '{done.unit}', and the unit has a new key. Cases that open with it: {done.sealed}.")
    if done.left:
        print(f"Cases that recovery cannot open, since they are older: {done.left}. They open for colleagues who had the former key.")
    if done.strange:
        print(
            f"Cases that the database gives to this unit, and this service did not: {done.strange}. Nothing of them was handed to it. If "
            "the service was not started since it was upgraded, or since a backup was restored, start it, then run this once more; else "
            "somebody has changed the database."
        )
    print("Next, in the console: the new lead removes the colleague whose passphrase is lost. Clear this screen; put the shares away.")
    return 0


STAFF = Command(arguments=_arguments, run=_run)
