"""Add the list of forgotten subjects and references."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table; decisions get no index of subjects, because every decision would pay for it."""
    op.create_table(
        "forgotten",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("forgotten_at", sa.String(32), nullable=False),
    )
