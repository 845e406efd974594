"""A reply into a reporter's mailbox: taken if its author signed it and may be believed, so that the bot can tell it later."""

from __future__ import annotations

from dataclasses import dataclass

from actions.rows import Change, Insert
from bot.desk.errors import Refused
from bot.trust import Trust
from bot.vault.certificate import Holder
from bot.vault.errors import SignatureError
from bot.vault.row_tag import RowTags
from bot.vault.staff_entry import StaffReply, check_message


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a browser sealed to a mailbox: ids of 16 bytes, and its author's signature."""

    id: bytes
    mailbox_id: bytes
    sealed: bytes
    signature: bytes


class Mailbox:
    """Over who may be believed, and the service's tags."""

    def __init__(self, trust: Trust, tags: RowTags) -> None:
        self._trust, self._tags = trust, tags

    async def author(self, staff_id: bytes, unit_id: bytes) -> Holder | None:
        """Somebody of a unit who may sign now, or None."""
        return (await self._trust.circle({unit_id})).here(staff_id)

    async def rows(self, messages: list[Message], *, case_id: bytes, unit_id: bytes, author_id: bytes, now: int) -> list[Change]:
        """The rows of messages to a case's mailboxes, written at `now` (seconds since 1970).

        Raises Refused: not_believed (the author's certificate leads to no root that the service knows), forged (the signature is not
        theirs).
        """
        author = await self.author(author_id, unit_id)
        if author is None:
            raise Refused("not_believed")
        found: list[Change] = []
        for one in messages:
            signed = StaffReply(
                case_id=case_id, mailbox_id=one.mailbox_id, message_id=one.id, author_id=author_id, sealed=one.sealed
            )  # fmt: skip
            try:
                check_message(signed, one.signature, author_public=author.signing_public)
            except SignatureError:
                raise Refused("forged") from None
            tag = self._tags.reply(
                one.id, mailbox_id=one.mailbox_id, author_id=author_id, signature=one.signature, sealed=one.sealed
            )  # fmt: skip
            row = {
                "id": one.id, "mailbox_id": one.mailbox_id, "created_at": now, "sealed": one.sealed, "author_id": author_id,
                "signature": one.signature, "tag": tag,
            }  # fmt: skip
            found.append(Insert(table="mailbox_message", row=row))
        return found
