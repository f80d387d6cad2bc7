"""Curate: set rows aside that cannot be used, each with its reason."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from ..core.errors import UserError
from ..stores.lake import KEY, ORIGIN, SUBJECT
from .collect import INCOMPLETE, REASON, SHOWN
from .labels import FILE


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of one run."""

    usable: int
    quarantined: int
    incomplete: int  # of the quarantined rows: recorded before a required column was added
    comparison: str = ""  # of the file with earlier runs, in one line


def curate(table: ir.Table) -> ir.Table:
    """Return the rows with clean keys, and with every reason why a row cannot be used, or ""."""
    table = table.mutate(**{name: table[name].strip().nullif("") for name in (KEY, SUBJECT)})
    repeats = table.count().over(group_by=KEY)
    of_key = ibis.cases((table[KEY].isnull(), "the key is empty"), (repeats > 1, "the key is not unique"))
    return table.mutate(**{REASON: ibis.coalesce(ibis.array([table[REASON], of_key]).join("; "), "")})


def split_usable(curated: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    usable = curated[REASON] == ""
    return curated.filter(usable).drop(REASON), curated.filter(~usable)


def check_share(curated: ir.Table, limit: float) -> Counts:
    """Return how many rows there are of each kind.

    The limit holds for the rows of files: the contract may have changed since the others were recorded.

    Raises UserError: the share of unusable rows is over the plan's limit, or no usable row is left.
    """
    usable, origin = curated[REASON] == "", curated[ORIGIN]
    tests = {"usable": usable, "quarantined": ~usable}
    tests |= {"incomplete": origin == INCOMPLETE, "rows": origin == FILE, "bad": ~usable & (origin == FILE)}
    [counts] = curated.aggregate(**{name: test.sum() for name, test in tests.items()}).to_pyarrow().to_pylist()
    rows, bad = counts.pop("rows"), counts.pop("bad")
    if not counts["usable"] or bad > limit * rows:
        unusable = curated.filter(~usable).order_by((origin == FILE).desc(), KEY).limit(SHOWN).to_pyarrow().to_pylist()
        shown = "; ".join(f"{row[KEY]}: {row[REASON]}" for row in unusable)
        fault = "no row is usable"
        if counts["usable"]:
            allowed = f"the plan allows {100 * limit:.4g}% (data.max_quarantined_share)"
            fault = f"{bad} of {rows} rows are unusable, {allowed}"
        raise UserError(f"{fault}: {shown}; correct the source")
    return Counts(**counts)
