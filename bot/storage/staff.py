"""What is read of staff: who they are, what they are invited with, their sessions, the units' keys. Written through the one writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.storage import tables
from bot.storage.reading import Source, rows_of

REMOVED: Mapping[str, Any] = {
    "state": "removed", "auth": "", "totp": None, "wrapped": b"", "telegram": None, "telephone": None, "on_call": None,
}  # fmt: skip
"""What the row of somebody who has gone holds: it says who signed what, and opens nothing."""


_OPEN = or_(
    tables.cases.c.status != "closed",
    select(tables.hand_off.c.id).where(tables.hand_off.c.case_id == tables.cases.c.id, tables.hand_off.c.state != "closed").exists(),
)


def _stale(unit_id: bytes, newest: int) -> ColumnElement[bool]:
    """Of the keys of cases: those that somebody has who had the unit's key before the newest one, and that can be done something about."""
    key = tables.case_key.c
    return and_(
        key.recipient_id == unit_id,
        or_(func.coalesce(key.version, 1) < newest, and_(_OPEN, func.coalesce(key.born, 1) < newest)),
    )


def former_name(name: str, staff_id: bytes) -> str:
    """The name of such a row, once somebody else has the name. Nobody can choose one with a tilde."""
    return name if "~" in name else f"{name}~{staff_id.hex()[:8]}"


