"""Which keys are whose, remembered apart from the database."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes what is new."""
    op.create_table(
        "pin",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=True),
        sa.Column("invite", sa.LargeBinary(length=32), nullable=True),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("what", "id"),
    )


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("pin")
