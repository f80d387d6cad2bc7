"""The ledger's tables."""

from typing import Any

import sqlalchemy as sa

from ..core.schema import Column


class Tables:
    """Tables of decisions and of reactions, whose answers are texts or numbers as the label is."""

    def __init__(self, target: Column) -> None:
        self.metadata = sa.MetaData()
        answer: sa.types.TypeEngine[Any] = sa.String() if target.categories else sa.Float()
        self.decisions = sa.Table(
            "decisions",
            self.metadata,
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("decided_at", sa.String(32), nullable=False),
            sa.Column("features", sa.JSON, nullable=False),
            sa.Column("answer", answer, nullable=False),
            sa.Column("score", sa.Float, nullable=False),
            sa.Column("model", sa.String(120), nullable=False),
            sa.Column("needs_review", sa.Boolean, nullable=False),
            sa.Column("fallback", sa.Boolean, nullable=False),
        )
        self.reactions = sa.Table(
            "reactions",
            self.metadata,
            sa.Column("decision_id", sa.ForeignKey("decisions.id"), primary_key=True),
            sa.Column("reacted_at", sa.String(32), nullable=False),
            sa.Column("verdict", sa.String(16), nullable=False),
            sa.Column("answer", answer),
            sa.Column("note", sa.String(500), nullable=False),
        )
