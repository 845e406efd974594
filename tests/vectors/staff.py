"""Vectors of what is staff's: the passphrase, wrapped keys, unit keys, certificates, fingerprints, signed entries. `make.py` writes
them."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.vault import certificate, member, staff_auth, staff_entry, witness
from bot.vault.keys import public_of
from bot.vault.signing import signing_public_of

Case = dict[str, Any]
# The same passphrase in several spellings: Unicode's forms, and what a phone's keyboard adds.
PASSPHRASES = ("gitar kenop hewan panjat senam bengkel", "  gitar\tkenop\u00a0hewan  panjat senam\nbengkel ", "caf\u00e9", "cafe\u0301",
"🙂")


def _bytes(label: str, size: int = 16) -> bytes:
    return hashlib.shake_256(f"ruang-aman staff vector {label}".encode()).digest(size)


def _flipped(text: str, place: int) -> str:
    blob = bytearray.fromhex(text)
    blob[place] ^= 1
    return blob.hex()


def _other(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    return _bytes(f"another {value}", len(value) // 2).hex() if len(value) >= 32 else "auditor"


def _wrong(good: Case, *, keep: frozenset[str] = frozenset()) -> list[Case]:
    """A good vector with each of its parts exchanged in turn, and one bit of what is sealed or signed flipped."""
    wrong = [{**good, "why": f"another {name}", name: _other(value)} for name, value in good.items() if name not in keep]
    proof = "signature" if "signature" in good else "blob"
    size = len(good[proof]) // 2
    places = (0, 1, size // 2, size - 1)
    wrong += [{**good, "why": f"a bit of byte {place} flipped", proof: _flipped(good[proof], place)} for place in places]
    wrong += [{**good, "why": "cut", proof: good[proof][:-2]}, {**good, "why": "empty", proof: ""}]
    return wrong


def staff_vectors() -> Case:
    """Fixed keys and ids: what is signed or derived comes out the same each time, what is sealed does not."""
    sealing, signing, lead = _bytes("sealing", 32), _bytes("signing", 32), _bytes("lead", 32)
    unit, next_unit = _bytes("unit key", 32), _bytes("next unit key", 32)
    staff_id, unit_id, case_id = _bytes("staff"), _bytes("unit"), _bytes("case")
    publics = {"sealing_public": public_of(sealing), "signing_public": signing_public_of(signing)}
    salt = _bytes("salt")
    derived = []
    for passphrase in PASSPHRASES:
        secrets = staff_auth.derive_secrets(passphrase, salt=salt)
        derived.append({"passphrase": passphrase, "salt": salt.hex(), "auth": secrets.auth.hex(), "wrap": secrets.wrap.hex()})
    wrap = bytes.fromhex(derived[0]["wrap"])
    wrapped = {
        "blob": staff_auth.wrap_keys(staff_auth.StaffKeys(sealing=sealing, signing=signing), wrap=wrap, staff_id=staff_id).hex(),
        "wrap": wrap.hex(), "staff_id": staff_id.hex(), **{name: key.hex() for name, key in publics.items()},
    }  # fmt: skip
    sealed = member.seal_to_member(unit, member_public=publics["sealing_public"], unit_id=unit_id, version=1, staff_id=staff_id)
    to_member = {
        "blob": sealed.hex(), "private": sealing.hex(), "unit_id": unit_id.hex(), "version": 1, "staff_id": staff_id.hex(),
    }  # fmt: skip
    former = {
        "blob": member.seal_former(unit, unit_public=public_of(next_unit), unit_id=unit_id, version=2).hex(),
        "private": next_unit.hex(), "unit_id": unit_id.hex(), "version": 2,
    }  # fmt: skip
    holder = certificate.Holder(staff_id=staff_id, unit_id=unit_id, role="counsellor", **publics)
    certified = {
        "signature": certificate.certify(holder, private_key=lead).hex(), "lead_public": signing_public_of(lead).hex(),
        "staff_id": staff_id.hex(), "unit_id": unit_id.hex(), "role": "counsellor", **{name: key.hex() for name, key in publics.items()},
    }  # fmt: skip
    unit_key = {
        "signature": certificate.sign_unit_key(public_of(unit), unit_id=unit_id, version=1, private_key=lead).hex(),
        "lead_public": signing_public_of(lead).hex(), "unit_id": unit_id.hex(), "version": 1, "public": public_of(unit).hex(),
    }  # fmt: skip
    entries, previous = [], staff_entry.FIRST
    for number in range(2):
        entry = staff_entry.StaffEntry(
            case_id=case_id, record_id=_bytes(f"record {number}"), version=number, author_id=staff_id, previous=previous,
            sealed=_bytes(f"sealed {number}", 621),
        )  # fmt: skip
        signature = staff_entry.sign_entry(entry, private_key=signing)
        previous = staff_entry.link(entry, signature)
        entries.append({
            "signature": signature.hex(), "author_public": publics["signing_public"].hex(), "case_id": entry.case_id.hex(),
            "record_id": entry.record_id.hex(), "version": entry.version, "author_id": entry.author_id.hex(),
            "previous": entry.previous.hex(), "sealed": entry.sealed.hex(),
        })  # fmt: skip
    reply = staff_entry.StaffReply(
        case_id=case_id, mailbox_id=_bytes("mailbox"), message_id=_bytes("message"), author_id=staff_id, sealed=_bytes("sealed reply", 621)
    )  # fmt: skip
    answered = {
        "signature": staff_entry.sign_message(reply, private_key=signing).hex(), "author_public": publics["signing_public"].hex(),
        "case_id": reply.case_id.hex(), "mailbox_id": reply.mailbox_id.hex(), "message_id": reply.message_id.hex(),
        "author_id": reply.author_id.hex(), "sealed": reply.sealed.hex(),
    }  # fmt: skip
    keeper = witness.Witness(_bytes("pepper", 32))
    told = witness.Told(
        case_id=case_id, record_id=_bytes("told"), version=1, number=3, kind="message", at=1_795_500_000, sealed=_bytes("sealed told", 621)
    )  # fmt: skip
    vouched = {
        "signature": keeper.sign(told).hex(), "witness_public": keeper.public.hex(), "case_id": told.case_id.hex(),
        "record_id": told.record_id.hex(), "version": told.version, "number": told.number, "kind": told.kind, "at": told.at,
        "sealed": told.sealed.hex(),
    }  # fmt: skip
    sides = {name: key.hex() for name, key in publics.items()}
    prints = [
        {"identity": one.hex(), **sides, "words": " ".join(certificate.fingerprint(one, **publics))} for one in (unit_id, staff_id)
    ]  # fmt: skip
    return {
        "derive": derived,
        "wrapped": {"open": {**wrapped, "sealing": sealing.hex(), "signing": signing.hex()}, "refuse": _wrong(wrapped)},
        "member": {"open": {**to_member, "plaintext": unit.hex()}, "refuse": _wrong(to_member)},
        "former": {"open": {**former, "plaintext": unit.hex()}, "refuse": _wrong(former)},
        "certificate": {"hold": certified, "private": lead.hex(), "refuse": _wrong(certified)},
        "unit_key": {"hold": unit_key, "private": lead.hex(), "refuse": _wrong(unit_key)},
        "entry": {"hold": entries[1], "private": signing.hex(), "refuse": _wrong(entries[1])},
        "reply": {"hold": answered, "private": signing.hex(), "refuse": _wrong(answered)},
        "told": {"hold": vouched, "pepper": _bytes("pepper", 32).hex(), "refuse": _wrong(vouched)},
        "chain": {"entries": entries, "last": previous.hex()},
        "fingerprint": prints,
    }
