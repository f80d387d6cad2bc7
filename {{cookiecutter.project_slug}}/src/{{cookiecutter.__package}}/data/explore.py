"""Explore: what is to know about the training table before a model learns from it.

All figures are computed by the lake over all rows. Only the table of single rows is of a sample.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from ..core.binning import Bin
from ..core.errors import UserError
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.columns import TYPES
from ..stores.engines import md5
from ..stores.lake import KEY, ORIGIN, Lake
from .breakdown import Baseline, Breakdown, Part, break_down, explain, measure
from .labels import WORDS
from .runs import summarise_runs

SAMPLE, MAX_TEXT = 20_000, 80  # rows that are sampled, and characters of their texts
QUANTILES = {"smallest": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95, "largest": 1.0}
Track = Callable[[Sequence[Column]], Iterable[Column]]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What the page shows. `breakdowns`: the columns that explain most come first."""

    target: Column
    whole: Part
    quantiles: Mapping[str, float]  # of a target that is a number
    origins: Sequence[Part]
    labels: Mapping[str, Mapping[str, Any]]  # by origin: weight, and why it is left out
    quarantined: int
    breakdowns: Sequence[Breakdown]
    runs: Rows  # of `data`, if the lake keeps their statistics


def read_training(lake: Lake, problem: Problem) -> ir.Table:
    """Return the training table. Raises UserError: there is none yet, or it was made for another contract."""
    table = lake.read("training")
    found = {field.name: field.type for field in table.schema().to_pyarrow()}
    names = [c.name for c in (*problem.stored, problem.target) if found.get(c.name) != TYPES[c.kind]]
    if names:
        reason = f"{', '.join(names)}: not in the training table as contract.py has it"
        raise UserError(f"{reason}; run the `data` command")
    return table


def explore(lake: Lake, problem: Problem, track: Track = iter) -> Exploration:
    """Measure the training table. `track` passes the columns through and may show the progress."""
    table, target, baseline = read_training(lake, problem), problem.target, _read_baseline(lake)
    [whole] = measure(table, [], target)
    breakdowns = []
    for column in track(problem.stored):
        gaps = [each.name for each in problem.stored] if column.protected else []
        parts = break_down(table, column, baseline.get(column.name, []), target, gaps)
        breakdowns.append(Breakdown(column, tuple(parts), explain(parts, whole)))
    origins = measure(table, [(origin, table[ORIGIN] == origin) for origin in WORDS], target)
    return Exploration(
        target=target,
        whole=whole,
        quantiles={} if target.categories else _quantiles(table, target.name),
        origins=[part for part in origins if part.rows],
        labels={row["origin"]: row for row in _read_all(lake, "labels")},
        quarantined=lake.read("quarantine").count().to_pyarrow().as_py() if lake.has("quarantine") else 0,
        breakdowns=sorted(breakdowns, key=lambda each: -each.explained),
        runs=[*summarise_runs(_read_all(lake, "statistics"))],
    )


def sample_rows(table: ir.Table, columns: Sequence[Column]) -> pa.Table:
    """Return the same rows in every run, on every backend: those whose keys have the smallest hashes.

    The order of the hashes is as good as random. Texts are cut to MAX_TEXT characters.
    """
    rows = table.order_by(md5(table[KEY]), KEY).limit(SAMPLE)
    values = [rows[c.name].substr(0, MAX_TEXT) if c.kind == "text" else rows[c.name] for c in columns]
    sample = rows.select(**{str(place): value for place, value in enumerate(values)}).to_pyarrow()
    return sample.rename_columns([column.name for column in columns])


def _quantiles(table: ir.Table, name: str) -> dict[str, float]:
    values = table[name].cast("float64").quantile([*QUANTILES.values()]).to_pyarrow().as_py()
    return dict(zip(QUANTILES, values, strict=True))


def _read_baseline(lake: Lake) -> dict[str, Baseline]:
    bins: dict[str, list[tuple[Bin, float]]] = {}
    for row in lake.read("baseline").to_pyarrow().to_pylist():
        each = Bin(row["column"], row["category"], row["low"], row["high"], bool(row.get("missing")))
        bins.setdefault(each.column, []).append((each, row["share"]))
    return dict(bins)


def _read_all(lake: Lake, name: str) -> Rows:
    """Return the rows of a table, or none where there is no such table."""
    rows: Rows = lake.read(name).to_pyarrow().to_pylist() if lake.has(name) else []
    return rows
