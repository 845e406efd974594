"""When a lead is told of a case; one-time codes by which staff link a chat or a telephone."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DUE = sa.text("due_at IS NOT NULL")
_HOUR = 3600


def upgrade() -> None:
    """Makes what is new. Cases that nobody has read get their first-read deadline; of the others only those whose three days are not over
    have a clock: what was done before this program asked, it does not ask about."""
    op.add_column("cases", sa.Column("due_at", sa.BigInteger(), nullable=True))
    case = sa.table("cases", *(sa.column(name) for name in ("urgency", "status", "created_at", "due_at")))
    to_read = sa.case({"child": 6 * _HOUR, "other": 24 * _HOUR}, value=case.c.urgency, else_=0)
    unread = case.c.status.in_(("stored", "received"))
    op.execute(sa.update(case).where(unread).values(due_at=case.c.created_at + to_read))
    recent = case.c.created_at > int(time.time()) - 72 * _HOUR
    op.execute(sa.update(case).where(~unread, recent).values(due_at=case.c.created_at + 48 * _HOUR))
    op.create_index("cases_due", "cases", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_table(
        "contact_code",
        sa.Column("staff_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.LargeBinary(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "kind"),
        sa.UniqueConstraint("code"),
    )


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("contact_code")
    op.drop_index("cases_due", table_name="cases")
    op.drop_column("cases", "due_at")
