"""Collect: bring every source to one table of text columns, each row with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from ..errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir

EARLY = "early"  # the origin of rows that the contract has outgrown


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
    decisions: Iterable[Mapping[str, Any]], names: Sequence[str], *, key: str, target: str, needed: Sequence[str] = ()
) -> ir.Table | None:
    """Turn decisions that people reacted to into labelled rows, marked `reaction`; None if there are none.

    The label is what the person said: the answer they kept, or their own. Rows that were asked before
    one of the `needed` columns was in the contract are marked `early`.
    """
    rows = []
    for decision in decisions:
        overridden = decision["verdict"] == "override"
        values = {
            **decision["features"],
            key: decision["id"],
            target: decision["reaction_answer"] if overridden else decision["answer"],
        }
        cells = {name: None if values.get(name) is None else str(values[name]) for name in names}
        rows.append(cells | {"origin": "reaction" if values.keys() >= set(needed) else EARLY})
    if not rows:
        return None
    return ibis.memtable(rows, schema=ibis.schema(dict.fromkeys([*names, "origin"], "string")))
