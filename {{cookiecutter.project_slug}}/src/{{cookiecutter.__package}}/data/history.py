"""History: the statistics of every run, kept in the lake's table `statistics`, with a row for each column and bin."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..core.binning import Bin
from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.lake import KEY, ORIGIN, SUBJECT, Lake
from .collect import kept_columns
from .labels import FILE
from .statistics import BIN, count_rows, find_bins

TABLE = "statistics"
PART, KNOWN = "_part", "_known"
NEW, KEPT, DECISION = "new", "kept", "decision"  # since the last run, by key, of the file; or not of the file
# of a column in a run: the run that is its reference, and what the contract allows
WHERE = {"run": "int64", "time": "string", "contract": "string", "reference": "int64", "allowed": "string"}
# of a bin: its place, and how many `rows` of the training table, of the `file`, and of those `new` in it are there;
# units are the subjects, groups or rows that are independent of each other
COUNTS = dict.fromkeys(("bin", "rows", "file", "new", "file_units", "new_units"), "int64")
SCHEMA = ibis.schema({**WHERE, **BIN, **COUNTS}).to_pyarrow()

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Series:
    """The counts of a column from its reference, the first of n runs, to this run, the last, in k bins."""

    column: str
    bins: Sequence[Bin]
    runs: Sequence[int]
    file: Counts  # shape (n, k)
    new: Counts  # shape (n, k); of the reference, the rows that later ones are compared with
    file_units: Counts  # shape (n,)
    new_units: Counts  # shape (n,)


def add_run(
    lake: Lake, training: ir.Table, problem: Problem, plan: Plan, now: datetime, of_file: Mapping[Bin, int]
) -> pa.Table:
    """Return the statistics of all runs, with those of this training table as the last one.

    `of_file`: if all rows are of files, the bins that are known already, and how many rows each has.

    A column keeps the bins of its reference. It starts anew, with this run as its reference, if what the contract
    allows has changed, if its reference had too few rows, or if a person has confirmed a change since then.

    Raises UserError: the plan confirms a change of a column that is not there.
    """
    columns = kept_columns(problem)
    if absent := sorted({*plan.data.confirmed} - {column.name for column in columns}):
        message = f"{absent[0]} is not a column of contract.py that is kept; remove it"
        raise UserError(f"plan.toml: data.confirmed: {message}")
    past = lake.read(TABLE).to_pyarrow().select(SCHEMA.names) if lake.has(TABLE) else SCHEMA.empty_table()
    times = dict(zip(past["run"].to_pylist(), past["time"].to_pylist(), strict=True))
    last = max(times, default=0)
    stored = _read_run(past, last)
    continued = {
        column.name: stored[column.name]
        for column in columns
        if column.name in stored and _continues(stored[column.name][0], column, plan, times)
    }
    fresh = [column for column in columns if column.name not in continued]
    bins = [Bin(**{name: row[name] for name in BIN}) for rows in continued.values() for row in rows]
    bins += [each for each in of_file if each.column in {column.name for column in fresh}]
    unknown = [column for column in fresh if column.name not in {each.column for each in of_file}]
    bins += find_bins(training.filter(training[ORIGIN] == FILE), unknown)
    marked = _mark_parts(training, lake, is_first=not last)
    parts = {NEW: {**of_file}} if not last else {}
    uncounted = [each for each in bins if last or each not in of_file]
    for row, counted in count_rows(marked, uncounted, by=[PART]):
        parts.setdefault(row[PART], {}).update(zip(uncounted, counted, strict=True))
    units = _count_units(marked, plan.data.group)
    places = dict.fromkeys((column.name for column in columns), 0)
    run = {"run": last + 1, "time": show_time(now), "contract": problem.fingerprint}
    rows = []
    for each in bins:
        new, kept, decided = (parts.get(part, {}).get(each, 0) for part in (NEW, KEPT, DECISION))
        counts = {"rows": new + kept + decided, "file": new + kept, "new": new, **units}
        reference = continued[each.column][0]["reference"] if each.column in continued else last + 1
        is_mixed = each.column in plan.data.confirmed and units["new_units"] >= plan.drift.minimum_rows
        if reference > last and not is_mixed:  # else the file has rows from before and after the change
            counts |= {"new": counts["file"], "new_units": units["file_units"]}
        rows.append({**run, **asdict(each), **counts, "reference": reference, "bin": places[each.column]})
        places[each.column] += 1
    allowed = {column.name: _describe(column) for column in columns}
    rows = [row | {"allowed": allowed[row["column"]]} for row in rows]
    return pa.concat_tables([past, pa.Table.from_pylist(rows, SCHEMA)])


def read_series(statistics: pa.Table) -> list[Series]:
    """Return the series of every column in the last run, of which n is 1 if this is its reference."""
    frame = statistics.to_pandas().sort_values(["run", "bin"])
    last = int(frame["run"].max())
    stored = _read_run(statistics, last)
    found = []
    for name, rows in frame.groupby("column"):
        if name not in stored:  # it was in the contract once
            continue
        kept = rows[rows["run"] >= stored[name][0]["reference"]]
        runs, k = kept["run"].unique().tolist(), len(stored[name])
        bins = [Bin(**{key: row[key] for key in BIN}) for row in stored[name]]
        counts = [kept[key].to_numpy().reshape(len(runs), k) for key in ("file", "new")]
        units = [kept[key].to_numpy()[::k] for key in ("file_units", "new_units")]
        found.append(Series(str(name), bins, runs, *counts, *units))
    return found


def show_time(time: datetime) -> str:
    """Return a time in UTC to the second, as plan.toml takes it."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read_run(statistics: pa.Table, run: int) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a run by column, in the order of the bins."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in statistics.filter(pa.compute.equal(statistics["run"], run)).sort_by("bin").to_pylist():
        found.setdefault(row["column"], []).append(row)
    return found


