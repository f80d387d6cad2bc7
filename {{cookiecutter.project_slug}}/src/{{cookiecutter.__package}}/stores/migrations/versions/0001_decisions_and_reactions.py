"""Create decisions and reactions, unless version 0.2.0 of the template did."""

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables that are missing."""
    connection = op.get_bind()
    answer = context.config.attributes["tables"].decisions.c.answer.type
    existing = sa.inspect(connection).get_table_names()
    if "decisions" not in existing:
        op.create_table(
            "decisions",
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("decided_at", sa.String(32), nullable=False),
            sa.Column("features", sa.JSON, nullable=False),
            sa.Column("answer", answer, nullable=False),
            sa.Column("score", sa.Float, nullable=False),
            sa.Column("model", sa.String(120), nullable=False),
            sa.Column("needs_review", sa.Boolean, nullable=False),
            sa.Column("fallback", sa.Boolean, nullable=False),
        )
    if "reactions" not in existing:
        op.create_table(
            "reactions",
            sa.Column("decision_id", sa.String(32), sa.ForeignKey("decisions.id"), primary_key=True),
            sa.Column("reacted_at", sa.String(32), nullable=False),
            sa.Column("verdict", sa.String(16), nullable=False),
            sa.Column("answer", answer),
            sa.Column("note", sa.String(500), nullable=False),
        )