class StaffStore:
    """All queries about staff. `writing` is for what is tidied up; without it nothing can be."""

    def __init__(self, reading: Source, *, writing: AsyncEngine | None = None) -> None:
        self._reading, self._writing = reading, writing

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        return await rows_of(self._reading, statement)

    async def _one(self, statement: Any) -> Row[Any] | None:
        rows = await self._all(statement)
        return rows[0] if rows else None

    async def unit(self, unit_id: bytes) -> Row[Any] | None:
        """A unit, or None."""
        return await self._one(select(tables.unit).where(tables.unit.c.id == unit_id))

    async def units(self) -> Sequence[Row[Any]]:
        """All units."""
        return await self._all(select(tables.unit))

    async def public_keys(self) -> set[bytes]:
        """Every public key that cases or identities are sealed to: units', recovery's, the identity roles'."""
        found: set[bytes] = set()
        for table in (tables.unit, tables.recovery, tables.identity_role, tables.unit_key):
            found |= {row[0] for row in await self._all(select(table.c.public_key)) if row[0] is not None}
        return found

    async def recovery(self) -> Row[Any] | None:
        """The newest recovery key, or None."""
        return await self._one(select(tables.recovery).order_by(tables.recovery.c.created_at.desc()).limit(1))

    async def member(self, staff_id: bytes) -> Row[Any] | None:
        """A colleague, or None."""
        return await self._one(select(tables.staff).where(tables.staff.c.id == staff_id))

    async def named(self, name: str) -> Row[Any] | None:
        """A colleague by the name that is signed in with, or None."""
        return await self._one(select(tables.staff).where(tables.staff.c.name == name))

    async def of_unit(self, unit_id: bytes) -> Sequence[Row[Any]]:
        """A unit's colleagues, removed ones too, in the order in which they came."""
        staff = tables.staff.c
        return await self._all(select(tables.staff).where(staff.unit_id == unit_id).order_by(staff.created_at, staff.id))

    async def everybody(self) -> Sequence[Row[Any]]:
        """All units' colleagues, removed ones too: whoever signed anything."""
        staff = tables.staff.c
        return await self._all(select(tables.staff).order_by(staff.unit_id, staff.created_at, staff.id))

    async def invite(self, token: bytes) -> Row[Any] | None:
        """An invitation by the hash of its token, or None."""
        return await self._one(select(tables.invite).where(tables.invite.c.token == token))

    async def invites(self, unit_id: bytes, *, now: int) -> Sequence[Row[Any]]:
        """A unit's invitations that are still good, the newest first."""
        invite = tables.invite.c
        good = select(tables.invite).where(invite.unit_id == unit_id, invite.until > now)
        return await self._all(good.order_by(invite.made_at.desc(), invite.token))

    async def contact_code(self, code: bytes) -> Row[Any] | None:
        """A code by which a chat or a number is linked, by its hash; None if there is none."""
        return await self._one(select(tables.contact_code).where(tables.contact_code.c.code == code))

    async def unit_keys(self, unit_id: bytes) -> Sequence[Row[Any]]:
        """The versions of a unit's key, the newest first."""
        key = tables.unit_key.c
        return await self._all(select(tables.unit_key).where(key.unit_id == unit_id).order_by(key.version.desc()))

    async def sealed_to(self, staff_id: bytes) -> Sequence[Row[Any]]:
        """The units' private keys that are sealed to a colleague: unit_id, version, sealed."""
        return await self._all(select(tables.unit_member).where(tables.unit_member.c.staff_id == staff_id))

    async def holders(self, unit_id: bytes, version: int) -> set[bytes]:
        """The ids of the colleagues to whom a version of a unit's key is sealed."""
        member = tables.unit_member.c
        return {row[0] for row in await self._all(select(member.staff_id).where(member.unit_id == unit_id, member.version == version))}

    async def holds_key(self, staff_id: bytes, unit_id: bytes) -> bool:
        """Whether the newest version of a unit's key is sealed to a colleague."""
        keys = await self.unit_keys(unit_id)
        return bool(keys) and staff_id in await self.holders(unit_id, keys[0].version)

    async def stale_case_keys(
        self, unit_id: bytes, *, newest: int, after: bytes = b"", most: int = 100
    ) -> Sequence[Row[Any]]:  # fmt: skip
        """The case keys that are sealed to a former key of a unit, and those of open cases that are from before the newest one, by the
        case's id, from one on: rows of case_id, sealed, version, tag, and the case's public_key, head and `open`. Those of which it is not
        known are from before the unit's key was ever changed."""
        if newest <= 1:
            return ()
        key, case = tables.case_key.c, tables.cases.c
        statement = (
            select(key.case_id, key.sealed, key.version, key.tag, case.public_key, case.head, _OPEN.label("open"))
            .join(tables.cases, case.id == key.case_id)
            .where(_stale(unit_id, newest), key.case_id > after)
            .order_by(key.case_id)
            .limit(most)
        )
        return await self._all(statement)

    async def count_stale_case_keys(self, unit_id: bytes, *, newest: int) -> int:
        """How many there are."""
        if newest <= 1:
            return 0  # it was never changed: nothing has to be counted
        key, case = tables.case_key.c, tables.cases.c
        query = select(func.count()).select_from(tables.case_key).join(tables.cases, case.id == key.case_id).where(_stale(unit_id, newest))
        return int((await rows_of(self._reading, query))[0][0])

    async def readers(self, case_ids: Sequence[bytes]) -> Sequence[Row[Any]]:
        """To whom some cases are sealed, as the database says: rows of case_id, recipient_id, tag."""
        key = tables.case_key.c
        columns = (key.case_id, key.recipient_id, key.tag)
        return await self._all(select(*columns).where(key.case_id.in_(case_ids)).order_by(key.recipient_id))

    async def case(self, case_id: bytes) -> Row[Any] | None:
        """A case's row, or None."""
        return await self._one(select(tables.cases).where(tables.cases.c.id == case_id))

    async def whose_session(self, session_id: bytes) -> bytes | None:
        """Whose a session is, by its id; None if there is none."""
        row = await self._one(select(tables.staff_session.c.staff_id).where(tables.staff_session.c.id == session_id))
        return row.staff_id if row is not None else None

    async def session(self, token: bytes) -> tuple[Row[Any], Row[Any]] | None:
        """A session by the hash of its cookie, and whose it is; None if there is none."""
        session = await self._one(select(tables.staff_session).where(tables.staff_session.c.token == token))
        staff = await self.member(session.staff_id) if session is not None else None
        return (session, staff) if session is not None and staff is not None else None

    async def sessions(self, staff_id: bytes) -> Sequence[Row[Any]]:
        """A colleague's sessions, the newest first."""
        session = tables.staff_session.c
        mine = select(tables.staff_session).where(session.staff_id == staff_id)
        return await self._all(mine.order_by(session.created_at.desc(), session.id))

    async def tries(self, scopes: Sequence[bytes]) -> dict[bytes, Row[Any]]:
        """What is counted of tries to sign in, by scope."""
        found = await self._all(select(tables.sign_in_try).where(tables.sign_in_try.c.scope.in_(scopes)))
        return {row.scope: row for row in found}

    async def leads(self, unit_id: bytes) -> int:
        """How many leads of a unit are active."""
        staff = tables.staff.c
        query = select(func.count()).where(staff.unit_id == unit_id, staff.role == "lead", staff.state == "active")
        return int((await rows_of(self._reading, query))[0][0])

    async def tidy(self, *, now: int, idle_since: int, tried_before: int) -> None:
        """Deletes what is over at a moment (seconds since 1970): invitations, codes for contacts, sessions, counted tries."""
        session = tables.staff_session.c
        if self._writing is None:
            raise ValueError("this store only reads")
        async with self._writing.begin() as connection:
            for good_until in (tables.invite, tables.contact_code):
                await connection.execute(delete(good_until).where(good_until.c.until <= now))
            await connection.execute(delete(tables.staff_session).where(or_(session.until <= now, session.seen_at < idle_since)))
            await connection.execute(delete(tables.sign_in_try).where(tables.sign_in_try.c.at < tried_before))
