"""The source is compared with earlier runs: a change stops the run, and neither chance nor a repeated run does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from problems import KEY as CASE
from problems import USUAL, Shape

from {{ cookiecutter.__package }}.core.binning import QUANTILES, count_values, make_bins
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.operations_plan import Drift
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.data.drift import compare_runs, find_changes, find_slow_drift
from {{ cookiecutter.__package }}.data.history import Series, add_run, read_series
from {{ cookiecutter.__package }}.data.leakage import count_answers
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.data.statistics import add_groups, find_bins
from {{ cookiecutter.__package }}.stores.columns import TYPES
from {{ cookiecutter.__package }}.stores.lake import KEY, ORIGIN, SUBJECT, Lake, open_lake

ROWS, N, DRIFT = 2_000, 300, Drift()
START = datetime(2030, 1, 1, tzinfo=UTC)
CATEGORIES = {"kind": (("a", "b", "c", "d"), (0.5, 0.3, 0.15, 0.05)), "answer": (("no", "yes"), (0.9, 0.1))}
NUMBERS = ("income", "ratio", "visits", "loan")
COLUMNS = [Column(name, "category", "", "", categories=values) for name, (values, _) in CATEGORIES.items()]
COLUMNS += [Column(name, "number", "", 1.0, optional=True) for name in NUMBERS]
Rows = dict[str, list[Any]]


def draw(rows: int, rng: Any) -> Rows:
    """Return rows by columns; `loan` is often missing, and `visits` has few values."""
    found = {name: rng.choice(values, rows, p=shares).tolist() for name, (values, shares) in CATEGORIES.items()}
    found["income"] = np.exp(rng.normal(size=rows)).tolist()
    found["ratio"] = rng.normal(size=rows).tolist()
    found["visits"] = rng.poisson(2.5, rows).astype(float).tolist()
    is_missing = rng.random(rows) < 0.2
    found["loan"] = [None if gap else value for value, gap in zip(rng.beta(2, 4, rows), is_missing, strict=True)]
    return found


def count(deliveries: list[Rows], kept: int = 99) -> list[Series]:
    """Return the series of a file of the latest `kept` deliveries; of 0, each has the keys of the last one."""
    found, runs = [], len(deliveries)
    for column in COLUMNS:
        known = [value for value in deliveries[0][column.name] if value is not None]
        bins = make_bins(column, np.quantile(known, QUANTILES).tolist() if column.is_numeric else [])
        each = np.array([count_values(bins, rows[column.name]) for rows in deliveries])
        file = np.array([each[max(run + 1 - max(kept, 1), 0) : run + 1].sum(axis=0) for run in range(runs)])
        new = each if kept else np.vstack([each[:1], np.zeros_like(each[1:])])
        found.append(Series(column.name, bins, range(1, runs + 1), file, new, file.sum(axis=1), new.sum(axis=1)))
    return found


def until(series: list[Series], run: int) -> list[Series]:
    """Return the series as they were in an earlier run."""
    names = ("runs", "file", "new", "file_units", "new_units")
    return [dataclasses.replace(each, **{name: getattr(each, name)[:run] for name in names}) for each in series]


def find_alarms(series: list[Series], find: Any) -> set[str]:
    """Return the columns that a comparison finds in any run."""
    return {name for run in range(2, len(series[0].runs) + 1) for name, _ in find(until(series, run), DRIFT)}


def times_100(rows: Rows, rng: Any) -> None:
    rows["income"] = [100 * value for value in rows["income"]]


def swap(rows: Rows, rng: Any) -> None:
    rows["income"], rows["ratio"] = rows["ratio"], rows["income"]


def change_shares(rows: Rows, rng: Any) -> None:
    rows["kind"] = rng.choice(["a", "b", "c", "d"], len(rows["kind"]), p=(0.3, 0.2, 0.15, 0.35)).tolist()


def make_constant(rows: Rows, rng: Any) -> None:
    rows["visits"] = [2.0] * len(rows["visits"])


def lose_values(rows: Rows, rng: Any) -> None:
    rows["loan"] = [None if rng.random() < 0.3 else value for value in rows["loan"]]


FAULTS: dict[str, tuple[Callable[[Rows, Any], None], set[str]]] = {
    "a column times 100": (times_100, {"income"}),
    "two columns swapped": (swap, {"income", "ratio"}),
    "another share of a category": (change_shares, {"kind"}),
    "a constant column": (make_constant, {"visits"}),
    "more missing values": (lose_values, {"loan"}),
}


@pytest.mark.parametrize("kept", [99, 0])
@pytest.mark.parametrize("fault", FAULTS)
def test_sabotage_change_of_new_or_of_old_rows_is_found_in_its_columns_alone(fault: str, kept: int) -> None:
    plant, columns = FAULTS[fault]
    rng = np.random.default_rng(1)
    deliveries = [draw(ROWS, rng), draw(N, rng), draw(N, rng)] if kept else [draw(ROWS, rng)] * 3
    healthy = count(deliveries, kept)
    deliveries[2] = {name: [*values] for name, values in deliveries[2].items()}
    plant(deliveries[2], rng)
    changed = count(deliveries, kept)
    assert dict(find_changes(healthy, DRIFT)) == dict(find_slow_drift(changed, DRIFT)) == {}
    assert {name for name, _ in find_changes(changed, DRIFT)} == columns
    for name in columns:
        with pytest.raises(UserError, match=f'correct the source, or .* add .*"{name}" = 2030-01-01T00:00:00Z'):
            compare_runs(changed, DRIFT, START)


def drift_slowly(seed: Any) -> list[Series]:
    """Return series in which `ratio` moves to a fifth of its standard deviation, in twelve deliveries of 120 rows."""
    rng = np.random.default_rng(seed)
    deliveries = [draw(10_000, rng), *(draw(120, rng) for _ in range(12))]
    for run, rows in enumerate(deliveries):
        rows["ratio"] = [value + min(0.05 * run, 0.2) for value in rows["ratio"]]
    return count(deliveries)


def test_sabotage_slow_drift_that_no_run_shows_is_found_by_all_runs_together() -> None:
    series = drift_slowly(2)
    assert find_alarms(series, find_changes) == set()
    assert find_alarms(series, find_slow_drift) == {"ratio"}
    with pytest.raises(UserError, match=r"^statistics: ratio moved slowly, over 12 runs \(CUSUM "):
        compare_runs(series, DRIFT, START)


@pytest.mark.slow
def test_slow_drift_is_found_in_most_histories_and_by_single_runs_in_few() -> None:
    histories = [drift_slowly([3, seed]) for seed in range(20)]
    assert sum("ratio" in find_alarms(series, find_slow_drift) for series in histories) >= 18
    assert sum("ratio" in find_alarms(series, find_changes) for series in histories) <= 6


@pytest.mark.parametrize("kept", [99, 3, 0])
@pytest.mark.parametrize(
    ("first", "rows", "histories"),
    [
        (ROWS, N, 2),
        *(pytest.param(*case, 40, marks=pytest.mark.slow) for case in ((2_000, 40), (400, 300), (100, 900))),
    ],
)
def test_healthy_deliveries_alarm_at_most_at_the_level_over_all_columns_and_runs(
    kept: int, first: int, rows: int, histories: int
) -> None:
    """Files that grow, of which old rows are removed, and in which other rows have the same keys."""
    alarms, runs = 0, 8 if histories == 2 else 40
    for seed in range(histories):
        rng = np.random.default_rng([4, seed])
        series = count([draw(first, rng), *(draw(rows, rng) for _ in range(runs - 1))], kept)
        alarms += bool(find_alarms(series, find_changes) | {name for name, _ in find_slow_drift(series, DRIFT)})
    # 5 % of 40 is 2; 6 or more have a chance of 1.4 %
    assert alarms <= (5 if histories > 2 else 0)


def test_few_new_rows_are_compared_together_with_those_of_earlier_runs() -> None:
    rng = np.random.default_rng(5)
    deliveries = [draw(ROWS, rng), *(draw(30, rng) for _ in range(4))]
    for rows in deliveries[1:]:
        times_100(rows, rng)
    series = count(deliveries)
    assert [bool(dict(find_changes(until(series, run), DRIFT))) for run in (2, 3, 4, 5)] == [False, False, False, True]
    assert "(120 new rows; effect" in dict(find_changes(series, DRIFT))["income"]


def test_rows_of_one_subject_count_once() -> None:
    rng = np.random.default_rng(6)
    deliveries = [{name: values * 20 for name, values in draw(120, rng).items()} for _ in range(6)]
    series = count(deliveries)
    assert find_alarms(series, find_changes)
    units = [each.new_units // 20 for each in series]
    series = [
        dataclasses.replace(each, new_units=unit, file_units=unit.cumsum())
        for each, unit in zip(series, units, strict=True)
    ]
    assert find_alarms(series, find_changes) == set()


# runs with a lake


@pytest.fixture
def lake() -> Iterator[Lake]:
    with open_lake("duckdb://") as opened:
        yield opened


def make_training(shape: Shape, seed: int, rows: int, first: int = 0, factor: float = 1.0) -> pa.Table:
    """Return a curated table, of which `income` is multiplied."""
    problem = shape.problem()
    table = shape.table(rows, seed)
    columns = {KEY: pa.array([f"{seed}:{row[CASE]}" for row in table])}
    columns |= {SUBJECT: pa.nulls(rows, pa.string()), ORIGIN: pa.repeat("file", rows)}
    for column in (*problem.stored, problem.target):
        columns[column.name] = pa.array([row[column.name] or None for row in table]).cast(TYPES[column.kind])
    place = [*columns].index("income")
    found = pa.table(columns)
    return found.set_column(place, "income", pa.compute.multiply(found["income"], factor))


def run(lake: Lake, table: pa.Table, day: int, shape: Shape = USUAL, **confirmed: datetime) -> str:
    """Run the data wheel from the training table on."""
    plan = shape.parsed_plan
    plan = plan.model_copy(update={"data": plan.data.model_copy(update={"confirmed": confirmed})})
    now = START + timedelta(days=day)
    statistics = add_run(lake, lake.stage(table), shape.problem(), plan, now, {})
    line = compare_runs(read_series(statistics), plan.drift, now)
    lake.publish({"training": ibis.memtable(table), "statistics": ibis.memtable(statistics)})
    return line


def test_counts_that_are_known_already_are_those_of_a_first_run(lake: Lake) -> None:
    problem, table = USUAL.problem(), lake.stage(make_training(USUAL, 1, 300))
    bins = find_bins(table, problem.stored)
    known = add_groups(bins, count_answers(table, problem.target, bins))
    plain, given = (add_run(lake, table, problem, USUAL.parsed_plan, START, of_file) for of_file in ({}, known))
    order = [("column", "ascending"), ("bin", "ascending")]
    assert given.sort_by(order) == plain.sort_by(order)
    assert sum(known.values()) == 300 * len(problem.stored)


def test_change_is_refused_until_it_is_confirmed_and_then_new_rows_are_compared_with_the_new_ones(lake: Lake) -> None:
    old, new, more = make_training(USUAL, 1, 300), make_training(USUAL, 2, 200, factor=50), make_training(USUAL, 3, 200)
    same = make_training(USUAL, 4, 200, factor=50)
    assert run(lake, old, 0) == "statistics: run 1 is the first that later ones are compared with"
    with pytest.raises(
        UserError, match=r'add "income" = 2030-01-02T00:00:00Z to data\.confirmed in plan\.toml'
    ) as refusal:
        run(lake, pa.concat_tables([old, new]), 1)
    assert "income: above " in str(refusal.value)
    assert " in run 1 (200 new rows; effect " in str(refusal.value)
    since = {"income": START + timedelta(days=1)}
    line = "statistics: 6 columns compared with run 1, none changed; run 2 is the new start of 1 column"
    assert run(lake, pa.concat_tables([old, new]), 2, **since) == line
    line = "statistics: 7 columns compared with run 1 and 2, none changed"
    # of the confirmed run, the new rows count, and not the old ones
    assert run(lake, pa.concat_tables([old, new, same]), 3, **since) == line
    assert run(lake, pa.concat_tables([old, new, same]), 4) == line  # the plan need not keep it
    with pytest.raises(UserError, match=" in run 2 "):
        run(lake, pa.concat_tables([old, new, same, more]), 5, **since)


def test_changed_limits_of_a_column_start_a_new_series_of_that_column_alone(lake: Lake) -> None:
    table, features = make_training(USUAL, 1, 300), dict(USUAL.features)
    run(lake, table, 0)
    features["risk"], features["grade"] = features["grade"], features["risk"]
    changed = dataclasses.replace(USUAL, features=features, rules=[("risk", ">", 5, 0.9, "high")])
    other = make_training(changed, 1, 300)
    line = "statistics: 5 columns compared with run 1, none changed; run 2 is the new start of 2 columns"
    assert run(lake, other, 1, changed) == line
    assert len({row["contract"] for row in lake.read("statistics").to_pyarrow().to_pylist()}) == 2


def test_first_run_with_too_few_rows_is_no_reference(lake: Lake) -> None:
    few = make_training(USUAL, 1, 50)
    assert run(lake, few, 0) == "statistics: 50 independent rows, 100 are needed (drift.minimum_rows)"
    both = pa.concat_tables([few, make_training(USUAL, 2, 100)])
    assert run(lake, both, 1) == "statistics: run 2 is the first that later ones are compared with"


def test_rows_of_decisions_are_counted_and_not_compared(lake: Lake) -> None:
    table, decided = make_training(USUAL, 1, 300), make_training(USUAL, 2, 300, factor=100)
    decided = decided.set_column(decided.column_names.index(ORIGIN), ORIGIN, pa.repeat("outcome", 300))
    run(lake, table, 0)
    line = "statistics: 7 columns compared with run 1, none changed"
    assert run(lake, pa.concat_tables([table, decided]), 1) == line
    found = [row for row in lake.read("statistics").to_pyarrow().to_pylist() if row["column"] == "income"]
    assert [sum(row[name] for row in found if row["run"] == 2) for name in ("rows", "file", "new")] == [600, 300, 0]


def test_confirmed_column_that_is_not_there_is_refused(lake: Lake) -> None:
    with pytest.raises(UserError, match=r"^plan.toml: data.confirmed: incom is not a column of contract.py"):
        run(lake, make_training(USUAL, 1, 100), 0, incom=START)


def test_lake_of_an_older_version_starts_silently(lake: Lake) -> None:
    table = make_training(USUAL, 1, 300)
    lake.publish({"training": ibis.memtable(table)})
    assert run(lake, table, 0) == "statistics: run 1 is the first that later ones are compared with"
    assert run(lake, table, 1) == "statistics: 7 columns compared with run 1, none changed"


@pytest.fixture
def built(new_workspace: Any, tmp_path: Any) -> Any:
    """Return a project with one run of the data wheel."""
    workspace = new_workspace(tmp_path, USUAL)
    assert build(workspace) == "statistics: run 1 is the first that later ones are compared with"
    return workspace


def build(workspace: Any) -> str:
    project = workspace.project
    with project.lake() as opened:
        source = workspace.root / "data" / "table.csv"
        return build_tables(opened, source, [], project.problem, project.plan).comparison


def multiply_income(workspace: Any, factor: float) -> None:
    table = workspace.root / "data" / "table.csv"
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    place, rows = header.split(",").index("income"), [line.split(",") for line in lines]
    for row in rows:
        row[place] = row[place] and str(float(row[place]) * factor)
    table.write_text("\n".join([header, *map(",".join, rows)]), encoding="utf-8")


@pytest.mark.slow
def test_changed_source_publishes_nothing_and_the_corrected_one_runs(built: Any, run_command: Any) -> None:
    tables = ("training", "baseline", "statistics")
    with built.project.lake() as opened:
        before = [opened.frame(name) for name in tables]
    multiply_income(built, 100)
    code, out, error = run_command(built, "data")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith("error: statistics: income: above ")
    with built.project.lake() as opened:
        assert all(opened.frame(name).equals(frame) for name, frame in zip(tables, before, strict=True))
    multiply_income(built, 0.01)
    code, out, error = run_command(built, "data")
    assert (code, error) == (0, "")
    assert "statistics: 7 columns compared with run 1, none changed.\n" in out


@pytest.mark.slow
def test_two_hundred_runs_of_the_same_source_are_silent(lake: Lake) -> None:
    table = make_training(USUAL, 1, 300)
    run(lake, table, 0)
    lines = {run(lake, table, day) for day in range(1, 201)}
    assert lines == {"statistics: 7 columns compared with run 1, none changed"}
