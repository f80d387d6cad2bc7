"""Collect: bring every source to one table of typed columns, each row with its origin and what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError, create_model

from ..core.checks import request_model
from ..core.errors import UserError, error_message
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.columns import TYPES, describe, mark_missing, read_column
from ..stores.files import file_errors, read_rows

# columns of ours; none of a contract begins with _
KEY, ORIGIN, REASON = "_key", "_origin", "_reason"
# values of ORIGIN: from the file, from a reaction, or from one that was recorded before a required column was added
FILE, REACTION, INCOMPLETE = "file", "reaction", "incomplete"
SHOWN = 3  # faults in an error


def read_file(source: Path, problem: Problem) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, each with the reason why it cannot be used, or null.

    Raises UserError: a column is missing, unknown or there twice; or a value is not of its column's type or an
    unknown category: the file and the contract disagree, and a person has to decide which is right.
    """
    key_column = Column(problem.key, "text", "", "")
    for chunk, _ in read_rows(source):
        _check_names(source, chunk.schema.names, [problem.key, *(c.name for c in (*problem.columns, problem.target))])
        with file_errors(source, f"make {problem.key} a column of text"):
            keys = mark_missing(chunk[problem.key], key_column).cast(pa.string())
        columns, contradictions = {KEY: keys, ORIGIN: pa.repeat(FILE, chunk.num_rows)}, []
        reasons: list[list[str]] = [[] for _ in keys]
        for column in kept_columns(problem):
            columns[column.name], faults = read_column(chunk, column)
            for fault in faults:
                reasons[fault.row].append(fault.reason)
            contradictions += [f"{keys[fault.row]}: {fault.reason}" for fault in faults if fault.contradicts]
        if contradictions:
            more = "; and more" if len(contradictions) > SHOWN else ""
            shown = f"{'; '.join(contradictions[:SHOWN])}{more}"
            raise UserError(f"{source}: {shown}; correct the source, or widen contract.py")
        columns[REASON] = pa.array(["; ".join(found) or None for found in reasons], pa.string())
        yield pa.RecordBatch.from_pydict(columns)


def read_reactions(decisions: Iterable[Mapping[str, Any]], problem: Problem) -> pa.RecordBatch:
    """Return the decisions with a reaction as labelled rows.

    The values are held against the contract of requests, because the contract may have changed since. Rows that
    were recorded before a required column was added are marked `incomplete`.
    """
    columns = kept_columns(problem)
    labelled = create_model("Labelled", __base__=(problem.features, problem.label))
    model = request_model(labelled, (*problem.columns, problem.target))
    types = {KEY: pa.string(), ORIGIN: pa.string(), **{c.name: TYPES[c.kind] for c in columns}, REASON: pa.string()}
    rows = [_read_reaction(decision, problem, model) for decision in decisions]
    return pa.RecordBatch.from_pylist(rows, pa.schema(types))


def kept_columns(problem: Problem) -> tuple[Column, ...]:
    """Return the columns of the training table: all but the personal ones, and the label."""
    return (*problem.stored, problem.target)


def _read_reaction(decision: Mapping[str, Any], problem: Problem, model: type[BaseModel]) -> dict[str, Any]:
    """Return a row; its label is the answer that the person kept, or their own."""
    label = decision["reaction_answer"] if decision["verdict"] == "override" else decision["answer"]
    values = {**decision["features"], problem.target.name: label}
    row, reasons, wrong, origin = {KEY: decision["id"]}, [], set(), REACTION
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
    return {**row, ORIGIN: origin, REASON: "; ".join(reasons) or None}


def _check_names(source: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    faults = [f"column {name} is missing" for name in expected if name not in found]
    faults += [f"column {name} is not in contract.py" for name in dict.fromkeys(found) if name not in expected]
    faults += [f"column {name} is there twice" for name in dict.fromkeys(found) if found.count(name) > 1]
    if faults:
        raise UserError(f"{source}: {'; '.join(faults)}; the file and contract.py must name the same columns")
