"""Batch scoring: decide on every row of a file of any size, read in chunks and written whole or not at all."""

import contextlib
import signal
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.errors import UserError
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.files import check_source, file_errors, open_writer, read_rows, suffix
from ..stores.models import StoredModel
from .columns import read_column

Progress = Generator[tuple[int, float], None, None]
DECIDED = ("answer", "score", "needs_review", "model")  # the columns that are added


def score(source: Path, target: Path, model: StoredModel, problem: Problem) -> Progress:
    """Write every row with its decision; yield after each chunk the rows done, and their share of the file.

    The target appears when everything is done: after an interruption nothing is left. The file's own columns
    are written as they are. Only when a CSV file becomes a Parquet file do the inputs of models get a type;
    all others are text there.

    Raises UserError: a file cannot be read or written, or a value does not fit the contract. Rows are counted
    from 1; the header is not counted.
    """
    choose_target(source, target)
    part = target.with_name(f".{target.name}.part")
    with file_errors(target, "nothing was written; make room, or choose another place"):
        try:
            with contextlib.ExitStack() as stack:
                writer, done = None, 0
                for chunk, share in read_rows(source):
                    if writer is None:
                        _check_names(source, chunk.schema.names, target, problem)
                    decided = _decide(chunk, source, done, target, model, problem)
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
            message = f"{target}: a folder; name the file to write in it"
            raise UserError(message)
        suffix(target)
        if not target.parent.is_dir():
            message = f"{target}: there is no folder {target.parent}; make it first"
            raise UserError(message)
        if target.exists() and target.samefile(source):
            message = f"{target}: is the file that is read; write to another one"
            raise UserError(message)
    return target


@contextlib.contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that unfinished files are removed."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
            message = f"{source}: {', '.join(found)}: {reason}"
            raise UserError(message)


def _decide(
    chunk: pa.RecordBatch, source: Path, rows_before: int, target: Path, model: StoredModel, problem: Problem
) -> pa.RecordBatch:
    read = {column.name: read_column(chunk, column, str(source), rows_before) for column in problem.stored}
    inputs = {column.name: _to_numpy(read[column.name], column) for column in problem.inputs}
    objective = problem.objective
    predictions = objective.predict(model.model, inputs)
    added = (
        objective.answers(predictions),
        objective.scores(predictions),
        objective.needs_review(predictions),
        [model.label] * chunk.num_rows,
    )
    names, kept = chunk.schema.names, chunk.columns
    if (suffix(source), suffix(target)) == (".csv", ".parquet"):
        typed = {column.name: read[column.name] for column in problem.inputs}
        kept = [typed.get(name, chunk[name]) for name in names]
    return pa.RecordBatch.from_arrays([*kept, *map(pa.array, added)], [*names, *DECIDED])


def _to_numpy(values: pa.Array, column: Column) -> Any:
    return (values.cast(pa.float64(), safe=False) if column.is_numeric else values).to_numpy(zero_copy_only=False)
