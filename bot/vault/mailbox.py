"""Replies to a reporter, sealed to the mailbox that only the five words of the receipt open.

Format: `envelope.seal_body` with info = join("ruang-aman/1 mailbox-message", mailbox id, message id) and the message id as associated data.
"""

from __future__ import annotations

from bot.vault.encoding import identifier, join
from bot.vault.envelope import open_body, seal_body
from bot.vault.errors import SealError

_MESSAGE = b"ruang-aman/1 mailbox-message"


def seal_reply(plaintext: bytes, *, mailbox_public: bytes, mailbox_id: bytes, message_id: bytes) -> bytes:
    """A reply sealed to a mailbox and bound to its place there.

    In: any bytes; the mailbox's raw public key (`receipt.ReceiptKeys.mailbox_public`); ids of 16 bytes.
    Out: as long as `seal.seal` makes it. Raises ValueError on ids or key of the wrong form.
    """
    info = join(_MESSAGE, identifier(mailbox_id), identifier(message_id))
    return seal_body(plaintext, public_key=mailbox_public, info=info, associated=message_id)


def open_reply(blob: bytes, *, mailbox_private: bytes, mailbox_id: bytes, message_id: bytes) -> bytes:
    """What `seal_reply` sealed. Raises SealError on a wrong key, a flipped bit, another mailbox or message, and on anything else."""
    try:
        info = join(_MESSAGE, identifier(mailbox_id), identifier(message_id))
    except ValueError:
        raise SealError from None
    return open_body(blob, private_key=mailbox_private, info=info, associated=message_id)
