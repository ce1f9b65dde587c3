"""What is set aside for paid calls that were begun and whose end is not known yet."""

import sqlalchemy as sa
from alembic import op

revision = "003"
down_revision = "002"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.String(36), primary_key=True, comment="One request's, or one model's of a durable job"),
        sa.Column("model_id", sa.String(64), primary_key=True),
        sa.Column("usd", sa.Double, nullable=False),
        sa.Column("payers", sa.JSON, nullable=False, comment="As in `spending`"),
        sa.Column("owner", sa.String(64), nullable=False, comment="The run of the service that holds it"),
        sa.Column("until", sa.Double, nullable=False, comment="Unix time, in seconds, after which it counts as spent"),
    )
