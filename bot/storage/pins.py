"""What the service has seen with its own eyes and remembers apart from the database: which key is a unit's, who its root is, who was
admitted and who has gone. A database that says something else is not believed (`bot.trust`, `bot.units`).

No backup holds pins, and no command but those of the operator makes one by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actions.rows import Delete, Insert
from bot.storage import tables
from bot.storage.writer import Writer

UNIT, RECOVERY, ROLE, STAFF = "unit", "recovery", "identity_role", "staff"
ROWS, RECORDS, BOUND = "adopted", "vouched", "bound"
_NOBODY = bytes(16)
LEAVING = "leaving"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """One of them. `id` is the unit's, recovery key's, role's or colleague's.

    - unit: `name`, `kind`, `lead`, `public_key` (none before its first lead), `version` of that key, `mark` of its root (none likewise),
      `invite`: the hash of the link by which its first lead may come;
    - recovery: `public_key`, and `mark`, the public half that it signs with;
    - identity_role: `name`, `kind`, `public_key`;
    - staff: `mark` of who was admitted, `name` as they are shown; `gone` once removed;
    - leaving: nothing but the id of a colleague whose removal is being written.
    """

    what: str
    id: bytes
    name: str = ""
    kind: str = ""
    lead: int = 0
    public_key: bytes | None = None
    version: int = 0
    mark: bytes | None = None
    invite: bytes | None = None
    gone: int = 0


def pin_of_unit(row: Mapping[str, Any]) -> Pin:
    """The pin of a unit as it is made (a row of `unit`)."""
    return Pin(what=UNIT, id=row["id"], name=row["name"], kind=row["kind"], lead=row["lead"], public_key=row["public_key"])


def pin_of_recovery(row: Mapping[str, Any]) -> Pin:
    """The pin of the recovery key as it is made (a row of `recovery`)."""
    return Pin(what=RECOVERY, id=row["id"], public_key=row["public_key"], mark=row.get("signing_public"))


def pin_of_role(row: Mapping[str, Any]) -> Pin:
    """The pin of an identity role's key as it is made (a row of `identity_role`)."""
    return Pin(what=ROLE, id=row["id"], name=row["role"], kind=row["kind"], public_key=row["public_key"])


class Pins:
    """Over the key store's engine and its writer."""

    def __init__(self, engine: AsyncEngine, writer: Writer) -> None:
        self._engine, self._writer = engine, writer

    async def all(self) -> Mapping[str, Mapping[bytes, Pin]]:
        """Every pin, by what it is and its id."""
        found: dict[str, dict[bytes, Pin]] = {what: {} for what in (UNIT, RECOVERY, ROLE, STAFF, ROWS, RECORDS, BOUND)}
        columns = [tables.pin.c[name] for name in Pin.__slots__]
        async with self._engine.connect() as connection:
            for row in await connection.execute(select(*columns)):
                found.setdefault(row.what, {})[row.id] = Pin(**row._mapping)
        return found

    async def unit(self, unit_id: bytes) -> Pin | None:
        """A unit's pin, or None."""
        return (await self.all())[UNIT].get(unit_id)

    async def put(self, *pins: Pin) -> None:
        """Writes pins, each in the place of one of the same kind and id; durable when this returns."""
        rows = [{name: getattr(pin, name) for name in Pin.__slots__} for pin in pins]
        if rows:
            await self._writer.write([Insert(table="pin", row=row, replace=True) for row in rows])

    async def drop(self, what: str, pin_id: bytes) -> None:
        """Forgets one."""
        await self._writer.write([Delete(table="pin", key={"what": what, "id": pin_id})])

    async def expect(self, unit_id: bytes, invite: bytes | None) -> None:
        """A unit's first lead may come by the link with this hash; None: by no link any more. Nothing happens if the unit is not pinned."""
        pin = await self.unit(unit_id)
        if pin is not None:
            await self.put(replace(pin, invite=invite))

    async def left(self, staff_ids: Iterable[bytes]) -> None:
        """These colleagues have gone: nothing that they sign from now on is believed."""
        staff, gone = (await self.all())[STAFF], list(staff_ids)
        await self.put(*(replace(staff.get(one, Pin(what=STAFF, id=one)), gone=1) for one in gone))
        for one in gone:
            await self.stays(one)

    async def leaving(self, staff_id: bytes) -> None:
        """That a colleague goes is being written: `left` follows, or `stays`."""
        await self.put(Pin(what=LEAVING, id=staff_id))

    async def stays(self, staff_id: bytes) -> None:
        """Nobody is removing a colleague any more."""
        await self.drop(LEAVING, staff_id)

    async def under_way(self) -> list[bytes]:
        """The colleagues whose removal was begun, and of whom neither was said yet."""
        return sorted((await self.all()).get(LEAVING, ()))

    async def names(self) -> Mapping[bytes, str]:
        """What colleagues are called by whoever admitted them, by id."""
        return {pin.id: pin.name for pin in (await self.all())[STAFF].values() if pin.name}

    async def adopted(self, what: str = ROWS) -> bool:
        """Whether what was in the database when this store was new, or after a restore, has been taken over: `ROWS`,
        `RECORDS` or `BOUND`."""
        return _NOBODY in (await self.all())[what]

    async def set_adopted(self, done: bool, what: str = ROWS, *, bound: bool = True) -> None:
        """Says so; False, after a restore, of `ROWS` and `RECORDS`, and of `BOUND` where nothing in the backup was `bound` yet."""
        if done:
            await self.put(Pin(what=what, id=_NOBODY))
        else:
            again = (ROWS, RECORDS) if bound else (ROWS, RECORDS, BOUND)
            await self._writer.write([Delete(table="pin", key={"what": each}) for each in again])
