"""Which version a unit's key had when a case's own key was made: whether it is from before somebody went."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the column."""
    op.add_column("case_key", sa.Column("born", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Takes it away."""
    op.drop_column("case_key", "born")
