"""Colleagues: invited by a link, born with keys of their own in their browser, admitted by a lead who heard their words."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions import audit
from actions.access import LEAD, ROLES, Who
from actions.colleague import CAPACITY, LANGUAGES, MOST_CAPACITY, SKILLS
from actions.rows import Change, Delete, Insert, Require, Update
from bot.desk import totp
from bot.desk.errors import Refused
from bot.desk.leaving import Leaving
from bot.desk.permission import Permission
from bot.desk.session import NewSession, SessionBook
from bot.desk.sign_in import NAME, SignedIn, SignIn, name_of
from bot.storage.audit import AuditChain
from bot.storage.faults import Moved, is_double
from bot.storage.key_store import KeyStore
from bot.storage.pins import STAFF, Pin
from bot.storage.staff import REMOVED, StaffStore, former_name
from bot.vault.certificate import Holder, check_certificate, check_unit_key, holder_mark, root_mark
from bot.vault.errors import SignatureError
from bot.vault.member import SEALED_BYTES
from bot.vault.staff_auth import WRAPPED_BYTES

INVITE_SECONDS = 24 * 3600
INVITE_BYTES = 32  # of the hash that stands for a link
FIRST_VERSION = 1
SHOWN_MOST = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstKey:
    """A unit's first key, made in its first lead's browser (or read there from the unit's key file): the public half, the lead's
    signature over it, the private half sealed to the lead."""

    public: bytes
    signature: bytes
    sealed: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Joining:
    """Who comes by a link, as their browser says it. `certificate` and `unit_key`: only of a unit's first lead."""

    token: str = field(repr=False)
    id: bytes
    name: str
    shown: str
    languages: tuple[str, ...]
    salt: bytes
    auth: bytes = field(repr=False)
    sealing_public: bytes
    signing_public: bytes
    wrapped: bytes
    seed: bytes | None = field(default=None, repr=False)
    code: str = field(default="", repr=False)
    certificate: bytes | None = None
    unit_key: FirstKey | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """What a link is for. `first`: who comes makes the unit's key; `key_public`: it has one in a key file, to be read. `name`: taken over
    from somebody whose keys are lost."""

    unit: Any
    role: str
    first: bool
    key_public: bytes | None
    name: str | None


def hashed(token: str) -> bytes:
    """What is stored of a link's token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_invite(*, unit_id: bytes, role: str, made_by: bytes | None, staff_id: bytes | None, now: int) -> tuple[str, Change]:
    """A link's token, and the row that stands for it."""
    token = secrets.token_urlsafe(32)
    row = {
        "token": hashed(token), "unit_id": unit_id, "role": role, "staff_id": staff_id, "made_by": made_by, "made_at": now,
        "until": now + INVITE_SECONDS,
    }  # fmt: skip
    return token, Insert(table="invite", row=row)


class StaffDesk:
    """Inviting and joining. `changed` is called when the units' keys are not what they were; `clock` gives seconds since 1970."""

    def __init__(
        self, *, store: StaffStore, chain: AuditChain, keys: KeyStore, sign_in: SignIn, sessions: SessionBook,
        changed: Callable[[], Awaitable[None]], clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._store, self._chain, self._keys = store, chain, keys
        self._sign_in, self._sessions = sign_in, sessions
        self._changed, self._clock = changed, clock
        self._permission = Permission(chain, clock)
        self._leaving = Leaving(store=store, keys=keys, clock=clock)

    async def invite(self, by: Who, *, role: str, staff_id: bytes | None = None) -> tuple[str, int]:
        """A link for a new colleague of the inviter's unit, or for one whose keys are lost: its token, and until when it is good. The
        second is a lead's alone: whoever comes by it takes that colleague's place at once.

        Raises Refused: not_allowed, unknown (no such role or colleague), only_lead (nobody could admit them again).
        """
        row = await self._store.member(staff_id) if staff_id is not None else None
        unit_id = row.unit_id if row is not None else by.unit_id
        verb = "invite" if staff_id is None else "remove"
        await self._permission.check(by, verb, subject_id=staff_id or unit_id, unit_id=unit_id)
        if role not in ROLES:
            raise Refused("unknown")
        if staff_id is not None:
            if row is None or row.state == "removed" or row.role != role:
                raise Refused("unknown")
            if row.role == LEAD and row.state == "active" and await self._store.leads(by.unit_id) < 2:
                raise Refused("only_lead")
        now = int(self._clock())
        token, link = new_invite(unit_id=by.unit_id, role=role, made_by=by.id, staff_id=staff_id, now=now)
        await self._chain.append(action=audit.STAFF_INVITED, subject=staff_id or by.unit_id, actors=[by.id], at=now, along=[link])
        return token, now + INVITE_SECONDS

    async def invites(self, by: Who) -> Sequence[Any]:
        """The invitations of somebody's unit that are still good: rows of `invite`. Raises Refused: not_allowed."""
        await self._permission.check(by, "invite", subject_id=by.unit_id, unit_id=by.unit_id)
        return await self._store.invites(by.unit_id, now=int(self._clock()))

    async def take_back(self, by: Who, token: bytes) -> None:
        """An invitation of somebody's unit, by the hash of its token, is good no more. Raises Refused: not_allowed, over."""
        found = {row.token: row for row in await self.invites(by)}.get(token)
        if found is None:
            theirs = await self._store.invite(token)
            if theirs is not None and theirs.unit_id != by.unit_id:
                await self._permission.refused(by, theirs.unit_id)
            raise Refused("over")
        await self._chain.append(
            action=audit.INVITE_TAKEN_BACK, subject=found.staff_id or by.unit_id, actors=[by.id], at=int(self._clock()),
            along=[Delete(table="invite", key={"token": token})],
        )  # fmt: skip

    async def change(self, by: Who, *, staff_id: bytes, capacity: int, skills: Sequence[str]) -> None:
        """How many conversations at a time somebody of the lead's unit may have, and what they are particularly able to do
        (`actions.colleague.choose` looks at both).

        Raises Refused: not_allowed, unknown (no such colleague), capacity, skills (not one, or not one of ours).
        """
        row = await self._store.member(staff_id)
        unit_id = row.unit_id if row is not None else by.unit_id
        await self._permission.check(by, "change", subject_id=staff_id, unit_id=unit_id)
        if row is None or row.state == "removed":
            raise Refused("unknown")
        if not 1 <= capacity <= MOST_CAPACITY:
            raise Refused("capacity")
        if not set(skills) <= set(SKILLS):
            raise Refused("skills")
        await self._changes(by, staff_id, {"capacity": capacity, "skills": " ".join(one for one in SKILLS if one in skills)})

    async def speaks(self, by: Who, languages: Sequence[str]) -> None:
        """In which languages somebody talks with reporters, as they say themselves. Raises Refused("languages")."""
        if not languages or not set(languages) <= set(LANGUAGES):
            raise Refused("languages")
        await self._changes(by, by.id, {"languages": " ".join(one for one in LANGUAGES if one in languages)})

    async def _changes(self, by: Who, staff_id: bytes, values: Mapping[str, Any]) -> None:
        await self._chain.append(
            action=audit.STAFF_CHANGED, subject=staff_id, actors=[by.id], at=int(self._clock()),
            along=[Update(table="staff", key={"id": staff_id}, values=values)],
        )  # fmt: skip

    async def expect_first(self, unit_id: bytes, token: str) -> None:
        """A unit's first lead may come by this link, whose row is written already: the operator's word, not the database's."""
        await self._keys.pins.expect(unit_id, hashed(token))

    async def invitation(self, token: str) -> Invitation:
        """What a link is for. Raises Refused("over") if it is none, or not any more; also for a unit without a key, if it is not the link
        that the operator made for its first lead."""
        row = await self._store.invite(hashed(token))
        unit = await self._store.unit(row.unit_id) if row is not None and row.until > self._clock() else None
        if row is None or unit is None:
            raise Refused("over")
        keyed = bool(await self._store.unit_keys(unit.id))
        if not keyed:
            pin = await self._keys.pins.unit(unit.id)
            if row.role == LEAD and (pin is None or pin.invite != row.token):
                raise Refused("over")  # whoever can write to the database makes links, and no unit's root
        former = await self._store.member(row.staff_id) if row.staff_id is not None else None
        if row.staff_id is not None and (former is None or former.state == "removed"):
            raise Refused("over")
        return Invitation(
            unit=unit, role=row.role, first=row.role == LEAD and not keyed, key_public=unit.public_key if not keyed else None,
            name=former.name if former is not None else None,
        )  # fmt: skip

    async def join(self, joining: Joining) -> SignedIn:
        """A colleague comes: their row, their session; of a unit's first lead the unit's key as well. The link is used up.

        Raises Refused: over (the link), name (not one), taken (somebody has it), shown, keys, code (of the second factor), unit_key.
        """
        invitation = await self.invitation(joining.token)
        invite = await self._store.invite(hashed(joining.token))
        if invite is None:
            raise Refused("over")
        name = invitation.name or name_of(joining.name)
        await self._check(joining, name, invitation)
        now, step = int(self._clock()), 0
        if self._sign_in.second_factor:
            found = totp.used_step(joining.seed or b"", joining.code, now=self._clock(), after=0) if joining.seed else None
            if found is None or len(joining.seed or b"") != totp.SEED_BYTES:
                raise Refused("code")
            step = found
        first = invitation.first
        changes: list[Change] = [Delete(table="invite", key={"token": invite.token})]
        requires = [Require(table="invite", key={"token": invite.token}, values={"until": invite.until})]
        if invite.staff_id is not None:
            changes += farewell(invite.staff_id, name=former_name(name, invite.staff_id))
            requires.append(Require(table="staff", key={"id": invite.staff_id}, values={"name": name}))
        row: dict[str, Any] = {
            "id": joining.id, "unit_id": invitation.unit.id, "name": name, "shown": joining.shown.strip(), "role": invitation.role,
            "state": "active" if first else "new", "salt": joining.salt, "auth": await self._sign_in.hashed(joining.auth),
            "totp": self._sign_in.locked_seed(joining.seed, joining.id) if joining.seed and self._sign_in.second_factor else None,
            "totp_step": step, "sealing_public": joining.sealing_public, "signing_public": joining.signing_public,
            "wrapped": joining.wrapped, "admitted_by": joining.id if first else None, "certificate": joining.certificate if first else None,
            "languages": " ".join(joining.languages), "skills": "", "capacity": CAPACITY, "telegram": None, "telephone": None,
            "on_call": None, "created_at": now,
        }  # fmt: skip
        changes.append(Insert(table="staff", row=row))
        if first and joining.unit_key is not None:
            changes += _first_key(joining.unit_key, unit_id=invitation.unit.id, lead_id=joining.id, now=now)
            requires.append(Require(table="unit", key={"id": invitation.unit.id}, values={"public_key": invitation.unit.public_key}))
            await self._root(joining, invitation)
        session: NewSession = self._sessions.new(joining.id)
        changes.append(session.row)
        if invite.staff_id is not None:
            await self._leaving.begins(invite.staff_id)
        try:
            await self._chain.append(
                action=audit.UNIT_KEY_MADE if first else audit.STAFF_JOINED, subject=invitation.unit.id if first else joining.id,
                actors=[joining.id], at=now, along=changes, requires=requires,
            )  # fmt: skip
        except Exception as error:
            doubled = is_double(error)  # somebody took the name, or made the unit's key, at the same moment
            if invite.staff_id is not None and (doubled or isinstance(error, Moved)):
                await self._leaving.stays(invite.staff_id)
            if isinstance(error, Moved):
                raise Refused("over") from None
            if doubled:
                raise Refused("taken") from None
            raise
        if first:
            await self._changed()
            await self._keys.pins.expect(invitation.unit.id, None)
        if invite.staff_id is not None:
            await self._leaving.ends(invite.staff_id)
        staff = await self._store.member(joining.id)
        return SignedIn(staff=staff, session=session, browser=self._sign_in.browser_of(name))

    async def _root(self, joining: Joining, invitation: Invitation) -> None:
        """Remembers a unit's root, before its row is written: the unit's key is pinned once that is there, since the root vouches for it.
        If it is not written, the same link may be used again, and says who the root is."""
        pin = await self._keys.pins.unit(invitation.unit.id)
        if pin is None:
            raise Refused("over")
        holder = _holder(joining, invitation)
        mine = Pin(what=STAFF, id=joining.id, name=joining.shown.strip(), mark=holder_mark(holder))
        await self._keys.pins.put(replace(pin, mark=root_mark(holder)), mine)

    async def _check(self, joining: Joining, name: str, invitation: Invitation) -> None:
        """Raises Refused if what the browser made cannot be: a page of another version, or somebody who plays with it."""
        if invitation.name is None:
            if not NAME.fullmatch(name):
                raise Refused("name")
            if await self._store.named(name) is not None:
                raise Refused("taken")
        if await self._store.member(joining.id) is not None:
            raise Refused("taken")
        shown = joining.shown.strip()
        if not 0 < len(shown) <= SHOWN_MOST or not shown.isprintable():
            raise Refused("shown")
        if not joining.languages or not set(joining.languages) <= set(LANGUAGES):
            raise Refused("languages")
        if len(joining.wrapped) != WRAPPED_BYTES or joining.sealing_public == joining.signing_public:
            raise Refused("keys")
        if not invitation.first:
            if joining.unit_key is not None or joining.certificate is not None:
                raise Refused("unit_key")
            return
        key = joining.unit_key
        if key is None or joining.certificate is None or len(key.sealed) != SEALED_BYTES:
            raise Refused("unit_key")
        if invitation.key_public is not None:
            if key.public != invitation.key_public:
                raise Refused("unit_key")
        elif key.public in await self._store.public_keys():
            raise Refused("unit_key")
        try:
            check_certificate(_holder(joining, invitation), joining.certificate, lead_public=joining.signing_public)
            check_unit_key(
                key.public, key.signature, unit_id=invitation.unit.id, version=FIRST_VERSION, lead_public=joining.signing_public
            )  # fmt: skip
        except SignatureError:
            raise Refused("unit_key") from None


def _holder(joining: Joining, invitation: Invitation) -> Holder:
    return Holder(
        staff_id=joining.id, unit_id=invitation.unit.id, role=invitation.role, sealing_public=joining.sealing_public,
        signing_public=joining.signing_public,
    )  # fmt: skip


def farewell(staff_id: bytes, *, name: str | None = None) -> Sequence[Change]:
    """The rows by which somebody goes: what is left of them says who signed what, and opens nothing. `name`: the former one is given
    free."""
    return (
        Update(table="staff", key={"id": staff_id}, values=dict(REMOVED) | ({"name": name} if name is not None else {})),
        Delete(table="unit_member", key={"staff_id": staff_id}),
        Delete(table="staff_session", key={"staff_id": staff_id}),
        Delete(table="presence", key={"staff_id": staff_id}),
        Delete(table="contact_code", key={"staff_id": staff_id}),
        Delete(table="invite", key={"made_by": staff_id}),
    )


def _first_key(key: FirstKey, *, unit_id: bytes, lead_id: bytes, now: int) -> Sequence[Change]:
    version = {
        "unit_id": unit_id, "version": FIRST_VERSION, "public_key": key.public, "root_id": lead_id, "signature": key.signature,
        "former": None, "created_at": now,
    }  # fmt: skip
    member = {"unit_id": unit_id, "version": FIRST_VERSION, "staff_id": lead_id, "sealed": key.sealed}
    return (
        Insert(table="unit_key", row=version), Insert(table="unit_member", row=member),
        Update(table="unit", key={"id": unit_id}, values={"public_key": key.public}),
    )  # fmt: skip
