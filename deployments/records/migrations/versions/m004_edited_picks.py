"""Whether the cutout that was chosen had been mended by hand."""

import sqlalchemy as sa
from alembic import op

revision = "004"
down_revision = "003"


def upgrade() -> None:
    """One column; earlier picks were of cutouts as their models made them."""
    comment = "Mended by hand before it was chosen"
    op.add_column("picks", sa.Column("edited", sa.Boolean, nullable=False, server_default=sa.false(), comment=comment))
