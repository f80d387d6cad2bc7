"""Curate: keep the latest row of each key, and set rows aside that cannot be used, each with its reason."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from ..core.errors import UserError
from ..core.words import count_nouns
from ..stores.lake import KEY, ORIGIN, ROW, SOURCE, Lake
from .collect import REASON, SHOWN
from .labels import FILE
from .recorded import INCOMPLETE

ORDER = "_order"  # of the rows of one key, the latest has the largest


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of one run; those that were read are usable, in quarantine or duplicates."""

    usable: int
    quarantined: int
    incomplete: int  # of the quarantined rows: recorded before a required column was added
    duplicates: int = 0  # rows that a later one of their key replaces, and copies
    forgotten: int = 0  # rows of forgotten subjects, which are in no table
    deliveries: int = 0
    joined: int = 0  # deliveries whose rows are columns of others
    new: int = 0  # of both, those that were read in this run
    copies: int = 0  # of the usable rows: under other keys, with the inputs of another one
    comparison: str = ""  # of the sources with earlier runs, in one line

    @property
    def read(self) -> int:
        """The number of all rows."""
        return self.usable + self.quarantined + self.duplicates + self.forgotten


def curate(lake: Lake, table: ir.Table) -> ir.Table:
    """Return the latest row of each key, with every reason why it cannot be used, or "".

    Copies are left out. Where several rows are the latest and differ, none of them can be used, because nobody knows
    which one is right.
    """
    counted = table.group_by(KEY).aggregate(rows=table.count())
    repeated = lake.stage(counted.filter((counted["rows"] > 1) & counted[KEY].notnull()).select(KEY))
    if repeated.count().to_pyarrow().as_py():
        latest = _find_latest(table.semi_join(repeated, KEY))
        latest = latest.mutate(_is_ambiguous=latest.count().over(group_by=KEY) > 1)
        table = table.anti_join(repeated, KEY).mutate(_is_ambiguous=ibis.literal(value=False)).union(latest)
    else:
        table = table.mutate(_is_ambiguous=ibis.literal(value=False))
    of_key = ibis.cases((table[KEY].isnull(), "the key is empty"), (table["_is_ambiguous"], "the key is not unique"))
    reasons = ibis.array([table[REASON], of_key]).join("; ")
    return table.mutate(**{REASON: ibis.coalesce(reasons, "")}).drop(ORDER, "_is_ambiguous")


def _find_latest(table: ir.Table) -> ir.Table:
    """Return the rows of each key that have the largest ORDER; of those that are copies, the first one."""
    table = table.mutate(_latest=table[ORDER].max().over(group_by=KEY))
    table = table.filter(table[ORDER] == table["_latest"]).drop("_latest")
    content = [name for name in table.columns if name not in (SOURCE, ROW, ORDER)]
    table = table.mutate(_copy=ibis.row_number().over(group_by=content, order_by=ROW))
    return table.filter(table["_copy"] == 0).drop("_copy")


def split_usable(curated: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    usable = curated[REASON] == ""
    return curated.filter(usable).drop(REASON, SOURCE, ROW), curated.filter(~usable)


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


def describe_counts(counts: Counts) -> str:
    """Return in a sentence what became of the rows that were read."""
    tables = count_nouns(counts.deliveries, "table")
    tables += f" joined with {counts.joined:,}" if counts.joined else ""
    tables += f", {counts.new:,} of them new"
    kept = f"{counts.usable:,} kept, {counts.duplicates:,} duplicates, {counts.quarantined:,} in quarantine"
    near = f"{counts.copies:,} of the kept are near-duplicates: other keys, equal inputs"
    return f"Read: {count_nouns(counts.read, 'row')} of {tables}; {kept}; {near}."
