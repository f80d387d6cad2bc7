"""Batch scoring: decide on every row of a file of any size, read in chunks and written whole or not at all."""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ..core.errors import UserError
from ..core.problem import Problem
from ..stores.columns import read_column
from ..stores.files import check_source, file_errors, open_writer, read_rows, suffix
from ..stores.models import StoredModel

DECIDED = ("answer", "score", "needs_review", "model")  # the columns that are added


def score(source: Path, target: Path, model: StoredModel, problem: Problem) -> Generator[tuple[int, float], None, None]:
    """Write every row with its decision; yield after each chunk the rows done, and their share of the file.

    The target appears when everything is done: after an interruption nothing is left. The file's own columns
    are written as they are. Only when a CSV file becomes a Parquet file do the inputs of models get a type;
    all others are text there.

    Raises UserError: a file cannot be read or written, or a value does not fit the contract. Rows are counted
    from 1; the header is not counted.
    """
    part, done = target.with_name(f".{target.name}.part"), 0
    becomes_parquet = (suffix(source), suffix(target)) == (".csv", ".parquet")
    next_step = "nothing was written; make room, choose another place, or write .parquet if a column is nested"
    with file_errors(target, next_step):
        try:
            with contextlib.ExitStack() as stack:
                writer = None
                for chunk, share in read_rows(source):
                    _check_names(source, chunk.schema.names, target, problem)
                    typed = _read_columns(chunk, source, done, problem)
                    inputs = {column.name: typed[column.name] for column in problem.inputs}
                    kept = [inputs.get(n, chunk[n]) for n in chunk.schema.names] if becomes_parquet else chunk.columns
                    names = [*chunk.schema.names, *DECIDED]
                    decided = pa.RecordBatch.from_arrays([*kept, *_decide(inputs, model, problem)], names)
                    writer = writer or stack.enter_context(open_writer(part, suffix(target), decided.schema))
                    writer.write_batch(decided)
                    done += chunk.num_rows
                    yield done, share
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def choose_target(source: Path, to: Path | None) -> Path:
    """Return where to write the decisions on `source`: next to it, unless another path is given.

    Raises UserError: there is no such file, or it is of another kind, or nothing can be written there.
    """
    check_source(source)
    target = to or source.with_suffix(f".decisions{source.suffix}")
    with file_errors(target, "choose another place"):
        if target.is_dir():
            raise UserError(f"{target}: a folder; name the file to write in it")
        suffix(target)
        if not target.parent.is_dir():
            raise UserError(f"{target}: there is no folder {target.parent}; make it first")
        if target.exists() and target.samefile(source):
            raise UserError(f"{target}: is the file that is read; write to another one")
    return target


def _check_names(source: Path, names: Sequence[str], target: Path, problem: Problem) -> None:
    missing = [column.name for column in problem.inputs if column.name not in names and not column.optional]
    taken = [name for name in DECIDED if name in names]
    # CSV may repeat empty names, as spreadsheets do at the right edge; a Parquet file with them is unreadable
    harmless = set() if suffix(target) == ".parquet" else set(names) - {column.name for column in problem.columns}
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1 and name not in harmless]
    for found, reason in (
        (missing, "missing; add what the contract asks for (in CSV, the delimiter is a comma)"),
        (taken, "taken by the decisions that are added; rename what is there"),
        (twice, "there more than once; rename or remove one"),
    ):
        if found:
            raise UserError(f"{source}: {', '.join(found)}: {reason}")


def _read_columns(chunk: pa.RecordBatch, source: Path, rows_before: int, problem: Problem) -> dict[str, pa.Array]:
    """Return the recorded columns in their types; those that are no inputs are checked as well."""
    typed = {}
    for column in problem.stored:
        typed[column.name], faults = read_column(chunk, column)
        if faults:
            raise UserError(f"{source}: row {rows_before + faults[0].row + 1}: {faults[0].reason}")
    return typed


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
