"""A private key as a JSON file, a unit's or an identity role's: the way to open cases until the console makes keys in the browser.

Fields, always there: `kind` ("unit", "identity"), `name` (the unit's, or the role), `unit_id` (the unit's id, or that of the role's key; 32
hex digits), `public` (64 hex digits), `created` (UTC, RFC 3339), and one of

- `private`: 64 hex digits, if no passphrase was wanted;
- `locked`: `suite` 1, `salt` (16 bytes), `nonce` (12 bytes), `sealed` (48 bytes), in hex: AES-256-GCM under Argon2id(passphrase as UTF-8 in
  NFC, salt; 65,536 KiB, 3 passes, 4 lanes; 32 bytes). Associated data: join("ruang-aman/1 key-file", kind, name in UTF-8, unit id, public),
  where `join` puts a 32-bit big-endian length before each part. So a key file cannot be relabelled as another unit's.
"""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.vault.encoding import identifier, join
from bot.vault.errors import KeyFileError
from bot.vault.keys import KEY_BYTES, public_of

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4
MAX_BYTES = 64 * 1024
"""A longer file is not read: it is no key."""

_SUITE = 1
_LABEL = b"ruang-aman/1 key-file"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFile:
    """An opened key file. `unit_id` has 16 bytes, the keys 32 each, raw; `created` is aware, in UTC."""

    kind: str
    name: str
    unit_id: bytes
    public: bytes
    created: datetime
    private: bytes = field(repr=False)


def _wrap_key(passphrase: str, salt: bytes) -> bytes:
    # Two keyboards may send "é" differently; NFC makes them one.
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB).derive(secret)


def _associated(*, kind: str, name: str, unit_id: bytes, public: bytes) -> bytes:
    return join(_LABEL, kind.encode(), name.encode(), unit_id, public)


def write_key_file(path: Path, *, private: bytes, kind: str, name: str, unit_id: bytes, passphrase: str | None, created: int) -> None:
    """Writes a private key to a new file that only its owner may read (mode 0600).

    In: the raw private key (32 bytes), the unit's id (16 bytes), `created` in seconds since 1970; an empty or missing passphrase leaves the
    key in clear in the file. Takes about 0.2 s and 64 MiB with a passphrase.
    Raises KeyFileError if something is at `path` already or it cannot be written; then nothing is left there that was not there before.
    """
    public = public_of(private)
    body: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "unit_id": identifier(unit_id).hex(),
        "public": public.hex(),
        "created": datetime.fromtimestamp(created, UTC).isoformat(),
    }
    if passphrase:
        salt, nonce = os.urandom(16), os.urandom(12)
        associated = _associated(kind=kind, name=name, unit_id=unit_id, public=public)
        sealed = AESGCM(_wrap_key(passphrase, salt)).encrypt(nonce, private, associated)
        body["locked"] = {"suite": _SUITE, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}
    else:
        body["private"] = private.hex()
    try:
        # O_EXCL refuses to overwrite, a symbolic link too; the mode is there from the first moment.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"There is a file {path} already; a key file is never written over. Choose another name.") from None
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KeyFileError(f"The key file {path} cannot be written: {error.strerror}.") from None


def _body(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"The key file {path} cannot be read: {error.strerror}.") from None
    try:
        body = json.loads(content) if len(content) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("kind"), str) or ("private" in body) == ("locked" in body):
        raise KeyFileError(f"{path} is no key file of this service.")
    return body


def is_locked(path: Path) -> bool:
    """Whether a passphrase is needed. Raises KeyFileError if the file cannot be read or is no key file."""
    return "locked" in _body(path)


def read_key_file(path: Path, *, passphrase: str | None = None) -> KeyFile:
    """Opens a key file. Raises KeyFileError if it is no key file, was changed, or the passphrase is not the right one."""
    body = _body(path)
    try:
        kind, name = str(body["kind"]), str(body["name"])
        unit_id, public = identifier(bytes.fromhex(body["unit_id"])), bytes.fromhex(body["public"])
        created = datetime.fromisoformat(body["created"]).astimezone(UTC)
        if "private" in body:
            private = bytes.fromhex(body["private"])
        else:
            locked = body["locked"]
            if locked["suite"] != _SUITE:
                raise KeyFileError(f"{path} was made by a newer version of this service.")
            if not passphrase:
                raise KeyFileError(f"{path} is locked: it needs its passphrase.")
            key = _wrap_key(passphrase, bytes.fromhex(locked["salt"]))
            associated = _associated(kind=kind, name=name, unit_id=unit_id, public=public)
            private = AESGCM(key).decrypt(bytes.fromhex(locked["nonce"]), bytes.fromhex(locked["sealed"]), associated)
        matches = public_of(private) == public
    except InvalidTag:
        raise KeyFileError(f"{path} does not open: the passphrase is not the right one, or the file was changed.") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KeyFileError(f"{path} is no key file of this service, or it was changed.") from None
    if not matches:
        raise KeyFileError(f"{path} was changed: its private and its public key do not belong together.")
    return KeyFile(kind=kind, name=name, unit_id=unit_id, public=public, created=created, private=private)
