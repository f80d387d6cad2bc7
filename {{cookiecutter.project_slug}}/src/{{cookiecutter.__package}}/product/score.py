"""Score a file of any size: read in chunks, decided with the champion, written under its name when complete."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet

from .. import contract
from ..errors import UserError
from ..schema import columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..objective import Objective
    from ..registered import Registered
    from ..schema import Column

SEEN = [column for column in columns(contract.Features) if column.seen_by_models]
TYPES = {"number": pa.float64(), "integer": pa.float64(), "category": pa.string(), "text": pa.string()}
ROWS = 65_536


def score(source: Path, target: Path, model: Registered, objective: Objective) -> Iterator[int]:
    """Write every row with its decision, and yield how many rows each chunk had.

    The target appears when all is done: whoever stops half-way leaves nothing behind, and starts again.

    Raises
    ------
    UserError
        A file is neither Parquet nor CSV, or a value does not fit the contract.
    """
    chunks = _read(source)
    part = target.with_name(f".{target.name}.part")
    try:
        with contextlib.ExitStack() as stack:
            writer, done = None, 0
            for chunk in chunks:
                decided = _decide(chunk, done, model, objective)
                if writer is None:
                    writer = stack.enter_context(_writer(part, target.suffix, decided.schema))
                writer.write_batch(decided)
                done += chunk.num_rows
                yield chunk.num_rows
        if not done:
            message = f"{source}: no rows"
            raise UserError(message)
        part.replace(target)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        message = f"{source}: {str(error).splitlines()[0]}"
        raise UserError(message) from None
    finally:
        part.unlink(missing_ok=True)


def count(source: Path) -> int | None:
    """Return how many rows a file has, where that is quick to know."""
    return pyarrow.parquet.read_metadata(source).num_rows if source.suffix == ".parquet" and source.is_file() else None


def _read(source: Path) -> Iterator[pa.RecordBatch]:
    if source.suffix not in {".csv", ".parquet"} or not source.is_file():
        message = f"{source}: not a file of CSV or Parquet"
        raise UserError(message)
    typed = pyarrow.csv.ConvertOptions(
        column_types={column.name: TYPES[column.kind] for column in SEEN}, strings_can_be_null=True
    )
    kind = pyarrow.dataset.CsvFileFormat(convert_options=typed) if source.suffix == ".csv" else "parquet"
    table = pyarrow.dataset.dataset(source, format=kind)
    missing = [c.name for c in SEEN if c.name not in table.schema.names and not c.optional]
    if missing:
        message = f"{source}: without {', '.join(missing)}"
        raise UserError(message)
    yield from (chunk for chunk in table.to_batches(batch_size=ROWS) if chunk.num_rows)


def _writer(part: Path, suffix: str, schema: pa.Schema) -> Any:
    made = pyarrow.csv.CSVWriter if suffix == ".csv" else pyarrow.parquet.ParquetWriter
    return made(part, schema)


def _decide(chunk: pa.RecordBatch, before: int, model: Registered, objective: Objective) -> pa.RecordBatch:
    raw = objective.raw(model.model, {column.name: _values(chunk, column, before) for column in SEEN})
    made = {
        "answer": pa.array(objective.answers(raw)),
        "score": pa.array(objective.scores(raw)),
        "needs_review": pa.array(objective.unsure(raw)),
        "model": pa.array([model.label] * chunk.num_rows),
    }
    kept = {name: chunk[name] for name in chunk.schema.names if name not in made}
    return pa.RecordBatch.from_pydict(kept | made)


def _values(chunk: pa.RecordBatch, column: Column, before: int) -> Any:
    """Return a column as models take it, after a look at all of its values at once."""
    if column.name not in chunk.schema.names:
        return [None] * chunk.num_rows
    values = chunk[column.name].cast(TYPES[column.kind])
    wrong = pa.scalar(value=False)
    if column.categories:
        wrong = pc.invert(pc.is_in(values, pa.array(column.categories)))
    elif column.kind in {"number", "integer"}:
        low = -np.inf if column.low is None else column.low
        high = np.inf if column.high is None else column.high
        inside = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        whole = pc.equal(pc.floor(values), values) if column.kind == "integer" else True
        wrong = pc.invert(pc.and_(pc.and_(inside, pc.is_finite(values)), whole))
    wrong = pc.if_else(pc.is_null(values), not column.optional, wrong)
    if pc.any(wrong).as_py():
        place = before + pc.index(wrong, value=True).as_py() + 1
        message = f"row {place}: {column.name} has to be {column.expected}"
        raise UserError(message)
    return values.to_numpy(zero_copy_only=False)
