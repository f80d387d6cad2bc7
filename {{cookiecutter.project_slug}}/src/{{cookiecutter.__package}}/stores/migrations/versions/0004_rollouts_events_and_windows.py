"""Add the arm, share, step and rollout of decisions, and tables of rollouts, shadow scores, events and windows."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"

DECISIONS: dict[str, sa.types.TypeEngine[Any]] = {
    "model_seconds": sa.Float(),
    "rollout": sa.String(32),
    "step": sa.Integer(),
    "share": sa.Float(),
    "arm": sa.String(10),
}


def upgrade() -> None:
    """Add columns and tables; the index of rollouts has a condition, so that other decisions cost nothing."""
    for name, kind in DECISIONS.items():
        op.add_column("decisions", sa.Column(name, kind))
    given = sa.text("rollout IS NOT NULL")
    op.create_index("decisions_rollout", "decisions", ["rollout", "id"], sqlite_where=given, postgresql_where=given)
    _add_rollouts(context.config.attributes["tables"].decisions.c.answer.type)
    _add_events_and_windows()


def _add_rollouts(answer: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        "rollouts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("live", sa.Boolean, unique=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("champion", sa.JSON, nullable=False),
        sa.Column("challenger", sa.JSON, nullable=False),
        sa.Column("looks", sa.JSON, nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("step_at", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "shadow_scores",
        sa.Column("decision_id", sa.String(32), sa.ForeignKey("decisions.id"), primary_key=True),
        sa.Column("rollout", sa.String(32), nullable=False),
        sa.Column("answer", answer),
        sa.Column("score", sa.Float),
        sa.Column("model_seconds", sa.Float),
        sa.Column("error", sa.String(100), nullable=False),
    )
    op.create_index("shadow_scores_rollout", "shadow_scores", ["rollout", "decision_id"])


def _add_events_and_windows() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("old", sa.String(200), nullable=False),
        sa.Column("new", sa.String(200), nullable=False),
        sa.Column("why", sa.String(1000), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
    )
    op.create_table(
        "windows",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("first_decision", sa.String(32), nullable=False),
        sa.Column("last_decision", sa.String(32), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("statistics", sa.JSON, nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
    )
