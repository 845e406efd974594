"""What was erased is remembered apart from every backup, so that a restored one does not bring it back; keys that were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes what is new."""
    op.add_column("day_key", sa.Column("former", sa.LargeBinary(), nullable=True))
    op.add_column("server_key", sa.Column("created_at", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":  # seconds since 1970 outgrow its INTEGER in 2038
        op.alter_column("conversation_key", "created_at", type_=sa.BigInteger())
    op.create_table(
        "tombstone",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("tombstone")
    op.drop_column("server_key", "created_at")
    op.drop_column("day_key", "former")
