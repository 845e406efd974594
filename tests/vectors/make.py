"""Makes the test vectors in this folder: keys, what was sealed to them, and what must be refused.

Run from the top of the checkout: `python -m tests.vectors.make`. Sealing is randomised, so every run writes other bytes; the files are
checked in because they are the promise: what was sealed yesterday opens tomorrow, here and in a browser. Only make new ones together with a
new suite byte. `check.mjs` opens the same files with WebCrypto, @hpke/core and hash-wasm. Everything is hex, except words and texts.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.vault import delivery, draft, mailbox, padding, receipt, seal
from bot.vault.word_code import to_words

FOLDER = Path(__file__).parent
Case = dict[str, Any]


def _bytes(label: str, size: int = 16) -> bytes:
    """Fixed bytes, so that the ids and keys in the files do not change from run to run."""
    return hashlib.shake_256(f"ruang-aman test vector {label}".encode()).digest(size)


def _pair(label: str) -> seal.KeyPair:
    private = _bytes(f"{label} key", 32)
    return seal.KeyPair(private=private, public=seal.public_of(private))


def _flipped(blob: bytes, place: int) -> bytes:
    return blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]


def _refused(good: Case, blob: bytes, other: Callable[[str], Any], places: list[int]) -> list[Case]:
    """Wrong versions of a good vector: one bit flipped in each part, cut, lengthened, another suite, and each input changed in turn."""
    wrong: list[Case] = [{**good, "why": f"a bit of byte {place} flipped", "blob": _flipped(blob, place).hex()} for place in places]
    wrong += [
        {**good, "why": "suite 2", "blob": (b"\x02" + blob[1:]).hex()},
        {**good, "why": "the last byte is missing", "blob": blob[:-1].hex()},
        {**good, "why": "a byte too many", "blob": (blob + b"\0").hex()},
        {**good, "why": "empty", "blob": ""},
        {**good, "why": "the encapsulated key alone", "blob": blob[:33].hex()},
    ]
    inputs = [name for name in good if name not in ("blob", "plaintext", "why", "public")]
    wrong += [{**good, "why": f"another {name}", name: other(name)} for name in inputs]
    for case in wrong:
        case.pop("plaintext", None)
        case.pop("public", None)
    return wrong


def _other(name: str) -> Any:
    return 9 if name == "version" else _bytes(f"another {name}", 32 if name in ("private", "key") else 16).hex()


TEXTS = [b"", b"a", "Aku mau cerita. 🙂".encode(), b"a" * 511, b"a" * 512, b"\x80", b"\x80" + b"\0" * 600, bytes(range(256)) * 5]


def record_vectors() -> Case:
    pair, case_id = _pair("case"), _bytes("case")
    opened: list[Case] = []
    for number, text in enumerate(TEXTS):
        record_id, version = _bytes(f"record {number}"), (0, 1, 2, 2**32, 2**53 - 1)[number % 5]
        blob = seal.seal(text, public_key=pair.public, case_id=case_id, record_id=record_id, version=version)
        opened.append(
            {
                "private": pair.private.hex(),
                "public": pair.public.hex(),
                "case_id": case_id.hex(),
                "record_id": record_id.hex(),
                "version": version,
                "blob": blob.hex(),
                "plaintext": text.hex(),
            }
        )
    good = opened[2]
    return {"open": opened, "refuse": _refused(good, bytes.fromhex(good["blob"]), _other, [0, 1, 32, 33, 80, 81, 92, 93, 620])}


def key_vectors() -> Case:
    unit, case = _pair("unit"), _pair("case")
    case_id, recipient_id = _bytes("case"), _bytes("unit")
    blob = seal.seal_key(case.private, recipient_public=unit.public, case_id=case_id, recipient_id=recipient_id)
    good = {
        "private": unit.private.hex(),
        "public": unit.public.hex(),
        "case_id": case_id.hex(),
        "recipient_id": recipient_id.hex(),
        "blob": blob.hex(),
        "plaintext": case.private.hex(),
    }
    return {"open": [good], "refuse": _refused(good, blob, _other, [0, 1, 32, 33, 80])}


def mailbox_vectors() -> Case:
    keys = receipt.derive(" ".join(to_words(2**49 + 7)), pepper=_bytes("pepper", 32))
    mailbox_id, opened = _bytes("mailbox"), []
    for number, text in enumerate(TEXTS[1:4]):
        message_id = _bytes(f"message {number}")
        blob = mailbox.seal_reply(text, mailbox_public=keys.mailbox_public, mailbox_id=mailbox_id, message_id=message_id)
        opened.append(
            {
                "private": keys.mailbox_private.hex(),
                "public": keys.mailbox_public.hex(),
                "mailbox_id": mailbox_id.hex(),
                "message_id": message_id.hex(),
                "blob": blob.hex(),
                "plaintext": text.hex(),
            }
        )
    good = opened[1]
    return {"open": opened, "refuse": _refused(good, bytes.fromhex(good["blob"]), _other, [0, 1, 40, 85, 100, 620])}


def delivery_vectors() -> Case:
    server, case = _pair("delivery"), _pair("case")
    case_id, record_id = _bytes("case"), _bytes("address record")
    opened = []
    for address in (b"telegram:1234567890", b"", b"w" * 255):
        blob = delivery.seal_address(
            address, delivery_public=server.public, case_public=case.public, case_id=case_id, record_id=record_id, version=1
        )
        inner = delivery.unwrap_for_case(blob, case_private=case.private, case_id=case_id, record_id=record_id, version=1)
        opened.append(
            {
                "private": server.private.hex(),
                "public": server.public.hex(),
                "case_id": case_id.hex(),
                "blob": inner.hex(),
                "plaintext": address.hex(),
                "outer": {
                    "private": case.private.hex(),
                    "public": case.public.hex(),
                    "case_id": case_id.hex(),
                    "record_id": record_id.hex(),
                    "version": 1,
                    "blob": blob.hex(),
                    "plaintext": inner.hex(),
                },
            }
        )
    good = {name: value for name, value in opened[0].items() if name != "outer"}
    return {"open": opened, "refuse": _refused(good, bytes.fromhex(str(good["blob"])), _other, [0, 1, 33, 200, 304])}


def draft_vectors() -> Case:
    key, opened = _bytes("conversation", 32), []
    for number, text in enumerate((b"", b"ya", b"a" * 63, b"a" * 64, b"\x80\0\0")):
        context = (b"", b"outbox", bytes(range(20)))[number % 3]
        blob = draft.lock(key, text, context=context)
        opened.append({"key": key.hex(), "context": context.hex(), "blob": blob.hex(), "plaintext": text.hex()})
    good = opened[1]
    row_keys = [
        {"key": key.hex(), "parts": [part.hex() for part in parts], "row_key": draft.row_key(key, *parts).hex()}
        for parts in ([], [b""], [b"telegram", b"12"], [b"telegram1", b"2"])
    ]
    return {"open": opened, "refuse": _refused(good, bytes.fromhex(good["blob"]), _other, [0, 1, 13, 92]), "row_keys": row_keys}


def padding_vectors() -> Case:
    return {
        "pad": [
            {"step": step, "plain": text.hex(), "padded": padding.pad(text, step).hex()} for step in (64, 256, 512) for text in TEXTS[:7]
        ],
        "refuse": [
            {"step": 64, "padded": padded.hex()}
            for padded in (b"", bytes(64), b"a" * 64, b"\x80" + bytes(62), b"\x80" + bytes(127), b"a\x80" + bytes(190))
        ],
    }


def receipt_vectors() -> Case:
    pepper = _bytes("pepper", 32)
    derived = []
    for bits in (0, 1, 2**50 - 1, 2**49 + 7):
        words = " ".join(to_words(bits))
        keys = receipt.derive(words, pepper=pepper)
        derived.append(
            {
                "bits": f"{bits:014x}",
                "words": words,
                "pepper": pepper.hex(),
                "locator": keys.locator.hex(),
                "mailbox_private": keys.mailbox_private.hex(),
                "mailbox_public": keys.mailbox_public.hex(),
            }
        )
    words_file = Path(receipt.__file__).with_name("words.txt").read_bytes()
    return {"words_sha256": hashlib.sha256(words_file).hexdigest(), "derive": derived}


FILES: dict[str, Callable[[], Case]] = {
    "record": record_vectors,
    "case_key": key_vectors,
    "mailbox": mailbox_vectors,
    "delivery": delivery_vectors,
    "draft": draft_vectors,
    "padding": padding_vectors,
    "receipt": receipt_vectors,
}


def main() -> None:
    """Writes every file anew, or into the folder that TEST_VECTORS names."""
    folder = Path(os.environ.get("TEST_VECTORS", FOLDER))
    for name, make in FILES.items():
        (folder / f"{name}.json").write_text(json.dumps(make(), indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
