"""Collect: bring every source to one table of text columns, each row with its origin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ValidationError

from ..core.checks import request_model, shorten
from ..core.errors import UserError
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.files import read_rows

# columns of ours; none of a contract begins with _
KEY, ORIGIN, FOLD, REASON = "_key", "_origin", "_fold", "_reason"
FILE, REACTION, INCOMPLETE = "file", "reaction", "incomplete"  # origins


def read_file(source: Path, problem: Problem) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file as text: the key, the columns to keep, and the origin.

    Raises UserError: a column is missing, unknown or there twice, or has a type that the contract does not
    allow.
    """
    rows = 0
    names = [problem.key, *(column.name for column in kept_columns(problem))]
    numbers = {column.name: column.is_numeric for column in kept_columns(problem)}
    for chunk, _ in read_rows(source):
        if not rows:
            _check_names(
                source, chunk.schema.names, [problem.key, *(c.name for c in problem.columns), problem.target.name]
            )
        cells = [_read_text(source, chunk[name], name, numbers.get(name)) for name in names]
        origin, reason = pa.repeat(FILE, chunk.num_rows), pa.nulls(chunk.num_rows, pa.string())
        yield pa.RecordBatch.from_arrays([*cells, origin, reason], names=[KEY, *names[1:], ORIGIN, REASON])
        rows += chunk.num_rows


def read_reactions(decisions: Iterable[Mapping[str, Any]], problem: Problem) -> Iterator[pa.RecordBatch]:
    """Yield the decisions with a reaction as labelled rows of text, with the reason why one cannot be used.

    The label is the answer that the person kept, or their own. The values are held against the contract of
    requests, because the contract may have changed since. Rows that were recorded before a required column
    was added are marked `incomplete`.
    """
    target, columns = problem.target, kept_columns(problem)
    label_model = request_model(problem.label, (target,))
    rows = []
    for decision in decisions:
        label = decision["reaction_answer"] if decision["verdict"] == "override" else decision["answer"]
        faults = _find_faults(problem.request, problem.stored, decision["features"])
        missing = any(column.name not in decision["features"] and column.name in faults for column in problem.stored)
        faults |= _find_faults(label_model, (target,), {target.name: label})
        values = {**decision["features"], target.name: label}
        cells = [None if values.get(column.name) is None else str(values[column.name]) for column in columns]
        reason = "; ".join(faults[column.name] for column in columns if column.name in faults)
        rows.append([decision["id"], *cells, INCOMPLETE if missing else REACTION, reason or None])
    if rows:
        names = [KEY, *(column.name for column in columns), ORIGIN, REASON]
        yield pa.RecordBatch.from_arrays([pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)], names)


def kept_columns(problem: Problem) -> tuple[Column, ...]:
    """Return the columns of the training table: all but the personal ones, and the label."""
    return (*problem.stored, problem.target)


def _find_faults(model: type[BaseModel], columns: Sequence[Column], values: Mapping[str, Any]) -> dict[str, str]:
    """Return by column why a recorded value does not fit the contract of today."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        wrong = {fault["loc"][0] for fault in error.errors(include_url=False)}
    else:
        return {}
    faults = {
        column.name: f"{column.name} is {shorten(values.get(column.name))}, expected {column.expected}"
        for column in columns
    }
    faults |= {column.name: f"{column.name} is empty" for column in columns if values.get(column.name) in (None, "")}
    faults |= {c.name: f"recorded before {c.name} was added" for c in columns if c.name not in values}
    return {name: fault for name, fault in faults.items() if name in wrong}


def _read_text(source: Path, values: pa.Array, name: str, is_numeric: bool | None) -> pa.Array:  # noqa: FBT001
    """Return cells as text; of a Parquet file, only numbers are read as numbers. The key may be either."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_floating(kind):
        values = values.cast(pa.float64())
        values = pc.if_else(pc.is_nan(values), None, values)
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if values.null_count < len(values) and not is_text and not (is_number and is_numeric is not False):
        expected = "text" if is_numeric is False else "numbers or text"
        message = f"{source}: column {name} holds values of type {kind}, expected {expected}; convert them"
        raise UserError(message)
    return values.cast(pa.string()) if is_text or is_number else pa.nulls(len(values), pa.string())


def _check_names(source: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    faults = [f"column {name} is missing" for name in expected if name not in found]
    faults += [f"column {name} is not in contract.py" for name in dict.fromkeys(found) if name not in expected]
    faults += [f"column {name} is there twice" for name in dict.fromkeys(found) if found.count(name) > 1]
    if faults:
        message = f"{source}: {'; '.join(faults)}; the file and contract.py must name the same columns"
        raise UserError(message)
