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
    tables = context.config.attributes["tables"]
    for name, kind in DECISIONS.items():
        op.add_column("decisions", sa.Column(name, kind))
    given = sa.text("rollout IS NOT NULL")
    op.create_index("decisions_rollout", "decisions", ["rollout", "id"], sqlite_where=given, postgresql_where=given)
    for table in (tables.rollouts, tables.shadow_scores, tables.events, tables.windows):
        table.create(op.get_bind())
    op.create_index("shadow_scores_rollout", "shadow_scores", ["rollout", "decision_id"])
