"""Batch scoring: decide on every row of a file of any size, read in chunks and written whole or not at all."""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ..core.errors import UserError
from ..core.problem import Problem
from ..core.source import Source
from ..stores.cells import headers, repeated_names
from ..stores.columns import is_text, read_column
from ..stores.convert import convert
from ..stores.dialect import describe_dialect
from ..stores.files import WRITERS, check_source, choose_source, file_errors, open_writer, read_rows, show, suffix
from ..stores.models import StoredModel

DECIDED = ("answer", "score", "needs_review", "model")  # the columns that are added
PREFIX = "decided_"  # of their names, where the table has a column of that name


def score(
    place: Path | str, target: Path, model: StoredModel, problem: Problem
) -> Generator[tuple[int, float], None, None]:
    """Write every row with its decision; yield after each chunk the rows done, and their share of the table.

    The target appears when everything is done: after an interruption nothing is left. The table's own columns
    are written as they are. Only when texts become a Parquet file do columns of the contract get a type there.

    Raises UserError: a table cannot be read or written, or a value does not fit the contract. Rows are counted
    from 1; the header is not counted.
    """
    part, done = target.with_name(f".{target.name}.part"), 0
    source = choose_source(place, problem.source, problem.inputs)
    next_step = "nothing was written; make room, choose another place, or write .parquet if a column is nested"
    with file_errors(target, next_step):
        try:
            with contextlib.ExitStack() as stack:
                writer = None
                for chunk, share in read_rows(place, source):
                    _check_names(place, chunk.schema, problem, source)
                    typed = _read_columns(chunk, place, done, problem, source)
                    decided = _add_columns(chunk, typed, _decide(typed, model, problem), source, suffix(target))
                    writer = writer or stack.enter_context(open_writer(part, suffix(target), decided.schema))
                    writer.write_batch(decided)
                    done += chunk.num_rows
                    yield done, share
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def choose_target(place: Path | str, to: Path | None) -> Path:
    """Return where to write the decisions on a table: next to its file, unless another path is given.

    Raises UserError: there is no such file, or it is of another kind, or nothing can be written there.
    """
    if isinstance(place, Path):
        check_source(place)
        kind = place.suffix if place.suffix.lower() in WRITERS else ".csv"
        to = to or place.with_name(f"{place.name[: -len(suffix(place))]}.decisions{kind}")
    if to is None:
        raise UserError(f"{show(place)}: add --to and the file to write")
    with file_errors(to, "choose another place"):
        if to.is_dir():
            raise UserError(f"{to}: a folder; name the file to write in it")
        suffix(to, WRITERS)
        if not to.parent.is_dir():
            raise UserError(f"{to}: there is no folder {to.parent}; make it first")
        if isinstance(place, Path) and to.exists() and to.samefile(place):
            raise UserError(f"{to}: is the file that is read; write to another one")
    return to


def _check_names(place: Path | str, schema: pa.Schema, problem: Problem, source: Source) -> None:
    asked = {column.name: source.column(column.name).name for column in problem.columns}
    absent = [column for column in problem.inputs if asked[column.name] not in schema.names]
    # optional columns may be left out, but a table that has none of the columns is another one
    missing = [asked[c.name] for c in absent if not c.optional or len(absent) == len(problem.inputs)]
    # other columns may have one name, as empty ones have at the right edge of spreadsheets
    twice = {repr(name): None for name in repeated_names(schema, source).values() if name in asked.values()}
    seems = describe_dialect(place, source) if missing and isinstance(place, Path) else ""
    for found, reason in (
        (missing, f"missing; {seems or 'add what the contract asks for, or declare it in problem/sources.py'}"),
        (twice, "there more than once; rename or remove one"),
    ):
        if found:
            raise UserError(f"{show(place)}: {', '.join(found)}: {reason}")


def _read_columns(
    chunk: pa.RecordBatch, place: Path | str, rows_before: int, problem: Problem, source: Source
) -> dict[str, pa.Array]:
    """Return the recorded columns in their types; those that are no inputs are checked as well."""
    typed, converted = {}, convert(chunk, problem.stored, source)
    for column in problem.stored:
        typed[column.name], faults = read_column(converted, column)
        if faults:
            raise UserError(f"{show(place)}: row {rows_before + faults[0].row + 1}: {faults[0].reason}")
    return typed


def _add_columns(
    chunk: pa.RecordBatch, typed: Mapping[str, pa.Array], decisions: list[pa.Array], source: Source, kind: str
) -> pa.RecordBatch:
    """Return the table's own columns, and the decisions."""
    added = _name_decisions([name.strip() for name in headers(chunk.schema)])
    if kind == ".csv":
        return pa.RecordBatch.from_arrays([*chunk.columns, *decisions], [*headers(chunk.schema), *added])
    specs = {source.column(name).name: (source.column(name), values) for name, values in typed.items()}
    columns = []
    for name, column in zip(chunk.schema.names, chunk.columns, strict=True):
        spec, values = specs.get(name, (None, column))
        # a cell with another meaning in the contract, as a code or a date, is written as it is
        is_same = spec is not None and not (spec.values or spec.date or spec.unit) and is_text(column)
        columns.append(values if is_same else column)
    return pa.RecordBatch.from_arrays([*columns, *decisions], [*chunk.schema.names, *added])


def _name_decisions(taken: Sequence[str]) -> list[str]:
    names = []
    for name in DECIDED:
        free = name
        while free in taken:
            free = PREFIX + free
        names.append(free)
    return names


def _decide(inputs: Mapping[str, pa.Array], model: StoredModel, problem: Problem) -> list[pa.Array]:
    """Return the columns that are added: one value for each row."""
    arrays = {}
    for column in problem.inputs:
        values = inputs[column.name]
        values = values.cast(pa.float64(), safe=False) if column.is_numeric else values
        arrays[column.name] = values.to_numpy(zero_copy_only=False)
    objective = problem.objective
    predictions = objective.predict(model.model, arrays)
    found = [objective.answers(predictions), objective.scores(predictions), objective.needs_review(predictions)]
    return [*map(pa.array, found), pa.repeat(model.label, len(predictions))]
