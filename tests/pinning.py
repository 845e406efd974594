"""What the operator's commands and the console pin, for tests that write rows by hand; and colleagues who can sign."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from actions.rows import Change, Insert
from bot.desk.mailbox import Mailbox, Message
from bot.storage.pins import STAFF, UNIT, Pin, Pins, pin_of_role, pin_of_unit
from bot.storage.writer import Writer
from bot.vault.certificate import Holder, certify, holder_mark, root_mark
from bot.vault.keys import KeyPair
from bot.vault.mailbox import seal_reply
from bot.vault.signing import signing_public_of
from bot.vault.staff_entry import StaffReply, sign_message


async def unit_made(writer: Writer, pins: Pins, row: Mapping[str, Any]) -> None:
    """A unit as `unit add` makes it."""
    await pins.put(pin_of_unit(row))
    await writer.write([Insert(table="unit", row=row)])


async def role_made(writer: Writer, pins: Pins, row: Mapping[str, Any]) -> None:
    """A role as `identity-key` makes it."""
    await pins.put(pin_of_role(row))
    await writer.write([Insert(table="identity_role", row=row)])


def _from(label: str, unit_id: bytes) -> bytes:
    return hashlib.sha256(label.encode() + unit_id).digest()


def _signing(label: str, unit_id: bytes) -> KeyPair:
    private = _from(f"{label} signs", unit_id)
    return KeyPair(private=private, public=signing_public_of(private))


class Root:
    """A unit's first lead, who has gone since: whoever was certified by this key may be believed, and nobody sees it at the desk."""

    def __init__(self, unit_id: bytes) -> None:
        self.unit_id, self.id = unit_id, _from("root id", unit_id)[:16]
        self.signing: KeyPair = _signing("root", unit_id)  # of one unit always the same: several tests' helpers may need it
        self.holder = Holder(
            staff_id=self.id, unit_id=unit_id, role="lead", sealing_public=_from("root", unit_id), signing_public=self.signing.public
        )  # fmt: skip

    async def take_root(self, writer: Writer, pins: Pins) -> None:
        """Joins, and is the unit's root from then on."""
        unit = await pins.unit(self.unit_id) or Pin(what=UNIT, id=self.unit_id)
        pin = {name: getattr(unit, name) for name in Pin.__slots__} | {"mark": root_mark(self.holder)}
        await pins.put(Pin(**pin), Pin(what=STAFF, id=self.id, mark=holder_mark(self.holder)))
        row = staff_row(self.holder, certify(self.holder, private_key=self.signing.private), admitted_by=self.id, name="root", now=1)
        await writer.write([Insert(table="staff", row={**row, "state": "removed"}, replace=True)])

    async def admits(self, writer: Writer, pins: Pins, holder: Holder, **values: Any) -> None:
        """Somebody is admitted, and is active."""
        await pins.put(Pin(what=STAFF, id=holder.staff_id, name=str(values.get("shown", "")), mark=holder_mark(holder)))
        certificate = certify(holder, private_key=self.signing.private)
        row = staff_row(holder, certificate, admitted_by=self.id, name=holder.staff_id.hex()[:8], now=1)
        await writer.write([Insert(table="staff", row={**row, **values}, replace=True)])


def staff_row(holder: Holder, certificate: bytes, *, admitted_by: bytes, name: str, now: int) -> dict[str, Any]:
    """A row of `staff`: nobody can sign in with it."""
    return {
        "id": holder.staff_id, "unit_id": holder.unit_id, "name": f"{name}-{holder.staff_id.hex()[:8]}", "shown": name.title(),
        "role": holder.role, "state": "active", "salt": secrets.token_bytes(16), "auth": "x", "totp": None, "totp_step": 0,
        "sealing_public": holder.sealing_public, "signing_public": holder.signing_public, "wrapped": secrets.token_bytes(93),
        "admitted_by": admitted_by, "certificate": certificate, "languages": "id", "skills": "", "capacity": 3, "telegram": None,
        "telephone": None, "on_call": None, "created_at": now,
    }  # fmt: skip


class Author:
    """A colleague of a running service who answers into mailboxes, as the console does it."""

    def __init__(self, unit_id: bytes) -> None:
        self.root, self.id, self.signing = Root(unit_id), _from("author id", unit_id)[:16], _signing("author", unit_id)
        self.holder = Holder(
            staff_id=self.id, unit_id=unit_id, role="counsellor", sealing_public=_from("author", unit_id),
            signing_public=self.signing.public,
        )  # fmt: skip

    async def joins(self, service: Any) -> None:
        """Is admitted by a root of the unit."""
        await self.root.take_root(service.writer, service.keys.pins)
        await self.root.admits(service.writer, service.keys.pins, self.holder)

    def message(self, words: str | bytes, receipt: Any, *, message_id: bytes | None = None) -> Message:
        """A reply as a browser seals and signs it; bytes: as no browser does. `receipt`: a row."""
        message_id = message_id or secrets.token_bytes(16)
        content = words if isinstance(words, bytes) else json.dumps({"text": words}).encode()
        sealed = seal_reply(
            content, mailbox_public=receipt.mailbox_public, mailbox_id=receipt.mailbox_id,
            message_id=message_id,
        )  # fmt: skip
        signed = StaffReply(
            case_id=receipt.case_id, mailbox_id=receipt.mailbox_id, message_id=message_id, author_id=self.id, sealed=sealed
        )  # fmt: skip
        signature = sign_message(signed, private_key=self.signing.private)
        return Message(id=message_id, mailbox_id=receipt.mailbox_id, sealed=sealed, signature=signature)

    async def answers(self, service: Any, text: str, receipt: Any, *, now: int, message_id: bytes | None = None) -> list[Change]:
        """Puts a reply into a mailbox; gives the rows."""
        message = self.message(text, receipt, message_id=message_id)
        rows = await Mailbox(service.trust, service.tags).rows(
            [message], case_id=receipt.case_id, unit_id=self.root.unit_id, author_id=self.id, now=now
        )  # fmt: skip
        await service.writer.write(rows)
        return rows
