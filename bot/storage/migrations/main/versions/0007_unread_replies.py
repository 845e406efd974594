"""Replies that nobody has read are found by their age: `purge` reads no table from end to end."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the index."""
    op.create_index("ix_mailbox_message_created_at", "mailbox_message", ["created_at"])


def downgrade() -> None:
    """Takes it away."""
    op.drop_index("ix_mailbox_message_created_at", table_name="mailbox_message")
