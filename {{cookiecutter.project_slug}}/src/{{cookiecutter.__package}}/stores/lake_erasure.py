"""Find and remove rows of the lake, as of somebody who was forgotten."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from .forgotten import Forgotten, Kind
from .lake import KEY, SUBJECT, Lake

Find = Callable[[pa.Table], pa.Array]  # returns a mask of the rows of a table with keys


def count_rows(lake: Lake, find: Find) -> dict[str, int]:
    """Return for each table how many rows are found."""
    return {name: found.true_count for name, _, found in _find_rows(lake, find)}


def remove_rows(lake: Lake, find: Find) -> dict[str, int]:
    """Remove the rows that are found, and return how many; a DuckDB file is new afterwards, without their bytes."""
    kept, counts = {}, {}
    for name, rows, found in _find_rows(lake, find):
        if number := found.true_count:
            kept[name], counts[name] = rows.filter(pc.invert(found)), number
    if kept:
        lake.publish(kept)
    return counts


def _find_rows(lake: Lake, find: Find) -> Iterator[tuple[str, pa.Table, pa.Array]]:
    for name in lake.names():
        table = lake.read(name)
        if {KEY, SUBJECT} <= {*table.columns}:
            rows = table.to_pyarrow().combine_chunks()
            yield name, rows, find(rows)


def find_forgotten(rows: pa.Table | pa.RecordBatch, forgotten: Forgotten, *, keyed: bool) -> pa.Array:
    """Return a mask of rows of somebody who was forgotten.

    Rows of decisions without a subject have their reference in its place. `keyed`: the keys of a source's rows are
    those of cases, as references are, and not numbers of rows.
    """
    found = pa.repeat(False, rows.num_rows)  # noqa: FBT003  # a value
    of_keys: tuple[Kind, ...] = ("reference",) if keyed else ()
    of_columns: tuple[tuple[str, tuple[Kind, ...]], ...] = ((SUBJECT, ("subject", "reference")), (KEY, of_keys))
    for name, kinds in of_columns:
        column = rows[name].combine_chunks() if isinstance(rows, pa.Table) else rows[name]
        texts = pc.utf8_trim_whitespace(column)
        known = [kind for kind in kinds if kind in forgotten.digests]
        each = pc.unique(texts).drop_null().to_pylist() if known else []
        listed = [text for kind in known for text in forgotten.select(kind, each)]
        found = pc.or_(found, pc.is_in(texts, pa.array(listed, pa.string())))
    return found
