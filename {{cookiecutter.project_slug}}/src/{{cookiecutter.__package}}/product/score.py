"""Score a file of any size: read in chunks, decided with the champion, written under its name when complete."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

import pyarrow as pa

from .. import contract
from ..errors import UserError
from ..schema import columns
from .files import destination, kind, read, told, writer
from .fitting import TYPES, fitting

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from ..objective import Objective
    from ..registered import Registered

    Chunks = Generator[tuple[int, float], None, None]

FEATURES = columns(contract.Features)
SEEN = [column for column in FEATURES if column.seen_by_models]
STORED = {column.name: pa.int64() if column.kind == "integer" else TYPES[column.kind] for column in SEEN}
MADE = ("answer", "score", "needs_review", "model")


def score(source: Path, target: Path, model: Registered, objective: Objective) -> Chunks:
    """Write every row with its decision; yield after each chunk the rows that are done, and their share of the file.

    The target appears when all is done: whoever stops half-way leaves nothing behind, and starts again.
    The file's own columns are written as they are. Only when a CSV file becomes a Parquet file do the
    columns that models see get a type; all others are text there.

    Raises
    ------
    UserError
        A file cannot be read or written, or a value does not fit the contract. Rows are counted
        from 1; the header is none of them.
    """
    destination(source, target)
    part = target.with_name(f".{target.name}.part")
    with told(target, "nothing was written; make room, or choose another place"):
        try:
            with contextlib.ExitStack() as stack:
                made, done = None, 0
                for chunk, share in read(source):
                    if made is None:
                        _check(source, chunk.schema.names, target)
                    decided = _decide(chunk, (source, done), kind(target), model, objective)
                    made = made or stack.enter_context(writer(part, kind(target), decided.schema))
                    made.write_batch(decided)
                    done += chunk.num_rows
                    yield done, share
            if not done:
                message = f"{source}: no rows; there is nothing to decide on"
                raise UserError(message)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what was begun is cleaned up."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check(source: Path, names: Sequence[str], target: Path) -> None:
    missing = [c.name for c in SEEN if c.name not in names and not c.optional]
    taken = [name for name in MADE if name in names]
    # CSV may have them, as sheets do at the right edge; in Parquet nobody could read them
    harmless = set() if kind(target) == ".parquet" else set(names) - {c.name for c in FEATURES}
    twice = [repr(name) for name in dict.fromkeys(names) if names.count(name) > 1 and name not in harmless]
    for found, said in (
        (missing, "missing; add what the contract asks for (in CSV, commas part the columns)"),
        (taken, "taken by the decisions that are written; rename what is there"),
        (twice, "there more than once; rename or remove one"),
    ):
        if found:
            message = f"{source}: {', '.join(found)}: {said}"
            raise UserError(message)


def _decide(
    chunk: pa.RecordBatch, where: tuple[Path, int], into: str, model: Registered, objective: Objective
) -> pa.RecordBatch:
    fit = {column.name: fitting(chunk, column, where) for column in SEEN}
    raw = objective.raw(model.model, {name: values.to_numpy(zero_copy_only=False) for name, values in fit.items()})
    made = (objective.answers(raw), objective.scores(raw), objective.unsure(raw), [model.label] * chunk.num_rows)
    names, kept = chunk.schema.names, chunk.columns
    if (kind(where[0]), into) == (".csv", ".parquet"):
        kept = [fit[name].cast(STORED[name]) if name in fit else chunk[name] for name in names]
    return pa.RecordBatch.from_arrays([*kept, *map(pa.array, made)], [*names, *MADE])
