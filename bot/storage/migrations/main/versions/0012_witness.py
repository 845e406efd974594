"""What the service wrote to a case is signed by it and numbered."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the columns."""
    op.add_column("case_record", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("cases", sa.Column("told", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Takes them away."""
    op.drop_column("cases", "told")
    op.drop_column("case_record", "number")
