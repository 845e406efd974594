"""A message that was left says so (`ended`): nobody waits for somebody to come. Who had one in hands when this came stays as it was."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LEFT = "ended_at IS NULL AND conversation_id IS NULL AND state IN ('waiting', 'offered')"


def upgrade() -> None:
    """Marks those that nobody has taken yet."""
    op.execute(f"UPDATE hand_off SET ended = 'message' WHERE ended IS NULL AND {_LEFT}")  # noqa: S608  no value of anybody's in it


def downgrade() -> None:
    """Takes the mark away."""
    op.execute("UPDATE hand_off SET ended = NULL WHERE ended = 'message' AND ended_at IS NULL")
