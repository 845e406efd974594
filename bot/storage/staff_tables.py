"""The tables of who works at the desk. `bot.storage.tables` has them with all others, and says who can open what is sealed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from bot.storage.metadata import metadata

staff = Table(
    "staff",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("unit_id", LargeBinary(16), nullable=False, index=True),
    Column("name", Text, nullable=False, unique=True),  # to sign in with
    Column("shown", Text, nullable=False),  # as colleagues see it, and a reporter who is told with whom he speaks
    Column("role", Text, nullable=False),  # counsellor, lead, case_worker, partner, auditor, administrator
    Column("state", Text, nullable=False),  # new (has keys, waits to be admitted), active, removed
    Column("salt", LargeBinary(16), nullable=False),
    Column("auth", Text, nullable=False),  # Argon2id over the secret that the browser derives: the passphrase never comes here
    Column("totp", LargeBinary),  # the seed of the second factor, locked under a key of the key store
    Column("totp_step", BigInteger, nullable=False),  # the last one used: no code works twice
    Column("sealing_public", LargeBinary(32), nullable=False),
    Column("signing_public", LargeBinary(32), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),  # both private halves, under a key that only the passphrase gives
    Column("admitted_by", LargeBinary(16)),
    Column("certificate", LargeBinary(64)),  # the admitting lead's signature over who this is (`bot.vault.certificate`)
    Column("languages", Text, nullable=False),
    Column("skills", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("telegram", LargeBinary),  # the chat that alerts go to, if linked: locked under a key of the key store
    Column("telephone", LargeBinary),  # for the on-call chain: locked likewise
    Column("on_call", Integer),  # place in the chain; none: not in it
    Column("created_at", BigInteger, nullable=False),
)

invite = Table(
    "invite",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),  # hash of what stands in the link
    Column("unit_id", LargeBinary(16), nullable=False),
    Column("role", Text, nullable=False),
    Column("staff_id", LargeBinary(16)),  # whose keys are lost: who comes by this link takes the name over, with keys of their own
    Column("made_by", LargeBinary(16)),  # none: from the command line
    Column("made_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

contact_code = Table(
    "contact_code",
    metadata,
    Column("staff_id", LargeBinary(16), primary_key=True),
    Column("kind", Text, primary_key=True),  # telegram, telephone: what is being linked
    Column("code", LargeBinary(32), nullable=False, unique=True),  # HMAC of a code under the desk's key; good for ten minutes
    Column("value", LargeBinary),  # the number that is to be confirmed, locked under the desk's key; a chat names itself
    Column("used", Integer, nullable=False),  # 1: the same message may come again, and links nobody else
    Column("until", BigInteger, nullable=False),
)

unit_key = Table(
    "unit_key",
    metadata,
    Column("unit_id", LargeBinary(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("root_id", LargeBinary(16)),  # the lead who answers for it, and that lead's signature over unit, version and key
    Column("signature", LargeBinary(64)),
    Column("former", LargeBinary),  # the private half of the version before, sealed to this one
    Column("created_at", BigInteger, nullable=False),
)

unit_member = Table(
    "unit_member",
    metadata,
    Column("unit_id", LargeBinary(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("staff_id", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the unit's private half, sealed to the member
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),  # hash of the cookie
    Column("id", LargeBinary(16), nullable=False, unique=True),  # its name in lists
    Column("staff_id", LargeBinary(16), nullable=False, index=True),
    Column("csrf", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("scope", LargeBinary(32), primary_key=True),  # HMAC of a name, an address or a browser under the key of a day
    Column("failures", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

presence = Table(
    "presence",
    metadata,
    Column("staff_id", LargeBinary(16), primary_key=True),
    Column("state", Text, nullable=False),  # ready, away, pause
    Column("state_until", BigInteger),  # the end of a pause
    Column("until", BigInteger, nullable=False),  # the lease: nobody who is silent for longer counts as there
)

desk_setting = Table(
    "desk_setting",
    metadata,
    Column("name", Text, primary_key=True),  # hours, holidays, canned, duty
    Column("version", Integer, nullable=False),
    Column("value", Text, nullable=False),  # JSON, of ours and the leads'; no word of a reporter
)

block = Table(
    "block",
    metadata,
    Column("row_key", LargeBinary(32), primary_key=True),  # HMAC of channel and address under the key of a day: another than `address` has
    Column("day", Integer, nullable=False),
    Column("id", LargeBinary(16), nullable=False, unique=True, index=True),  # found from its case (`bot.vault.row_tag`)
    Column("until", BigInteger, nullable=False),
    Column("staff_id", LargeBinary(16), nullable=False),  # who set it, and may lift it
    Column("tag", LargeBinary(32), nullable=False),  # over all of it, under the key of that day: nobody else makes one
)