def _continues(row: Mapping[str, Any], column: Column, plan: Plan, times: Mapping[int, str]) -> bool:
    """Return whether this run of a column is compared with the reference of its last one, which has this row."""
    confirmed = plan.data.confirmed.get(column.name)
    is_too_small = row["reference"] == row["run"] and row["file_units"] < plan.drift.minimum_rows
    is_outdated = confirmed is not None and times[row["reference"]] < show_time(confirmed)
    return row["allowed"] == _describe(column) and not is_too_small and not is_outdated


def _describe(column: Column) -> str:
    """Return what the contract says about the values of a column, without its words and marks."""
    limits = column.min_length, column.max_length, column.pattern
    return json.dumps([column.kind, column.low, column.high, column.categories, column.optional, *limits])


def _mark_parts(training: ir.Table, lake: Lake, *, is_first: bool) -> ir.Table:
    """Add to each row which part it is: of the file and NEW or KEPT since the last run, or of a DECISION."""
    before = training.limit(0) if is_first else lake.read("training")
    before = before.filter(before[ORIGIN] == FILE)
    known = before.select(**{KNOWN: before[KEY]})
    joined = training.left_join(known, training[KEY] == known[KNOWN])
    part = ibis.cases((joined[ORIGIN] != FILE, DECISION), (joined[KNOWN].isnull(), NEW), else_=KEPT)
    return joined.mutate(**{PART: part})


def _count_units(marked: ir.Table, group: str) -> dict[str, int]:
    """Return how many independent units the file has, and its new rows: subjects or groups, or else rows."""
    unit = ibis.coalesce(marked[group or SUBJECT].cast("string"), marked[KEY])
    counts = {"file_units": marked[PART] != DECISION, "new_units": marked[PART] == NEW}
    counted = marked.aggregate(**{name: unit.nunique(where=which) for name, which in counts.items()})
    [found] = counted.to_pyarrow().to_pylist()
    return {name: found[name] or 0 for name in counts}
