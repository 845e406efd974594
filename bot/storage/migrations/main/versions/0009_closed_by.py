"""Who closed a hand-off for good: a crisis that one person closed alone is known by it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the column."""
    op.add_column("hand_off", sa.Column("closed_by", sa.LargeBinary(length=16), nullable=True))


def downgrade() -> None:
    """Takes it away."""
    op.drop_column("hand_off", "closed_by")
