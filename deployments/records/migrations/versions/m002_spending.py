"""What was paid, by day and by who paid."""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "spending",
        sa.Column("day", sa.String(10), primary_key=True, comment="UTC, as 2026-01-31"),
        sa.Column("payer", sa.String(64), primary_key=True, comment="A provider's name, or `key` and a key's id"),
        sa.Column("usd", sa.Double, nullable=False),
    )
