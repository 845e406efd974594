"""Every column that could hold words, a name or an address is sealed or locked, or stands here with the reason why it need not be."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, String, Table

from bot.storage.tables import SEALED, key_metadata, metadata

# What may lie in the database in clear: ids of our own making, hashes, public keys, words of a closed list, and content that is public.
CLEAR: dict[tuple[str, str], str] = {
    ("address", "row_key"): "HMAC under the key of a day, which dies after 72 hours",
    ("address", "conversation_id"): "random id",
    ("block", "row_key"): "HMAC under the key of a day, which dies after 72 hours",
    ("block", "id"): "HMAC of a case's id under a key that comes from the pepper",
    ("block", "staff_id"): "random id",
    ("block", "tag"): "HMAC under the key of a day",
    ("conversation", "id"): "random id",
    ("conversation", "channel"): "name of a channel",
    ("conversation", "key_id"): "random id",
    ("conversation", "holder"): "random id of a process",
    ("inbox", "conversation_id"): "random id",
    ("inbox", "key_id"): "random id",
    ("inbox", "dedupe"): "HMAC of the platform's message id under the key of a day",
    ("inbox", "state"): "new, done, failed",
    ("outbox", "conversation_id"): "random id",
    ("outbox", "key_id"): "random id",
    ("outbox", "channel"): "name of a channel",
    ("outbox", "kind"): "send, delete",
    ("outbox", "state"): "pending, sending, sent, dead",
    ("outbox", "status"): "sent, delivered, read, failed",
    ("replica", "id"): "random id of a process",
    ("claim", "name"): "name of periodic work in our source",
    ("claim", "holder"): "random id of a process",
    ("switch", "name"): "a switch's name in our source",
    ("switch", "value"): "a word of ours",
    ("content_resource", "hash"): "hash of a prompt that is the project's own content",
    ("content_resource", "sid"): "the platform's name of that prompt",
    ("evidence", "id"): "random id",
    ("evidence", "conversation_id"): "random id",
    ("evidence", "case_id"): "random id",
    ("evidence_chunk", "evidence_id"): "random id",
    ("identity_role", "role"): "a role's name in the city's settings",
    ("identity_role", "id"): "random id",
    ("identity_role", "kind"): "kind of authority",
    ("identity_role", "public_key"): "public key",
    ("audit", "action"): "a word of ours",
    ("audit", "subject"): "random id",
    ("audit", "actors"): "random ids of keys",
    ("audit", "hash"): "hash over ids and words of ours",
    ("outbox", "code"): "why it failed: a code of ours, never the platform's words",
    ("timer", "conversation_id"): "random id",
    ("timer", "name"): "a timer's name in our source",
    ("key_death", "key_id"): "random id",
    ("unit", "id"): "random id",
    ("unit", "name"): "an authority's public name",
    ("unit", "kind"): "kind of authority",
    ("unit", "public_key"): "public key",
    ("recovery", "id"): "random id",
    ("recovery", "public_key"): "public key",
    ("recovery", "signing_public"): "public key",
    ("cases", "id"): "random id",
    ("cases", "kind"): "report, unfinished, alert, hand_off",
    ("cases", "urgency"): "what is to be read first; learnable by design (threat table, row 1)",
    ("cases", "status"): "how far the work is; learnable by design",
    ("cases", "language"): "learnable by design",
    ("cases", "public_key"): "public key",
    ("cases", "tag"): "HMAC over what stands beside it",
    ("case_key", "case_id"): "random id",
    ("case_key", "recipient_id"): "random id",
    ("case_key", "tag"): "HMAC over what stands beside it",
    ("case_record", "id"): "random id",
    ("case_record", "case_id"): "random id",
    ("case_record", "kind"): "report, message, said, note, duty (not its answer), return_address, identity, identity_opened",
    ("hand_off", "id"): "random id",
    ("hand_off", "case_id"): "random id",
    ("hand_off", "reason"): "danger, self_harm, asked, lost; learnable by design as urgency is",
    ("hand_off", "state"): "where it stands in the queue; learnable by design",
    ("hand_off", "conversation_id"): "random id; there as long as the two can talk, so a thief learns what is open and not who it was",
    ("hand_off", "urgency"): "learnable by design",
    ("hand_off", "language"): "learnable by design",
    ("hand_off", "owner_id"): "random id of a colleague: assignments are learnable by design",
    ("hand_off", "offered_to"): "random id of a colleague",
    ("hand_off", "ended"): "a word of ours",
    ("hand_off", "outcome"): "a word of ours",
    ("hand_off", "risk"): "a word of ours",
    ("hand_off", "alarm"): "a word of ours",
    ("hand_off", "passed"): "random ids of colleagues",
    ("hand_off", "invited_id"): "random id of a colleague",
    ("hand_off", "closing_id"): "random id of a colleague",
    ("hand_off", "closed_by"): "random id of a colleague",
    ("cases", "head"): "hash of sealed bytes",
    ("outbox", "record_id"): "random id; there as long as the two can talk, as in hand_off.conversation_id",
    ("hand_off", "safe"): "a word of ours: whether it is safe to write to somebody, and so that a telephone is shared",
    ("conversation", "hand_off_id"): "random id; see hand_off.conversation_id",
    ("case_record", "author_id"): "random id of a colleague; none for what a reporter wrote",
    ("case_record", "signature"): "over a hash of the sealed record",
    ("case_record", "previous"): "hash of sealed bytes",
    ("staff", "id"): "random id",
    ("staff", "unit_id"): "random id",
    ("staff", "name"): "a colleague's name to sign in with: an official in office, no reporter",
    ("staff", "shown"): "as colleagues see it: an official in office, no reporter",
    ("staff", "role"): "a word of ours",
    ("staff", "state"): "a word of ours",
    ("staff", "salt"): "random",
    ("staff", "auth"): "Argon2id of a secret that Argon2id made of the passphrase",
    ("staff", "sealing_public"): "public key",
    ("staff", "signing_public"): "public key",
    ("staff", "admitted_by"): "random id",
    ("staff", "certificate"): "a signature",
    ("staff", "languages"): "words of ours",
    ("staff", "skills"): "words of ours",
    ("contact_code", "staff_id"): "random id",
    ("contact_code", "kind"): "telegram, telephone: which contact a colleague is linking",
    ("contact_code", "code"): "HMAC of a random code under a key of the key store",
    ("invite", "token"): "hash of a random token",
    ("invite", "unit_id"): "random id",
    ("invite", "role"): "a word of ours",
    ("invite", "staff_id"): "random id",
    ("invite", "made_by"): "random id",
    ("sign_in_try", "scope"): "HMAC of a name or an address under the key of a day, which dies after 72 hours",
    ("unit_key", "unit_id"): "random id",
    ("unit_key", "public_key"): "public key",
    ("unit_key", "root_id"): "random id",
    ("unit_key", "signature"): "a signature",
    ("unit_member", "unit_id"): "random id",
    ("unit_member", "staff_id"): "random id",
    ("staff_session", "token"): "hash of a random token",
    ("staff_session", "id"): "random id",
    ("staff_session", "staff_id"): "random id",
    ("staff_session", "csrf"): "hash of a random token",
    ("presence", "staff_id"): "random id",
    ("presence", "state"): "a word of ours",
    ("desk_setting", "name"): "a name in our source",
    ("desk_setting", "value"): "hours, holidays and canned replies: of the city, told to everybody who asks",
    ("receipt", "locator"): "from the code by Argon2id with the pepper, which lies elsewhere",
    ("receipt", "case_id"): "random id",
    ("receipt", "mailbox_id"): "random id",
    ("receipt", "mailbox_public"): "public key",
    ("receipt", "tag"): "HMAC over what stands beside it",
    ("mailbox_message", "id"): "random id",
    ("mailbox_message", "mailbox_id"): "random id",
    ("mailbox_message", "author_id"): "random id of a colleague; as in case_record.author_id",
    ("mailbox_message", "signature"): "over a hash of what is sealed",
    ("mailbox_message", "tag"): "HMAC over what stands beside it",
    ("guess", "scope"): "HMAC of a random id under the key of a day",
    ("flow_revision", "flow"): "name of a conversation's definition",
    ("flow_revision", "revision"): "hash of a definition",
    ("flow_revision", "definition"): "content of the project, which is public",
}
# The key store holds keys, by definition, and the names of what is gone.
KEYS: dict[tuple[str, str], str] = {
    ("conversation_key", "id"): "random id",
    ("conversation_key", "key"): "key",
    ("day_key", "key"): "key",
    ("day_key", "former"): "keys",
    ("server_key", "name"): "a name in our source",
    ("server_key", "private"): "key",
    ("server_key", "public"): "public key",
    ("tombstone", "id"): "random id of what is gone",
    ("tombstone", "kind"): "a table's name",
    ("pin", "what"): "a word of ours",
    ("pin", "id"): "random id",
    ("pin", "name"): "an authority's public name, or a role's",
    ("pin", "kind"): "kind of authority",
    ("pin", "public_key"): "public key",
    ("pin", "mark"): "hash over ids and public keys; of recovery a public key",
    ("pin", "invite"): "hash of a random token",
}
READERS = {"conversation", "case", "mailbox", "unit", "file", "staff", "desk"}


def _columns(tables: dict[str, Table]) -> set[tuple[str, str]]:
    """Every column that takes text, bytes, or anything that is no plain number."""
    plain = (int, float, bool)
    found = set()
    for table in tables.values():
        for column in table.columns:
            if isinstance(column.type, LargeBinary | String) or column.type.python_type not in plain:
                found.add((table.name, column.name))
    return found


@pytest.mark.parametrize(
    ("tables", "declared"), [(dict(metadata.tables), CLEAR.keys() | SEALED.keys()), (dict(key_metadata.tables), KEYS.keys())],
    ids=["database", "key store"],
)  # fmt: skip
def test_every_column_is_sealed_or_says_why_not(tables: dict[str, Table], declared: set[tuple[str, str]]) -> None:
    """A new column is either in SEALED, or in the list above with its reason: there is no third way."""
    columns = _columns(tables)
    assert columns
    assert columns - declared == set(), "undeclared: seal it, or say above why it may be read"
    assert set(declared) - columns == set(), "declared, and not there any more"


def test_nothing_is_declared_twice() -> None:
    """A sealed column needs no excuse."""
    assert CLEAR.keys() & SEALED.keys() == set()
    assert set(SEALED.values()) == READERS


def test_sealed_columns_take_bytes_only() -> None:
    """Words cannot be put there by mistake: the database's type refuses text on its way in."""
    for table, column in SEALED:
        assert isinstance(metadata.tables[table].columns[column].type, LargeBinary), (table, column)
        assert metadata.tables[table].columns[column].type.length is None, (table, column)
