"""What staff write into a mailbox is signed; what the service writes carries its tag; which version of a unit's key a case is sealed to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("mailbox_message", "author_id", sa.LargeBinary(length=16)), ("mailbox_message", "signature", sa.LargeBinary(length=64)),
    ("mailbox_message", "tag", sa.LargeBinary(length=32)), ("cases", "tag", sa.LargeBinary(length=32)),
    ("receipt", "tag", sa.LargeBinary(length=32)), ("case_key", "version", sa.Integer()),
    ("recovery", "signing_public", sa.LargeBinary(length=32)),
)  # fmt: skip


def upgrade() -> None:
    """Makes what is new."""
    for table, name, kind in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Takes it away."""
    for table, name, _ in reversed(_COLUMNS):
        op.drop_column(table, name)
