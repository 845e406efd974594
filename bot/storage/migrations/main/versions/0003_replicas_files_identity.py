"""Replicas share the work; files, identities, the audit chain, prompts kept at a platform."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_HELD = sa.text("holder IS NOT NULL")
_WAITS = sa.text("state = 'waiting'")
# Seconds since 1970 outgrow PostgreSQL's INTEGER in 2038; SQLite's holds them anyway.
_TIMES = (
    ("conversation", "created_at"), ("conversation", "last_at"), ("inbox", "received_at"), ("outbox", "due_at"), ("outbox", "created_at"),
    ("timer", "due_at"), ("unit", "created_at"), ("recovery", "created_at"), ("cases", "created_at"), ("case_record", "created_at"),
    ("hand_off", "created_at"), ("mailbox_message", "created_at"),
)  # fmt: skip


def upgrade() -> None:
    """Makes what is new."""
    _alter_times(sa.BigInteger())
    op.add_column("conversation", sa.Column("holder", sa.LargeBinary(length=16), nullable=True))
    op.create_index("conversation_held", "conversation", ["holder"], sqlite_where=_HELD, postgresql_where=_HELD)
    op.create_index(op.f("ix_cases_created_at"), "cases", ["created_at"], unique=False)
    op.create_index("hand_off_waiting", "hand_off", ["created_at"], sqlite_where=_WAITS, postgresql_where=_WAITS)
    op.add_column("outbox", sa.Column("status", sa.Text(), nullable=True))
    op.create_table(
        "replica",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "claim",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "switch",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "content_resource",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("conversation_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("case_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_evidence_conversation_id"), "evidence", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"], unique=False)
    op.create_table(
        "evidence_chunk",
        sa.Column("evidence_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", "number"),
    )
    op.create_table(
        "identity_role",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("actors", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Takes it away."""
    for table in ("audit", "identity_role", "evidence_chunk"):
        op.drop_table(table)
    op.drop_index(op.f("ix_evidence_case_id"), table_name="evidence")
    op.drop_index(op.f("ix_evidence_conversation_id"), table_name="evidence")
    for table in ("evidence", "content_resource", "switch", "claim", "replica"):
        op.drop_table(table)
    op.drop_column("outbox", "status")
    op.drop_index("hand_off_waiting", table_name="hand_off")
    op.drop_index(op.f("ix_cases_created_at"), table_name="cases")
    op.drop_index("conversation_held", table_name="conversation")
    op.drop_column("conversation", "holder")
    _alter_times(sa.Integer())


def _alter_times(kind: sa.types.TypeEngine[int]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _TIMES:
            op.alter_column(table, column, type_=kind)
