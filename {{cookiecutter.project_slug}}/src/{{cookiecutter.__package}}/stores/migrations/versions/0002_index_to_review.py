"""Index the decisions to review, which every open page of the product asks for again and again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create a partial index; its conditions are those of queries, as each database writes them."""
    sqlite, postgresql = sa.text("needs_review = 1"), sa.text("needs_review")
    op.create_index("decisions_to_review", "decisions", ["id"], sqlite_where=sqlite, postgresql_where=postgresql)
