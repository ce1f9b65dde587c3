"""Jobs, and the pick of each."""

import sqlalchemy as sa
from alembic import op

revision = "001"
down_revision = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False, comment="Unix time, in seconds"),
        sa.Column("key_id", sa.String(64)),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("wall_ms", sa.Double, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("results", sa.JSON, nullable=False, comment="A list in the order shown; one entry a model"),
    )
    op.create_table(
        "picks",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("selection_id", sa.String(36), nullable=False, unique=True),
        sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.job_id"), nullable=False, unique=True),
        sa.Column("selected_model_id", sa.String(64), nullable=False),
        sa.Column(
            "offered", sa.Text, nullable=False, comment="Model ids, sorted, a space between: what statistics group by"
        ),
        sa.Column("image_category", sa.String(64)),
        sa.Column("notes", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False, comment="Unix time of the pick that counts, in seconds"),
        sa.Index("picks_statistics", "image_category", "offered", "selected_model_id"),
    )
