"""The desk: staff and their keys, who owns a hand-off, who is there; staff entries are signed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.LargeBinary(length=16)
_HASH = sa.LargeBinary(length=32)
_SIGNATURE = sa.LargeBinary(length=64)
_WAITS = sa.text("state = 'waiting'")
_OPEN = sa.text("ended_at IS NULL")
# What a hand-off has now: its columns, and what those that are stored already get.
_HAND_OFF: tuple[tuple[str, Any, str | None], ...] = (
    ("conversation_id", _ID, None), ("urgency", sa.Text(), "'other'"), ("language", sa.Text(), "'id'"), ("version", sa.Integer(), "0"),
    ("waiting_since", sa.BigInteger(), "0"), ("owner_id", _ID, None), ("offered_to", _ID, None), ("offered_until", sa.BigInteger(), None),
    ("due_at", sa.BigInteger(), None), ("taken_at", sa.BigInteger(), None), ("ended_at", sa.BigInteger(), None),
    ("ended", sa.Text(), None), ("outcome", sa.Text(), None), ("risk", sa.Text(), None), ("false_alarm", sa.Integer(), "0"),
    ("callback_at", sa.BigInteger(), None), ("alarm", sa.Text(), None), ("alarm_at", sa.BigInteger(), None),
    ("alarm_step", sa.Integer(), None), ("may_call", sa.Integer(), None), ("owners", sa.Integer(), None),
    ("passed", sa.LargeBinary(), None), ("invited_id", _ID, None), ("closing_id", _ID, None), ("safe", sa.Text(), None),
    ("rating", sa.Integer(), None),
)  # fmt: skip
_ENTRY = (("author_id", _ID), ("signature", _SIGNATURE), ("previous", _HASH))


def upgrade() -> None:
    """Makes what is new."""
    op.add_column("conversation", sa.Column("hand_off_id", _ID, nullable=True))
    op.create_index(op.f("ix_conversation_hand_off_id"), "conversation", ["hand_off_id"], unique=False)
    for name, kind in _ENTRY:
        op.add_column("case_record", sa.Column(name, kind, nullable=True))
    op.add_column("cases", sa.Column("head", _HASH, nullable=True))
    op.add_column("outbox", sa.Column("record_id", _ID, nullable=True))
    op.drop_index("hand_off_waiting", table_name="hand_off")
    with op.batch_alter_table("hand_off") as batch:
        for name, kind, default in _HAND_OFF:
            batch.add_column(sa.Column(name, kind, nullable=default is None, server_default=sa.text(default) if default else None))
    op.execute(
        "UPDATE hand_off SET waiting_since = created_at, false_alarm = CASE state WHEN 'false_alarm' THEN 1 ELSE 0 END, "
        "state = CASE state WHEN 'false_alarm' THEN 'waiting' ELSE state END, "
        "urgency = CASE reason WHEN 'danger' THEN 'danger' WHEN 'self_harm' THEN 'self_harm' ELSE 'other' END"
    )
    with op.batch_alter_table("hand_off") as batch:
        for name, _, default in _HAND_OFF:
            if default is not None:
                batch.alter_column(name, server_default=None)
    op.create_index(op.f("ix_hand_off_conversation_id"), "hand_off", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_hand_off_owner_id"), "hand_off", ["owner_id"], unique=False)
    op.create_index(op.f("ix_hand_off_ended_at"), "hand_off", ["ended_at"], unique=False)
    op.create_index("hand_off_open", "hand_off", ["created_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    with op.batch_alter_table("unit") as batch:
        batch.alter_column("public_key", existing_type=_HASH, nullable=True)
    op.create_table(
        "staff",
        sa.Column("id", _ID, nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("salt", _ID, nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("sealing_public", _HASH, nullable=False),
        sa.Column("signing_public", _HASH, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("admitted_by", _ID, nullable=True),
        sa.Column("certificate", _SIGNATURE, nullable=True),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("telegram", sa.LargeBinary(), nullable=True),
        sa.Column("telephone", sa.LargeBinary(), nullable=True),
        sa.Column("on_call", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(op.f("ix_staff_unit_id"), "staff", ["unit_id"], unique=False)
    op.create_table(
        "invite",
        sa.Column("token", _HASH, nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("staff_id", _ID, nullable=True),
        sa.Column("made_by", _ID, nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "unit_key",
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", _HASH, nullable=False),
        sa.Column("root_id", _ID, nullable=True),
        sa.Column("signature", _SIGNATURE, nullable=True),
        sa.Column("former", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "version"),
    )
    op.create_table(
        "unit_member",
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "version", "staff_id"),
    )
    op.create_table(
        "staff_session",
        sa.Column("token", _HASH, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("csrf", _HASH, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)
    op.create_table(
        "sign_in_try",
        sa.Column("scope", _HASH, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_table(
        "presence",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_until", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id"),
    )
    op.create_table(
        "desk_setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Takes it away."""
    with op.batch_alter_table("unit") as batch:
        batch.alter_column("public_key", existing_type=_HASH, nullable=False)
    for table in ("desk_setting", "presence", "sign_in_try", "staff_session", "unit_member", "unit_key", "invite", "staff"):
        op.drop_table(table)
    for index in ("hand_off_open", op.f("ix_hand_off_ended_at"), op.f("ix_hand_off_owner_id"), op.f("ix_hand_off_conversation_id")):
        op.drop_index(index, table_name="hand_off")
    op.execute("UPDATE hand_off SET state = 'false_alarm' WHERE false_alarm = 1")
    with op.batch_alter_table("hand_off") as batch:
        for name, _, _ in _HAND_OFF:
            batch.drop_column(name)
    op.create_index("hand_off_waiting", "hand_off", ["created_at"], sqlite_where=_WAITS, postgresql_where=_WAITS)
    op.drop_column("outbox", "record_id")
    op.drop_column("cases", "head")
    for name, _ in _ENTRY:
        op.drop_column("case_record", name)
    op.drop_index(op.f("ix_conversation_hand_off_id"), table_name="conversation")
    op.drop_column("conversation", "hand_off_id")
