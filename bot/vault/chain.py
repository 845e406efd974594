"""Who may be believed: a unit's root, whoever the root admitted, and whoever leads among those admitted. The same rule as the browsers'
(`bot/console/web/src/session/trust.js`), for the service, which must not tell or seal anything on the word of the database alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.vault.certificate import Holder, check_certificate, check_unit_key, holder_mark, root_mark
from bot.vault.errors import SignatureError

LEAD = "lead"


@dataclass(frozen=True, kw_only=True, slots=True)
class Certified:
    """A colleague as the database has them: `admitted_by` the id of who signed the certificate."""

    holder: Holder
    admitted_by: bytes | None
    certificate: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """Who vouches beside a unit's leads: the city's recovery key, by its id and the key that it signs with."""

    id: bytes
    signing_public: bytes


def _holds(one: Certified, signing_public: bytes) -> bool:
    try:
        check_certificate(one.holder, one.certificate or b"", lead_public=signing_public)
    except (SignatureError, ValueError):
        return False
    return True


def believed(
    rows: Iterable[Certified], *, unit_id: bytes, root: bytes | None, known: Collection[bytes], recovery: Authority | None = None
) -> Mapping[bytes, Holder]:
    """The colleagues of one unit whose certificates lead to its root (`root`: its mark), or to recovery, by id; those who have gone, too.

    `known` are the marks of everybody whom this service has seen admitted: who is not among them is not believed, whoever signed.
    """
    own = {one.holder.staff_id: one for one in rows if one.holder.unit_id == unit_id and _mark(one.holder) in known}
    found: dict[bytes, Holder] = {}
    for one in own.values():
        holder = one.holder
        by_itself = one.admitted_by == holder.staff_id and root is not None and root_mark(holder) == root
        signer = holder.signing_public if by_itself else None
        if recovery is not None and one.admitted_by == recovery.id:
            signer = recovery.signing_public
        if holder.role == LEAD and signer is not None and _holds(one, signer):
            found[holder.staff_id] = holder
    grown = True
    while grown:
        grown = False
        for staff_id, one in own.items():
            by = found.get(one.admitted_by) if one.admitted_by is not None else None
            if staff_id not in found and by is not None and by.role == LEAD and _holds(one, by.signing_public):
                found[staff_id] = one.holder
                grown = True
    return found


def _mark(holder: Holder) -> bytes:
    try:
        return holder_mark(holder)
    except ValueError:  # ids or keys that are none, a role in other letters: nobody of ours
        return b""


def vouched(
    public_key: bytes, signature: bytes | None, *, unit_id: bytes, version: int, root_id: bytes | None, leads: Mapping[bytes, Holder],
    recovery: Authority | None = None,
) -> bool:  # fmt: skip
    """Whether one of these leads, or recovery, says that a key is the unit's."""
    lead = leads.get(root_id) if root_id is not None else None
    signer = lead.signing_public if lead is not None and lead.role == LEAD else None
    if recovery is not None and root_id == recovery.id:
        signer = recovery.signing_public
    if signer is None:
        return False
    try:
        check_unit_key(public_key, signature or b"", unit_id=unit_id, version=version, lead_public=signer)
    except (SignatureError, ValueError):
        return False
    return True
