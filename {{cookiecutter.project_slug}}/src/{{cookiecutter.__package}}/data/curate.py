"""Curate: set rows aside that cannot be used, each with its reason."""

import ibis
import ibis.expr.types as ir

from ..core.errors import UserError
from .collect import FILE, KEY, ORIGIN, REASON, SHOWN


def curate(table: ir.Table) -> ir.Table:
    """Return the rows with clean keys, and with every reason why a row cannot be used, or ""."""
    table = table.mutate(**{KEY: table[KEY].strip().nullif("")})
    repeats = table.count().over(group_by=KEY)
    of_key = ibis.cases((table[KEY].isnull(), "the key is empty"), (repeats > 1, "the key is not unique"))
    return table.mutate(**{REASON: ibis.coalesce(ibis.array([table[REASON], of_key]).join("; "), "")})


def split_usable(curated: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    usable = curated[REASON] == ""
    return curated.filter(usable).drop(REASON), curated.filter(~usable)


def check_share(curated: ir.Table, limit: float) -> int:
    """Return how many rows are usable.

    The limit holds for the rows of files: the contract may have changed since the others were recorded.

    Raises UserError: the share of unusable rows is over the plan's limit, or no usable row is left.
    """
    usable, of_file = curated[REASON] == "", curated[ORIGIN] == FILE
    counts = {"good": usable.sum(), "bad": (~usable & of_file).sum(), "rows": of_file.sum()}
    [found] = curated.aggregate(**counts).to_pyarrow().to_pylist()
    good, bad, rows = (found[name] or 0 for name in counts)
    if not good or bad > limit * rows:
        unusable = curated.filter(~usable).order_by(of_file.desc(), KEY).limit(SHOWN).to_pyarrow().to_pylist()
        shown = "; ".join(f"{row[KEY]}: {row[REASON]}" for row in unusable)
        message = (
            f"{bad} of {rows} rows are unusable, the plan allows {limit:.1%} (data.max_quarantined_share): "
            f"{shown}; correct the source"
        )
        raise UserError(message)
    return int(good)
