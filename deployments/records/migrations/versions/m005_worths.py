"""What was learned from picks, and the order in which somebody who picked saw the cutouts."""

import sqlalchemy as sa
from alembic import op

revision = "005"
down_revision = "004"


def upgrade() -> None:
    """One table and one column."""
    op.create_table(
        "worths",
        sa.Column("name", sa.String(16), primary_key=True, comment="`latest`: each fit replaces the one before"),
        sa.Column("fitted_at", sa.Double, nullable=False, comment="Unix time, in seconds"),
        sa.Column("worths", sa.JSON, nullable=False),
    )
    shown = sa.Column("shown", sa.Text, comment="Model ids in the order shown, a space between; null: as in the job")
    op.add_column("picks", shown)
