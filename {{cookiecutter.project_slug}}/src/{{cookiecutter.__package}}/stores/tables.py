"""The tables of the ledger, as the newest migration leaves them; the migrations make their indexes."""

from typing import Any

import sqlalchemy as sa

from ..core.identifiers import MAX_IDENTIFIER
from ..core.schema import Column
from .operations_tables import add_operations

OUTCOME_BY = {
    "id": "decision_id",
    "reference": "reference",
}  # a column of decisions, and that of outcomes which names it


class WholeNumber(sa.types.TypeDecorator[int]):
    """A whole number in a column of floats, as ledgers have it since their first version."""

    impl = sa.Float
    cache_ok = True

    def process_result_value(self, value: float | None, _dialect: sa.Dialect) -> int | None:
        """Return what was recorded: a whole number."""
        return None if value is None else int(value)


class Tables:
    """Tables of decisions, of requests that may be repeated, and of what people and the world said about decisions.

    Their answers are texts or numbers as the label is.
    """

    def __init__(self, target: Column) -> None:
        self.metadata = sa.MetaData()
        number: sa.types.TypeEngine[Any] = WholeNumber() if target.kind == "integer" else sa.Float()
        answer = sa.String() if target.categories else number
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
            sa.Column("reference", sa.String(MAX_IDENTIFIER)),
            sa.Column("subject", sa.String(MAX_IDENTIFIER)),
            sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()),
            sa.Column("model_seconds", sa.Float),
            sa.Column("rollout", sa.String(32)),
            sa.Column("step", sa.Integer),
            sa.Column("share", sa.Float),
            sa.Column("arm", sa.String(10)),
        )
        self.requests = sa.Table(
            "requests",
            self.metadata,
            sa.Column("key", sa.String(MAX_IDENTIFIER), primary_key=True),
            sa.Column("digest", sa.String(64), nullable=False),
            sa.Column("decision_ids", sa.JSON, nullable=False),
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
        self.outcomes = sa.Table(
            "outcomes",
            self.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("reference", sa.String(MAX_IDENTIFIER)),
            sa.Column("decision_id", sa.ForeignKey("decisions.id")),
            sa.Column("answer", answer, nullable=False),
            sa.Column("observed_at", sa.String(32)),
            sa.Column("recorded_at", sa.String(32), nullable=False),
        )
        self.label_tasks = sa.Table(
            "label_tasks",
            self.metadata,
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("decision_id", sa.ForeignKey("decisions.id"), nullable=False),
            sa.Column("labeller", sa.String(40), nullable=False),
            sa.Column("batch", sa.String(32), nullable=False),
            sa.Column("asked_at", sa.String(32), nullable=False),
            sa.Column("draw", sa.String(16), nullable=False),  # why: uncertain, random, or a tie of two labellers
            sa.Column("probability", sa.Float, nullable=False),  # that the decision was drawn, of all without a label
            sa.Column("answer", answer),  # null while it is open
            sa.Column("note", sa.String(500), nullable=False, server_default=""),
            sa.Column("labelled_at", sa.String(32)),
            sa.UniqueConstraint("decision_id", "labeller"),
        )
        self.forgotten = sa.Table(
            "forgotten",
            self.metadata,
            sa.Column("digest", sa.String(64), primary_key=True),
            sa.Column("kind", sa.String(10), primary_key=True),
            sa.Column("key", sa.String(64), nullable=False),
            sa.Column("forgotten_at", sa.String(32), nullable=False),
        )
        add_operations(self.metadata, answer)
        self.rollouts, self.shadow_scores = self.metadata.tables["rollouts"], self.metadata.tables["shadow_scores"]
        self.events, self.windows = self.metadata.tables["events"], self.metadata.tables["windows"]

    def current_outcome(self) -> sa.ColumnElement[int | None]:
        """Return the id of a decision's current outcome, as a part of a query of decisions.

        An outcome by id comes before one by reference; of each, the latest that was recorded is the current one.
        """
        return sa.func.coalesce(*(self._latest_outcome(*pair) for pair in OUTCOME_BY.items()))

    def _latest_outcome(self, name: str, named_by: str) -> sa.ScalarSelect[int | None]:
        each = self.outcomes.alias()
        query = sa.select(sa.func.max(each.c.id)).where(each.c[named_by] == self.decisions.c[name])
        return query.correlate(self.decisions).scalar_subquery()
