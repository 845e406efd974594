"""What the vault refuses with. Messages name no secret, no id and no reason that would help a forger."""

from __future__ import annotations


class VaultError(Exception):
    """Anything that the vault refuses. Safe to log: the text never holds key material or what a person wrote."""


class PaddingError(VaultError):
    """The bytes were not made by `padding.pad`."""


class SealError(VaultError):
    """Sealed or locked bytes that do not open here.

    One error for a wrong key, a flipped bit, a record moved to another row, an older version played back and bytes that never were a
    record: whoever tampers learns nothing from the difference.
    """

    def __init__(self, message: str = "These sealed bytes do not open with this key in this place.") -> None:
        super().__init__(message)


class ReceiptError(VaultError):
    """The words are no receipt (not five words of the list, or their check bits are wrong)."""


class RecoveryError(VaultError):
    """The recovery shares do not give the recovery key."""


class KeyFileError(VaultError):
    """A unit's key file that cannot be written or opened."""


class SignatureError(VaultError):
    """A signature that does not hold for these bytes and this key."""

    def __init__(self) -> None:
        super().__init__("This signature does not hold here.")
