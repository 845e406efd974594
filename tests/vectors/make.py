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

from bot.vault import delivery, draft, file, identity, mailbox, padding, receipt, seal
from bot.vault.word_code import to_words
from tests.vectors.audit import audit_vectors
from tests.vectors.staff import staff_vectors

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
    return 9 if name == "version" else _bytes(f"another {name}", 32 if name.startswith(("private", "key")) else 16).hex()


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


def identity_vectors() -> Case:
    """Two roles' private keys, each under its role's name; the role whose name comes first is the outer one, whatever the order here."""
    outer, inner = _pair("legal companion"), _pair("head of the unit")
    public = {"uptd_head": inner.public, "legal_companion": outer.public}
    case_id, opened = _bytes("case"), []
    for number, text in enumerate((TEXTS[1], '{"answers":{"identity_name":"Ratna 🙂"}}'.encode(), b"", b"a" * 1023, b"a" * 1024)):
        record_id, version = _bytes(f"identity {number}"), (1, 2, 2**53 - 1)[number % 3]
        blob = identity.seal_identity(text, public_keys=public, case_id=case_id, record_id=record_id, version=version)
        opened.append(
            {
                "private_uptd_head": inner.private.hex(),
                "private_legal_companion": outer.private.hex(),
                "case_id": case_id.hex(),
                "record_id": record_id.hex(),
                "version": version,
                "blob": blob.hex(),
                "plaintext": text.hex(),
            }
        )
    good = opened[0]
    wrong = _refused(good, bytes.fromhex(str(good["blob"])), _other, [0, 1, 32, 33, 34, 65, 66, 500, 1121])
    keys = ("private_uptd_head", "private_legal_companion")
    swapped = {**good, "why": "the keys swapped", keys[0]: good[keys[1]], keys[1]: good[keys[0]]}
    alone = [{**good, "why": f"{name} alone, under both names", keys[0]: good[name], keys[1]: good[name]} for name in keys]
    for case in (swapped, *alone):
        case.pop("plaintext")
    return {"open": opened, "refuse": [*wrong, swapped, *alone]}


def file_vectors() -> Case:
    """Sealing a file takes nothing from chance but its key: so the hashes of the pieces stand for them, and the content for itself."""
    good = []
    for number, (unit, times) in enumerate(((b"", 0), (b"a", file.PIECE - 1), (b"a", file.PIECE), (bytes(range(256)), 600))):
        key, evidence = _bytes(f"file key {number}", 32), _bytes(f"evidence {number}")
        pieces = file.seal_file(unit * times, key=key, evidence_id=evidence)
        good.append({
            "key": key.hex(), "evidence_id": evidence.hex(), "unit": unit.hex(), "times": times,
            "pieces": [hashlib.sha256(piece).hexdigest() for piece in pieces],
        })  # fmt: skip
    # The pieces of the last good one in this order; with another key or id, a flipped bit or another suite byte in the first.
    refused: list[Case] = [
        {"why": "the last piece is missing", "order": [0, 1]}, {"why": "the first piece is missing", "order": [1, 2]},
        {"why": "two pieces swapped", "order": [1, 0, 2]}, {"why": "a piece twice", "order": [0, 0, 2]},
        {"why": "a piece too many", "order": [0, 1, 2, 2]}, {"why": "no piece", "order": []},
        {"why": "a bit flipped", "order": [0, 1, 2], "flip": 70}, {"why": "another suite", "order": [0, 1, 2], "flip": 0},
        {"why": "another key", "order": [0, 1, 2], "key": _other("key")},
        {"why": "another evidence_id", "order": [0, 1, 2], "evidence_id": _other("evidence_id")},
    ]  # fmt: skip
    for case in refused:
        case.setdefault("flip", None)
    return {"good": good, "refuse": refused}


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
    "identity": identity_vectors,
    "draft": draft_vectors,
    "file": file_vectors,
    "padding": padding_vectors,
    "receipt": receipt_vectors,
    "staff": staff_vectors,
    "audit": audit_vectors,
}


def main() -> None:
    """Writes every file anew, or into the folder that TEST_VECTORS names."""
    folder = Path(os.environ.get("TEST_VECTORS", FOLDER))
    for name, make in FILES.items():
        (folder / f"{name}.json").write_text(json.dumps(make(), indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
