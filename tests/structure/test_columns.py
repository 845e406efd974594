"""Every column that could hold words, a name or an address is sealed or locked, or stands here with the reason why it need not be."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, String, Table

from bot.storage.tables import SEALED, key_metadata, metadata

# What may lie in the database in clear: ids of our own making, hashes, public keys, words of a closed list, and content that is public.
CLEAR: dict[tuple[str, str], str] = {
    ("address", "row_key"): "HMAC under the key of a day, which dies after 72 hours",
    ("address", "conversation_id"): "random id",
    ("conversation", "id"): "random id",
    ("conversation", "channel"): "name of a channel",
    ("conversation", "key_id"): "random id",
    ("inbox", "conversation_id"): "random id",
    ("inbox", "key_id"): "random id",
    ("inbox", "dedupe"): "HMAC of the platform's message id under the key of a day",
    ("inbox", "state"): "new, done, failed",
    ("outbox", "conversation_id"): "random id",
    ("outbox", "key_id"): "random id",
    ("outbox", "channel"): "name of a channel",
    ("outbox", "kind"): "send, delete",
    ("outbox", "state"): "pending, sending, sent, dead",
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
    ("cases", "id"): "random id",
    ("cases", "kind"): "report, unfinished, alert, hand_off",
    ("cases", "urgency"): "what is to be read first; learnable by design (threat table, row 1)",
    ("cases", "status"): "how far the work is; learnable by design",
    ("cases", "language"): "learnable by design",
    ("cases", "public_key"): "public key",
    ("case_key", "case_id"): "random id",
    ("case_key", "recipient_id"): "random id",
    ("case_record", "id"): "random id",
    ("case_record", "case_id"): "random id",
    ("case_record", "kind"): "report, message, return_address",
    ("hand_off", "id"): "random id",
    ("hand_off", "case_id"): "random id",
    ("hand_off", "reason"): "danger, self_harm, asked, lost; learnable by design as urgency is",
    ("hand_off", "state"): "waiting, false_alarm",
    ("receipt", "locator"): "from the code by Argon2id with the pepper, which lies elsewhere",
    ("receipt", "case_id"): "random id",
    ("receipt", "mailbox_id"): "random id",
    ("receipt", "mailbox_public"): "public key",
    ("mailbox_message", "id"): "random id",
    ("mailbox_message", "mailbox_id"): "random id",
    ("guess", "scope"): "HMAC of a random id under the key of a day",
    ("flow_revision", "flow"): "name of a conversation's definition",
    ("flow_revision", "revision"): "hash of a definition",
    ("flow_revision", "definition"): "content of the project, which is public",
}
# The key store holds keys, by definition, and nothing else.
KEYS: dict[tuple[str, str], str] = {
    ("conversation_key", "id"): "random id",
    ("conversation_key", "key"): "key",
    ("day_key", "key"): "key",
    ("server_key", "name"): "a name in our source",
    ("server_key", "private"): "key",
    ("server_key", "public"): "public key",
}
READERS = {"conversation", "case", "mailbox", "unit"}


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
