"""audit: what was opened and who came and went, by which keys; and whether the chain of it still holds."""

from __future__ import annotations

import asyncio
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime

from actions.audit import Link, faults
from bot.cli.command import Command
from bot.cli.store import Store, opened
from bot.settings import Settings, load_settings


def _head(text: str) -> tuple[int, bytes]:
    match = re.fullmatch(r"(\d{1,9}):([0-9a-f]{64})", text.strip().lower())
    if match is None:
        raise ArgumentTypeError("a head is written NUMBER:HASH, as 'ruang-aman audit' prints it")
    return int(match[1]), bytes.fromhex(match[2])


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--verify", action="store_true", help="say whether anything was changed, removed, put in or moved")
    parser.add_argument("--head", type=_head, metavar="NUMBER:HASH", help="a head that was noted earlier: it must still be in the chain")


async def _names(store: Store) -> dict[bytes, str]:
    """Whose key an id is, as far as the database knows."""
    recovery = await store.reads.recovery()
    names = {unit.id: f"unit {unit.name}" for unit in await store.reads.units()}
    names |= {row.id: f"role {row.role}" for row in await store.reads.identity_roles()}
    names |= {row.id: f"{row.role.replace('_', ' ')} {row.name}" for row in await store.staff.everybody()}
    return names | ({recovery.id: "recovery"} if recovery is not None else {})


async def _chain(settings: Settings) -> tuple[list[Link], dict[bytes, str]]:
    async with opened(settings) as store:
        return await store.audit.links(), await _names(store)


def _line(link: Link, names: dict[bytes, str]) -> str:
    entry = link.entry
    at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    who = ", ".join(names.get(actor, f"key {actor.hex()}") for actor in entry.actors) or "at the command line"
    return f"{entry.number:>6}  {at}  {entry.action:<16}  {entry.subject.hex() if entry.subject else '-':<32}  {who}"


def _run(given: Namespace) -> int:
    links, names = asyncio.run(_chain(load_settings()))
    for link in links:
        print(_line(link, names))
    if not links:
        print("Nothing was opened yet.")
    else:
        print(f"Head: {links[-1].entry.number}:{links[-1].hash.hex()}")
    if not (given.verify or given.head):
        return 0
    found = list(faults(links, head=given.head))
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        print("The audit chain does not hold: find out who could write to the database.", file=sys.stderr)
        return 1
    noted = "" if given.head else " An end that was cut off shows only against a head that was noted elsewhere (--head)."
    print(f"The chain holds: {len(links)} {'entry' if len(links) == 1 else 'entries'}.{noted}")
    return 0


AUDIT = Command(arguments=_arguments, run=_run)
