"""What a browser makes when somebody joins, made here: for the demo's colleagues, whose passphrases everybody may know, and for tests.

Nobody else's keys are born on the server.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from actions.access import LEAD
from bot.desk import totp
from bot.desk.staff import FIRST_VERSION, FirstKey, Invitation, Joining
from bot.vault.certificate import Holder, certify, sign_unit_key
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.member import seal_to_member
from bot.vault.signing import generate_signing
from bot.vault.staff_auth import SALT_BYTES, StaffKeys, StaffSecrets, derive_secrets, wrap_keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Born:
    """Somebody who is about to join: what goes to the server, and what does not."""

    joining: Joining
    keys: StaffKeys = field(repr=False)
    secrets: StaffSecrets = field(repr=False)
    unit: KeyPair | None = None


def born(
    invitation: Invitation, *, token: str, name: str, shown: str, passphrase: str = "", known: StaffSecrets | None = None,
    unit: KeyPair | None = None, code_at: float | None = None,
) -> Born:  # fmt: skip
    """Keys and all that stands for them. `known`: what the passphrase becomes, if that is known already; `unit`: the key that the unit
    has in a file; `code_at`: the moment (seconds since 1970) of the second factor's first code, where there is one."""
    staff_id, salt = secrets.token_bytes(16), secrets.token_bytes(SALT_BYTES)
    sealing, signing = generate_keypair(), generate_signing()
    keys = StaffKeys(sealing=sealing.private, signing=signing.private)
    derived = known or derive_secrets(passphrase, salt=salt)
    joining = Joining(
        token=token, id=staff_id, name=name, shown=shown, languages=("id", "en"), salt=salt, auth=derived.auth,
        sealing_public=sealing.public, signing_public=signing.public, wrapped=wrap_keys(keys, wrap=derived.wrap, staff_id=staff_id),
    )  # fmt: skip
    if code_at is not None:
        seed = secrets.token_bytes(totp.SEED_BYTES)
        joining = replace(joining, seed=seed, code=totp.code(seed, int(code_at) // totp.STEP))
    if not invitation.first:
        return Born(joining=joining, keys=keys, secrets=derived)
    pair, unit_id = unit or generate_keypair(), invitation.unit.id
    holder = Holder(
        staff_id=staff_id, unit_id=unit_id, role=LEAD, sealing_public=sealing.public, signing_public=signing.public
    )  # fmt: skip
    first = FirstKey(
        public=pair.public,
        signature=sign_unit_key(pair.public, unit_id=unit_id, version=FIRST_VERSION, private_key=signing.private),
        sealed=seal_to_member(
            pair.private, member_public=sealing.public, unit_id=unit_id, version=FIRST_VERSION, staff_id=staff_id
        ),
    )  # fmt: skip
    joining = replace(joining, certificate=certify(holder, private_key=signing.private), unit_key=first)
    return Born(joining=joining, keys=keys, secrets=derived, unit=pair)
