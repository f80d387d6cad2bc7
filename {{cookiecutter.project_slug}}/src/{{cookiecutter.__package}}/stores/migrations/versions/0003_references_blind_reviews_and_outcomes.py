"""Add what identifies a case, blind reviews, requests that may be repeated, and outcomes."""

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables; the indexes have conditions, so that other rows cost nothing."""
    answer = context.config.attributes["tables"].decisions.c.answer.type
    op.add_column("decisions", sa.Column("reference", sa.String(200)))
    op.add_column("decisions", sa.Column("subject", sa.String(200)))
    op.add_column("decisions", sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()))
    op.drop_index("decisions_to_review", "decisions")
    sqlite, postgresql = sa.text("needs_review = 1 OR blind = 1"), sa.text("needs_review OR blind")
    op.create_index("decisions_to_review", "decisions", ["id"], sqlite_where=sqlite, postgresql_where=postgresql)
    _index_given("decisions", "reference")
    op.create_table(
        "requests",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("decision_ids", sa.JSON, nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reference", sa.String(200)),
        sa.Column("decision_id", sa.String(32), sa.ForeignKey("decisions.id")),
        sa.Column("answer", answer, nullable=False),
        sa.Column("observed_at", sa.String(32)),
        sa.Column("recorded_at", sa.String(32), nullable=False),
    )
    _index_given("outcomes", "reference")
    _index_given("outcomes", "decision_id")


def _index_given(table: str, column: str) -> None:
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"{table}_{column}", table, [column, "id"], sqlite_where=given, postgresql_where=given)
