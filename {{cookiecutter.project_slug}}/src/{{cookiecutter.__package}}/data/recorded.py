"""Recorded decisions as labelled rows, beside those of files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError, create_model

from ..core.checks import request_model
from ..core.errors import error_message
from ..core.labels import choose_label
from ..core.plan import Statement
from ..core.problem import Problem
from ..stores.columns import describe
from ..stores.lake import KEY, ORIGIN, ROW, SOURCE, SUBJECT, TIME
from .collect import REASON, kept_columns, row_schema

LEDGER = "ledger"  # SOURCE of a decision
INCOMPLETE = "incomplete"  # ORIGIN of a decision that was recorded before a required column was added


def read_decisions(
    decisions: Iterable[Mapping[str, Any]], problem: Problem, order: Sequence[Statement]
) -> pa.RecordBatch:
    """Return the decisions that have one of the statements of `order` as labelled rows.

    The values are held against the contract of requests, because the contract may have changed since. Rows that
    were recorded before a required column was added are marked `incomplete`.
    """
    labelled = create_model("Labelled", __base__=(problem.features, problem.label))
    model = request_model(labelled, (*problem.columns, problem.target))
    labelled_rows = ((decision, choose_label(decision, order)) for decision in decisions)
    rows = [_read_decision(decision, *label, problem, model) for decision, label in labelled_rows if label]
    return pa.RecordBatch.from_pylist(rows, row_schema(problem))


def _read_decision(
    decision: Mapping[str, Any], origin: str, label: Any, problem: Problem, model: type[BaseModel]
) -> dict[str, Any]:
    """Return a row. The subject, or else the reference, lets a case share a fold with its other rows."""
    values = {**decision["features"], problem.target.name: label}
    subject = decision.get("subject") or decision.get("reference") or ""
    row = {KEY: decision["id"], SUBJECT: subject.strip() or None}
    row[TIME], reasons, wrong = decision.get("decided_at") or None, [], set()
    try:
        model.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        wrong = {fault["loc"][0] for fault in faults if fault["loc"]}
        reasons += [error_message(fault) for fault in faults if not fault["loc"]]  # of validators of the whole model
    for column in kept_columns(problem):
        value: Any = values.get(column.name)
        if column.name not in wrong:
            is_number = column.kind == "number" and value is not None
            row[column.name] = float(value) if is_number else None if value == "" else value
        elif column.name in values:
            reasons.append(describe(value, column))
        else:
            reasons.append(f"recorded before {column.name} was added")
            origin = INCOMPLETE
    return {**row, ORIGIN: origin, SOURCE: LEDGER, ROW: 0, REASON: "; ".join(reasons) or None}
