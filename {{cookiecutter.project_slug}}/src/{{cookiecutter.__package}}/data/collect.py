"""Collect: bring every source to one table of typed columns, each row with its origin and what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError, create_model

from ..core.checks import request_model
from ..core.errors import UserError, error_message
from ..core.labels import choose_label
from ..core.plan import Statement
from ..core.problem import Problem
from ..core.schema import Column
from ..core.source import Source
from ..stores.cells import repeated_names
from ..stores.columns import TYPES, describe, mark_missing, read_column
from ..stores.convert import convert, to_text
from ..stores.dialect import describe_dialect
from ..stores.files import choose_source, file_errors, read_rows, show
from ..stores.lake import KEY, ORIGIN, SUBJECT, TIME
from .labels import FILE

# why a row cannot be used; like the other columns of ours, none of a contract begins with _
REASON = "_reason"
INCOMPLETE = "incomplete"  # ORIGIN of a decision that was recorded before a required column was added
SHOWN = 3  # faults in an error


def read_file(place: Path | str, problem: Problem) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file or a table of a database, each with the reason why it cannot be used, or null.

    Raises UserError: a column is missing, unknown or there twice; or a value is not of its column's type or an
    unknown category: the table and the contract disagree, and a person has to decide which is right.
    """
    source = choose_source(place, problem.source, (*problem.columns, problem.target))
    rows = 0
    for chunk, _ in read_rows(place, source):
        _check_names(place, chunk.schema, problem, source)
        keys = _read_keys(place, chunk, rows, problem, source)
        subjects = _read_texts(place, chunk, source.subject) if source.subject else pa.nulls(len(keys), pa.string())
        converted = convert(chunk, kept_columns(problem), source)
        columns = {KEY: keys, SUBJECT: subjects, ORIGIN: pa.repeat(FILE, len(keys))}
        columns[TIME], contradictions = pa.nulls(len(keys), pa.string()), []
        reasons: list[list[str]] = [[] for _ in keys]
        for column in kept_columns(problem):
            columns[column.name], faults = read_column(converted, column)
            for fault in faults:
                reasons[fault.row].append(fault.reason)
            contradictions += [(fault.row, fault.reason) for fault in faults if fault.contradicts]
        if contradictions:
            shown = "; ".join(f"row {rows + row + 1} ({keys[row]}): {reason}" for row, reason in contradictions[:SHOWN])
            more = "; and more" if len(contradictions) > SHOWN else ""
            raise UserError(f"{show(place)}: {shown}{more}; correct the source, or widen contract.py")
        columns[REASON] = pa.array(["; ".join(found) or None for found in reasons], pa.string())
        yield pa.RecordBatch.from_pydict(columns)
        rows += chunk.num_rows


def read_decisions(
    decisions: Iterable[Mapping[str, Any]], problem: Problem, order: Sequence[Statement]
) -> pa.RecordBatch:
    """Return the decisions that have one of the statements of `order` as labelled rows.

    The values are held against the contract of requests, because the contract may have changed since. Rows that
    were recorded before a required column was added are marked `incomplete`.
    """
    columns = kept_columns(problem)
    labelled = create_model("Labelled", __base__=(problem.features, problem.label))
    model = request_model(labelled, (*problem.columns, problem.target))
    types = {name: pa.string() for name in (KEY, SUBJECT, ORIGIN, TIME)} | {c.name: TYPES[c.kind] for c in columns}
    types[REASON] = pa.string()
    labelled_rows = ((decision, choose_label(decision, order)) for decision in decisions)
    rows = [_read_decision(decision, *label, problem, model) for decision, label in labelled_rows if label]
    return pa.RecordBatch.from_pylist(rows, pa.schema(types))


def kept_columns(problem: Problem) -> tuple[Column, ...]:
    """Return the columns of the training table: all but the personal ones, and the label."""
    return (*problem.stored, problem.target)


def _read_decision(
    decision: Mapping[str, Any], origin: str, label: Any, problem: Problem, model: type[BaseModel]
) -> dict[str, Any]:
    """Return a row. The subject, or else the reference, lets a case share a fold with its other rows."""
    values = {**decision["features"], problem.target.name: label}
    row = {KEY: decision["id"], SUBJECT: decision.get("subject") or decision.get("reference")}
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
    return {**row, ORIGIN: origin, REASON: "; ".join(reasons) or None}


def _read_keys(place: Path | str, chunk: pa.RecordBatch, rows: int, problem: Problem, source: Source) -> pa.Array:
    """Return what identifies each row: the key column, or the number of the row in the table."""
    if _has_no_key(chunk.schema, problem, source):
        if isinstance(place, str):
            raise UserError(f"{show(place)}: rows of a database have no order; give `key` in problem/sources.py")
        return pa.array(map(str, range(rows + 1, rows + chunk.num_rows + 1)), pa.string())
    return _read_texts(place, chunk, source.key or problem.key)


def _read_texts(place: Path | str, chunk: pa.RecordBatch, name: str) -> pa.Array:
    with file_errors(place, f"make {name} a column of text"):
        cells = to_text(chunk[name]) if pa.types.is_nested(chunk[name].type) else chunk[name]
        return mark_missing(cells, Column(name, "text", "", "")).cast(pa.string())


def _has_no_key(schema: pa.Schema, problem: Problem, source: Source) -> bool:
    return source.number_rows and (problem.key not in schema.names or problem.key in source.ignored)


def _check_names(place: Path | str, schema: pa.Schema, problem: Problem, source: Source) -> None:
    """Raise UserError unless the table has every column of the contract, and no other one that is not ignored."""
    key = [] if _has_no_key(schema, problem, source) else [source.key or problem.key]
    key += [source.subject] if source.subject else []
    wanted = dict.fromkeys([*key, *(source.column(c.name).name for c in (*problem.columns, problem.target))])
    twice = repeated_names(schema, source)
    faults = [f"column {name} is missing" for name in wanted if name not in schema.names]
    faults += [f"column {name} is there twice" for name in dict.fromkeys(twice.values())]
    unknown = [name for name in schema.names if name not in {*wanted, *source.ignored, *twice}]
    faults += [f"column {name} is not in contract.py" for name in unknown]
    if faults:
        seems = describe_dialect(place, source) if isinstance(place, Path) else ""
        next_step = "contract.py and problem/sources.py have to name the columns of the table"
        raise UserError(f"{show(place)}: {'; '.join(faults)}; {seems or next_step}")
