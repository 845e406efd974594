"""To whom a case is sealed is tagged by the service."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the column."""
    op.add_column("case_key", sa.Column("tag", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    """Takes it away."""
    op.drop_column("case_key", "tag")
