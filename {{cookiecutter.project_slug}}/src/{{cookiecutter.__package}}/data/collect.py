"""Collect: bring every source to one table of text columns, each row with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from ..errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir


def from_file(table: ir.Table, names: Sequence[str], *, source: str) -> ir.Table:
    """Take the expected columns of a file's table, in order, and mark the rows `collected`.

    Raises
    ------
    UserError
        A column is missing or not in the contract, or there is no row.
    """
    missing = [name for name in names if name not in table.columns]
    unknown = [name for name in table.columns if name not in names]
    faults = [f"column {name} is missing" for name in missing]
    faults += [f"column {name} is not in contract.py" for name in unknown]
    if faults:
        message = f"{source}: {'; '.join(faults)}; the file and contract.py must name the same columns"
        raise UserError(message)
    if table.count().to_pyarrow().as_py() == 0:
        message = f"{source}: a header but no row"
        raise UserError(message)
    return table.select(*names).mutate(origin=ibis.literal("collected"))


def from_reactions(
    decisions: Iterable[Mapping[str, Any]], names: Sequence[str], *, key: str, target: str
) -> ir.Table | None:
    """Turn decisions that people reacted to into labelled rows, marked `reaction`; None if there are none.

    The label is what the person said: the answer they kept, or their own.
    """
    rows = []
    for decision in decisions:
        overridden = decision["verdict"] == "override"
        values = {
            **decision["features"],
            key: decision["id"],
            target: decision["reaction_answer"] if overridden else decision["answer"],
        }
        rows.append({name: None if values.get(name) is None else str(values[name]) for name in names})
    if not rows:
        return None
    schema = ibis.schema(dict.fromkeys(names, "string"))
    return ibis.memtable(rows, schema=schema).mutate(origin=ibis.literal("reaction"))
