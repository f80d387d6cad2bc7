"""Breakdown: how the target differs between the parts of a column, by aggregates of the lake over all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from ..core.binning import Bin, show_bin
from ..core.schema import Column
from .statistics import is_in

MAX_INTERVALS = 10  # of a number; where the baseline has more, they are joined to tenths, or quarters if protected
TENTH, QUARTER = 0.1, 0.25
OTHER = "other"  # rows that no test holds for
Baseline = Sequence[tuple[Bin, float]]  # the bins of a column with their shares of the rows
Tests = Sequence[tuple[str, ir.BooleanValue]]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the rows, with mean and variance of the target: of a number, or of each answer being the label or not.

    `missing`: share of missing values of each column, where it was asked for.
    """

    name: str
    rows: int
    means: tuple[float, ...] = ()
    variances: tuple[float, ...] = ()
    missing: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The parts of a column, and the share of the target's variance that lies between them."""

    column: Column
    parts: tuple[Part, ...]
    explained: float

    @property
    def missing(self) -> int:
        """How many rows have no value."""
        return self.parts[-1].rows


def break_down(table: ir.Table, column: Column, baseline: Baseline, target: Column, gaps: Sequence[str]) -> list[Part]:
    """Return a part for each category, for each interval with rows, for other values, and for missing ones, the last.

    `gaps`: columns whose missing values are counted in each part.
    """
    bins = _choose_bins(column, baseline)
    *parts, other = measure(table, [(_show(each, column), is_in(table, each)) for each in bins], target, gaps)
    *filled, missing = parts
    # a category of the contract without rows is worth knowing
    kept = [part for part, each in zip(filled, bins, strict=False) if part.rows or each.category is not None]
    return [*kept, *([other] if other.rows else []), missing]


def measure(table: ir.Table, tests: Tests, target: Column, gaps: Sequence[str] = ()) -> list[Part]:
    """Return the rows for which each test is the first that holds, and at last the other rows."""
    label = table[target.name]
    values = [_as_number(label == answer) for answer in answers_of(target)] or [label.cast("float64")]
    measures = {f"mean{place}": value.mean() for place, value in enumerate(values)}
    measures |= {f"variance{place}": value.var(how="pop") for place, value in enumerate(values)}
    # by place: a column may be called as an argument of Ibis is
    measures |= {f"missing{place}": _as_number(table[name].isnull()).mean() for place, name in enumerate(gaps)}
    places = [(test, place) for place, (_, test) in enumerate(tests)]
    first = ibis.cases(*places, else_=len(tests)) if tests else ibis.literal(0)
    found = table.group_by(first.name("place")).aggregate(rows=table.count(), **measures).to_pyarrow().to_pylist()
    rows = {row["place"]: row for row in found}
    names = [*(name for name, _ in tests), OTHER]
    return [_part(name, rows.get(place), len(values), gaps) for place, name in enumerate(names)]


def answers_of(target: Column) -> tuple[str, ...]:
    """Return the answers whose shares are measured: of two, the last one; none of a number."""
    return target.categories[-1:] if len(target.categories) == 2 else target.categories  # noqa: PLR2004


def explain(parts: Sequence[Part], whole: Part) -> float:
    """Return the share of the target's variance that lies between the parts, adjusted for their number; 0 or more.

    For a number this is the correlation ratio (Kelley 1935, An unbiased correlation ratio measure); for answers,
    Goodman and Kruskal's tau (1954, Measures of association for cross classifications).
    """
    filled = [part for part in parts if part.rows]
    within = sum(part.rows * sum(part.variances) for part in filled)
    total, freedom = whole.rows * sum(whole.variances), whole.rows - len(filled)
    if total <= 0 or freedom <= 0:
        return 0.0
    return max(1 - within / total * (whole.rows - 1) / freedom, 0.0)


def join_intervals(baseline: Baseline, least: float) -> list[Bin]:
    """Return the intervals of a number, joined until each has at least this share of the values."""
    joined: list[Bin] = []
    low, share, total = None, 0.0, sum(share for _, share in baseline)
    for each, own in baseline:
        share += own
        if share >= 0.99 * least * total:  # the shares of quantiles are not exact
            joined.append(replace(each, low=low))
            low, share = each.high, 0.0
    return [*joined[:-1], replace(joined[-1], high=None)]


def _as_number(test: ir.BooleanValue) -> ir.FloatingValue:
    return test.cast("int32").cast("float64")  # PostgreSQL has no other way from the one to the other


def _choose_bins(column: Column, baseline: Baseline) -> list[Bin]:
    found = sorted(
        ((each, share) for each, share in baseline if not each.missing),
        key=lambda pair: -float("inf") if pair[0].low is None else pair[0].low,
    )
    is_long = not column.categories and len(found) > MAX_INTERVALS
    bins = join_intervals(found, QUARTER if column.protected else TENTH) if is_long else [each for each, _ in found]
    return [*bins, Bin(column.name, missing=True)]


def _part(name: str, row: Mapping[str, Any] | None, values: int, gaps: Sequence[str]) -> Part:
    if row is None:
        return Part(name, 0)
    means, variances = (tuple(row[f"{what}{place}"] for place in range(values)) for what in ("mean", "variance"))
    return Part(name, row["rows"], means, variances, {each: row[f"missing{place}"] for place, each in enumerate(gaps)})


def _show(each: Bin, column: Column) -> str:
    """Return a bin in words; of whole numbers, those that are in it."""
    if column.kind != "integer" or each.missing or each.low is each.high is None:
        return show_bin(each)
    first = column.low if each.low is None else each.low // 1 + 1
    last = column.high if each.high is None else each.high // 1
    if first is None or last is None:
        return f"{last:,.0f} or less" if first is None else f"{first:,.0f} or more"
    return f"{first:,.0f}" if first == last else f"{first:,.0f} to {last:,.0f}"
