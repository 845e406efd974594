"""The tables. Every column that could hold words or an address holds sealed or locked bytes: `SEALED` lists them, a test holds it true.

Times are whole seconds since 1970 (UTC). Ids of people's things are 16 random bytes; ids of rows that must keep an order are numbers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, func, literal_column

from bot.storage.metadata import metadata as metadata
from bot.storage.staff_tables import block as block
from bot.storage.staff_tables import contact_code as contact_code
from bot.storage.staff_tables import desk_setting as desk_setting
from bot.storage.staff_tables import invite as invite
from bot.storage.staff_tables import presence as presence
from bot.storage.staff_tables import sign_in_try as sign_in_try
from bot.storage.staff_tables import staff as staff
from bot.storage.staff_tables import staff_session as staff_session
from bot.storage.staff_tables import unit_key as unit_key
from bot.storage.staff_tables import unit_member as unit_member

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
    Column("created_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
    Column("holder", LargeBinary(16)),  # the replica whose turns and sends it has; none where one process serves alone
    Column("hand_off_id", LargeBinary(16), index=True),  # the hand-off that it is in: who may speak in it is written there
)
_HELD = conversation.c.holder.is_not(None)
Index("conversation_held", conversation.c.holder, sqlite_where=_HELD, postgresql_where=_HELD)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("conversation_id", LargeBinary(16), nullable=False, index=True),
    Column("key_id", LargeBinary(16), nullable=False),
    Column("dedupe", LargeBinary(32), nullable=False, unique=True),
    Column("received_at", BigInteger, nullable=False),
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
    Column("due_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("code", Text),  # why it failed, a word for machines
    Column("status", Text),  # what the platform said of a row that went out: sent, delivered, read, failed
    Column("body", LargeBinary),
    Column("ref", LargeBinary),
    Column("record_id", LargeBinary(16)),  # the record of a reply of staff's, while the two can talk: the console shows what became of it
)
# Written out, not as parameters: SQLite uses a partial index only for a list that it can read in the statement.
WAITING = outbox.c.state.in_((literal_column("'pending'"), literal_column("'sending'")))
Index("outbox_waiting", outbox.c.key_id, sqlite_where=WAITING, postgresql_where=WAITING)
# Codes of what waits because the platform lets us write only to whoever wrote lately: the person was asked to write again, or was not.
WINDOW = ("window_closed", "window_invited")
Index("outbox_dead", outbox.c.id, sqlite_where=outbox.c.state == "dead", postgresql_where=outbox.c.state == "dead")

timer = Table(
    "timer",
    metadata,
    Column("conversation_id", LargeBinary(16), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("due_at", BigInteger, nullable=False, index=True),
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
    Column("public_key", LargeBinary(32)),  # none until its first lead's browser makes it: until then it receives nothing
    Column("created_at", BigInteger, nullable=False),
)

recovery = Table(
    "recovery",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("signing_public", LargeBinary(32)),  # what it vouches with for a new lead; none of a key from before it could
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
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("head", LargeBinary(32)),  # hash over the last entry that staff made: the next one names it, so of two at once one is refused
    Column("due_at", BigInteger),  # when a lead is told next (`actions.deadline`); none: read, and the three days are answered
    Column("added_at", BigInteger),  # since when something lies there that a reporter added and nobody has opened
    Column("added_due", BigInteger),  # when a lead is told of that next
    Column("tag", LargeBinary(32)),  # the service's, over id and public key (`bot.vault.row_tag`)
    Column("told", Integer),  # how many records the service has written to it and counted (`bot.vault.witness`)
)
_DUE, _ADDED = cases.c.due_at.is_not(None), cases.c.added_due.is_not(None)
Index("cases_due", cases.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)
Index("cases_added", cases.c.added_due, sqlite_where=_ADDED, postgresql_where=_ADDED)

case_key = Table(
    "case_key",
    metadata,
    Column("case_id", LargeBinary(16), primary_key=True),
    Column("recipient_id", LargeBinary(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer),  # of the unit's key that it is sealed to; none: not known, or no unit's
    Column("born", Integer),  # the version that the unit's key had when the case's key was made; none: not known, or no unit's
    Column("tag", LargeBinary(32)),  # the service's, over case and recipient (`bot.vault.row_tag`): without it nobody is a reader
)

case_record = Table(
    "case_record",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    # Of the reporter: report, unfinished, alert, hand_off, message, said, return_address, identity. Of staff: said, reply, note, status,
    # duty, relayed, identity_opened, key.
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # What staff wrote is signed and chained: who, over what (`bot.vault.staff_entry`), and the hash of the entry before it in this case.
    # What the service wrote has no author; it is signed by the service and numbered (`bot.vault.witness`).
    Column("author_id", LargeBinary(16)),
    Column("signature", LargeBinary(64)),
    Column("previous", LargeBinary(32)),
    Column("number", Integer),
)

# Oldest first. Of one second, what the service wrote (a report) stands before what colleagues wrote about it, in the order of its numbers.
RECORDS_OLDEST_FIRST = (
    case_record.c.created_at, case_record.c.author_id.is_not(None), func.coalesce(case_record.c.number, 0), case_record.c.id,
)  # fmt: skip

hand_off = Table(
    "hand_off",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("reason", Text, nullable=False),  # danger, self_harm, asked, lost
    Column("state", Text, nullable=False),  # waiting, offered, active, wrap_up, callback, closed (`actions.queue`)
    Column("created_at", BigInteger, nullable=False),
    Column("conversation_id", LargeBinary(16), index=True),  # while it can be talked in
    Column("urgency", Text, nullable=False),  # danger, self_harm, child, other
    Column("language", Text, nullable=False),
    Column("version", Integer, nullable=False),  # every change adds one; who changes says which version was seen
    Column("waiting_since", BigInteger, nullable=False),
    Column("owner_id", LargeBinary(16), index=True),  # who may speak: the one staff member, or nobody and the bot
    Column("offered_to", LargeBinary(16)),  # who was asked; in `active` and with an owner: a transfer
    Column("offered_until", BigInteger),
    Column("due_at", BigInteger),  # the next moment at which time alone changes something
    Column("taken_at", BigInteger),
    Column("ended_at", BigInteger, index=True),
    Column("ended", Text),  # why: handled, left, erased, silent; message: it was left to be read
    Column("outcome", Text),  # what came of it, in a word of ours
    Column("risk", Text),  # as the counsellor judged it: danger, high, some, none
    Column("false_alarm", Integer, nullable=False),  # 1: the reporter says that there is no danger
    Column("callback_at", BigInteger),  # when the reporter said that it is safe
    Column("alarm", Text),  # how far the alarm went (`actions.hand_off.Stage`); none: nowhere
    Column("alarm_at", BigInteger),
    Column("alarm_step", Integer),  # how often at that stage: in on_call the place in the chain; a call to the leads that waits holds it
    Column("may_call", Integer),  # whether people may be telephoned: 1, 0, none: the reporter has not said
    Column("owners", Integer),  # how many people have had it, one after the other
    Column("passed", LargeBinary),  # the ids of those who let it pass since it waits, one after the other
    Column("invited_id", LargeBinary(16)),  # a colleague who looks on; it makes nobody the owner
    Column("closing_id", LargeBinary(16)),  # who says that it can be closed, where another one must say so too
    Column("closed_by", LargeBinary(16)),  # who closed it for good: in a crisis the same as `closing_id` where there was nobody else
    Column("safe", Text),  # is it safe to write to the reporter: asked, yes, no (nothing is sent); none: nobody asked
    Column("rating", Integer),  # 1 to 5, if the reporter gave one
)
_OPEN = hand_off.c.ended_at.is_(None)
Index("hand_off_open", hand_off.c.created_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

receipt = Table(
    "receipt",
    metadata,
    Column("locator", LargeBinary(32), primary_key=True),
    Column("case_id", LargeBinary(16), nullable=False, index=True),
    Column("mailbox_id", LargeBinary(16), nullable=False),
    Column("mailbox_public", LargeBinary(32), nullable=False),
    Column("tag", LargeBinary(32)),  # the service's, over the whole row
)

mailbox_message = Table(
    "mailbox_message",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("mailbox_id", LargeBinary(16), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    # Who wrote it, over what (`bot.vault.staff_entry.StaffReply`), and the service's tag: it came in while that person worked here.
    Column("author_id", LargeBinary(16)),
    Column("signature", LargeBinary(64)),
    Column("tag", LargeBinary(32)),
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

replica = Table(
    "replica",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("seen_at", BigInteger, nullable=False),  # by the database's clock: a replica that is silent for long is dead
)

claim = Table(
    "claim",
    metadata,
    Column("name", Text, primary_key=True),  # periodic work that one replica does at a time
    Column("holder", LargeBinary(16), nullable=False),
    Column("until", BigInteger, nullable=False),
)

switch = Table(
    "switch",
    metadata,
    Column("name", Text, primary_key=True),  # mode
    Column("value", Text, nullable=False),
)

content_resource = Table(
    "content_resource",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),  # of a prompt whose words are all ours
    Column("sid", Text, nullable=False),  # the platform's name of the stored prompt
    Column("created_at", BigInteger, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("conversation_id", LargeBinary(16), index=True),  # while the report is being told
    Column("case_id", LargeBinary(16), index=True),  # once it is sealed
    Column("chunks", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

evidence_chunk = Table(
    "evidence_chunk",
    metadata,
    Column("evidence_id", LargeBinary(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

identity_role = Table(
    "identity_role",
    metadata,
    Column("role", Text, primary_key=True),  # two that are never one person
    Column("id", LargeBinary(16), nullable=False),
    Column("kind", Text, nullable=False),  # of the unit it belongs to: an identity is not sealed to where the alleged person works
    Column("public_key", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("action", Text, nullable=False),  # a word of ours
    Column("subject", LargeBinary),  # the id of what it was done to
    Column("actors", LargeBinary),  # the ids of the keys that did it, one after the other
    Column("hash", LargeBinary(32), nullable=False),  # over this entry and the hash before it
)

# Who can open a sealed column: "conversation" (a key that dies), "case" (staff; an identity among the records: two roles together),
# "mailbox" (the reporter's code), "unit", "file" (a key that lies in the session while the report is told, and in the case once it is
# sent), "staff" (one person's passphrase or private key), "desk" (a key of the key store, for what the service needs of staff).
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
    ("evidence_chunk", "sealed"): "file",
    ("staff", "totp"): "desk",
    ("staff", "wrapped"): "staff",
    ("staff", "telegram"): "desk",
    ("staff", "telephone"): "desk",
    ("contact_code", "value"): "desk",
    ("unit_key", "former"): "unit",
    ("unit_member", "sealed"): "staff",
}

key_metadata = MetaData()

conversation_key = Table(
    "conversation_key",
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

day_key = Table(
    "day_key",
    key_metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("key", LargeBinary(32), nullable=False),
    Column("former", LargeBinary),  # the day's keys from before it was changed (`keys rotate`), one after the other
)

server_key = Table(
    "server_key",
    key_metadata,
    Column("name", Text, primary_key=True),  # delivery, and delivery.1, delivery.2, … from before it was changed
    Column("private", LargeBinary(32), nullable=False),
    Column("public", LargeBinary(32), nullable=False),
    Column("created_at", Integer),  # none: made by a program that did not write it down
)

tombstone = Table(
    "tombstone",
    key_metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("kind", Text, nullable=False),  # its table: cases, mailbox_message, evidence, staff
    Column("at", BigInteger, nullable=False),
)

pin = Table(
    "pin",
    key_metadata,
    Column("what", Text, primary_key=True),  # unit, recovery, identity_role, staff, leaving (`bot.storage.pins` says what each holds)
    Column("id", LargeBinary(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lead", Integer, nullable=False),
    Column("public_key", LargeBinary(32)),
    Column("version", Integer, nullable=False),
    Column("mark", LargeBinary(32)),
    Column("invite", LargeBinary(32)),
    Column("gone", Integer, nullable=False),
)
