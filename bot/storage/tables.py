"""The tables. Every column that could hold words or an address holds sealed or locked bytes: `SEALED` lists them, a test holds it true.

Times are whole seconds since 1970 (UTC). Ids of people's things are 16 random bytes; ids of rows that must keep an order are numbers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, literal_column

metadata = MetaData()

address = Table(
    "address",
    metadata,
    Column("row_key", LargeBinary(32), primary_key=True),  # HMAC of channel and address under the key of a day
    Column("conversation_id", LargeBinary(16), nullable=False, index=True),
    Column("day", Integer, nullable=False, index=True),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("key_id", LargeBinary(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("session", LargeBinary),
    Column("address", LargeBinary, nullable=False),
    Column("refs", LargeBinary),  # the platform's ids of both sides' messages, from before the last change of key
    Column("created_at", Integer, nullable=False),
    Column("last_at", Integer, nullable=False, index=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", LargeBinary(16), nullable=False, index=True),
    Column("key_id", LargeBinary(16), nullable=False),
    Column("dedupe", LargeBinary(32), nullable=False, unique=True),
    Column("received_at", Integer, nullable=False),
    Column("state", Text, nullable=False),  # new, done, failed
    Column("attempts", Integer, nullable=False),
    Column("body", LargeBinary),
    Column("ref", LargeBinary),
)
Index("inbox_new", inbox.c.id, sqlite_where=inbox.c.state == "new", postgresql_where=inbox.c.state == "new")

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", LargeBinary(16), nullable=False, index=True),
    Column("key_id", LargeBinary(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),  # send, delete
    Column("state", Text, nullable=False),  # pending, sending, sent, dead
    Column("attempts", Integer, nullable=False),
    Column("due_at", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("code", Text),  # why it failed, a word for machines
    Column("body", LargeBinary),
    Column("ref", LargeBinary),
)
# Written out, not as parameters: SQLite uses a partial index only for a list that it can read in the statement.
WAITING = outbox.c.state.in_((literal_column("'pending'"), literal_column("'sending'")))
Index("outbox_waiting", outbox.c.key_id, sqlite_where=WAITING, postgresql_where=WAITING)
Index("outbox_dead", outbox.c.id, sqlite_where=outbox.c.state == "dead", postgresql_where=outbox.c.state == "dead")

timer = Table(
    "timer",
    metadata,
    Column("conversation_id", LargeBinary(16), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due_at", Integer, nullable=False, index=True),
)

key_death = Table(
    "key_death",
    metadata,
    Column("key_id", LargeBinary(16), primary_key=True),
)

unit = Table(
    "unit",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # service, school, health, kelurahan, police, legal
    Column("lead", Integer, nullable=False),  # 1: receives what no other unit may see
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created_at", Integer, nullable=False),
)

recovery = Table(
    "recovery",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created_at", Integer, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("kind", Text, nullable=False),  # report, unfinished, alert, hand_off
    Column("urgency", Text, nullable=False),  # danger, self_harm, child, other
    Column("status", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created_at", Integer, nullable=False),
)

case_key = Table(
    "case_key",
    metadata,
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("recipient_id", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

case_record = Table(
    "case_record",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # report, message, return_address
    Column("created_at", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

hand_off = Table(
    "hand_off",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("reason", Text, nullable=False),  # danger, self_harm, asked, lost
    Column("state", Text, nullable=False),  # waiting, false_alarm
    Column("created_at", Integer, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("locator", LargeBinary(32), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("mailbox_id", LargeBinary(16), nullable=False),
    Column("mailbox_public", LargeBinary(32), nullable=False),
)

mailbox_message = Table(
    "mailbox_message",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("mailbox_id", LargeBinary(16), nullable=False, index=True),
    Column("created_at", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

guess = Table(
    "guess",
    metadata,
    Column("scope", LargeBinary(32), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

flow_revision = Table(
    "flow_revision",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("definition", Text, nullable=False),
)

# Who can open a sealed column: "conversation" (a key that dies), "case" (staff), "mailbox" (the reporter's code), "unit".
SEALED: dict[tuple[str, str], str] = {
    ("conversation", "session"): "conversation",
    ("conversation", "address"): "conversation",
    ("conversation", "refs"): "conversation",
    ("inbox", "body"): "conversation",
    ("inbox", "ref"): "conversation",
    ("outbox", "body"): "conversation",
    ("outbox", "ref"): "conversation",
    ("case_key", "sealed"): "unit",
    ("case_record", "sealed"): "case",
    ("mailbox_message", "sealed"): "mailbox",
}

key_metadata = MetaData()

conversation_key = Table(
    "conversation_key",
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("created_at", Integer, nullable=False),
)

day_key = Table(
    "day_key",
    key_metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("key", LargeBinary(32), nullable=False),
)

server_key = Table(
    "server_key",
    key_metadata,
    Column("name", Text, primary_key=True),  # delivery
    Column("private", LargeBinary(32), nullable=False),
    Column("public", LargeBinary(32), nullable=False),
)
