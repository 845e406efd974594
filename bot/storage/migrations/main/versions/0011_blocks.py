"""Addresses that the desk blocked: rows under names that die with the key of their day."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "block",
        sa.Column("row_key", sa.LargeBinary(length=32), primary_key=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
    )
    op.create_index("ix_block_id", "block", ["id"], unique=True)


def downgrade() -> None:
    """Takes it away: whoever is blocked is so no more."""
    op.drop_table("block")
