"""Collect: bring every source to one table of text columns, each row with its origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ..core.errors import UserError
from ..stores.files import read_rows

KEY, ORIGIN, FOLD, REASON = "_key", "_origin", "_fold", "_reason"  # columns of ours; none of a contract begins with _
FILE, REACTION, INCOMPLETE = "file", "reaction", "incomplete"  # origins


def read_file(source: Path, names: Sequence[str], key: str) -> Iterable[pa.RecordBatch]:
    """Yield the rows of a file as text: the key, the expected columns, and the origin.

    Raises
    ------
    UserError
        A column is missing, unknown or there twice, or there is no row.
    """
    rows = 0
    for chunk, _ in read_rows(source):
        if not rows:
            _check_names(source, chunk.schema.names, [key, *names])
        cells = [chunk[name].cast(pa.string()) for name in (key, *names)]
        origin = pa.repeat(FILE, chunk.num_rows)
        yield pa.RecordBatch.from_arrays([*cells, origin], names=[KEY, *names, ORIGIN])
        rows += chunk.num_rows
    if not rows:
        message = f"{source}: a header but no row"
        raise UserError(message)


def read_reactions(
    decisions: Iterable[Mapping[str, Any]], names: Sequence[str], *, target: str, required: Sequence[str]
) -> ir.Table | None:
    """Return decisions with a reaction as labelled rows of text; None if there are none.

    The label is the answer that the person kept, or their own. Rows that were recorded before one of the
    `required` columns was added are marked `incomplete`.
    """
    rows = []
    for decision in decisions:
        overridden = decision["verdict"] == "override"
        label = decision["reaction_answer"] if overridden else decision["answer"]
        values = {**decision["features"], target: label}
        cells = {name: None if values.get(name) is None else str(values[name]) for name in names}
        origin = REACTION if values.keys() >= set(required) else INCOMPLETE
        rows.append({KEY: decision["id"], **cells, ORIGIN: origin})
    if not rows:
        return None
    return ibis.memtable(rows, schema=ibis.schema(dict.fromkeys([KEY, *names, ORIGIN], "string")))


def _check_names(source: Path, found: Sequence[str], expected: Sequence[str]) -> None:
    faults = [f"column {name} is missing" for name in expected if name not in found]
    faults += [f"column {name} is not in contract.py" for name in dict.fromkeys(found) if name not in expected]
    faults += [f"column {name} is there twice" for name in dict.fromkeys(found) if found.count(name) > 1]
    if len(found) == 1 and any(mark in found[0] for mark in ";\t|"):
        faults = [f"the only column is {found[0]!r}, so the delimiter is not a comma; save it with commas"]
    if faults:
        message = f"{source}: {'; '.join(faults)}; the file and contract.py must name the same columns"
        raise UserError(message)
