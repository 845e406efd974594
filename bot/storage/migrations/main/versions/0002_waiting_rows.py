"""Waiting bubbles are found by their key; dead ones are counted without reading all others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('pending', 'sending')")
_DEAD = sa.text("state = 'dead'")


def upgrade() -> None:
    """Changes the indexes of the outbox."""
    op.drop_index("outbox_waiting", table_name="outbox")
    op.create_index("outbox_waiting", "outbox", ["key_id"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_index("outbox_dead", "outbox", ["id"], sqlite_where=_DEAD, postgresql_where=_DEAD)


def downgrade() -> None:
    """Changes them back."""
    op.drop_index("outbox_dead", table_name="outbox")
    op.drop_index("outbox_waiting", table_name="outbox")
    op.create_index("outbox_waiting", "outbox", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)
