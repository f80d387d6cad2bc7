"""Add the decisions that labellers were asked to label, with what they answered."""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table; a labeller is asked about a decision once."""
    op.create_table(
        "label_tasks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("decision_id", sa.String(32), sa.ForeignKey("decisions.id"), nullable=False),
        sa.Column("labeller", sa.String(40), nullable=False),
        sa.Column("batch", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("draw", sa.String(16), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("answer", context.config.attributes["tables"].decisions.c.answer.type),
        sa.Column("note", sa.String(500), nullable=False, server_default=""),
        sa.Column("labelled_at", sa.String(32)),
        sa.UniqueConstraint("decision_id", "labeller"),
    )
