"""What somebody added to a case is to be read, too."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the columns, and the index through which the round looks."""
    op.add_column("cases", sa.Column("added_at", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("added_due", sa.BigInteger(), nullable=True))
    waits = sa.text("added_due IS NOT NULL")
    op.create_index("cases_added", "cases", ["added_due"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    """Takes them away."""
    op.drop_index("cases_added", table_name="cases")
    op.drop_column("cases", "added_due")
    op.drop_column("cases", "added_at")
