"""The tables of rollouts, shadow scores, events and monitoring windows, as the newest migration leaves them."""

from typing import Any

import sqlalchemy as sa


def add_operations(metadata: sa.MetaData, answer: sa.types.TypeEngine[Any]) -> None:
    """Add the tables; `answer` is the type of the label's answers."""
    sa.Table(
        "rollouts",
        metadata,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("live", sa.Boolean, unique=True),  # true while it is live, else null: at most one is live
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
    sa.Table(
        "shadow_scores",
        metadata,
        sa.Column("decision_id", sa.ForeignKey("decisions.id"), primary_key=True),
        sa.Column("rollout", sa.String(32), nullable=False),
        sa.Column("answer", answer),
        sa.Column("score", sa.Float),
        sa.Column("model_seconds", sa.Float),
        sa.Column("error", sa.String(100), nullable=False),
    )
    sa.Table(
        "events",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("old", sa.String(200), nullable=False),
        sa.Column("new", sa.String(200), nullable=False),
        sa.Column("why", sa.String(1000), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
    )
    sa.Table(
        "windows",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("first_decision", sa.String(32), nullable=False),
        sa.Column("last_decision", sa.String(32), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("statistics", sa.JSON, nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
    )
