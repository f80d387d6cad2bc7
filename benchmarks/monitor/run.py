"""Measure the monitor: what it finds, how often it alarms without reason, and how long a report takes.

    uv run --project PROJECT python benchmarks/monitor/run.py PROJECT [--seeds N] [--windows N]

PROJECT is a freshly generated project in which `run --prepare` was run. Windows are rows of its training table, drawn
without replacement. Faults are planted in each column in turn:

- `7 to 20`, `14 to 30`, `2 to 10`: rows of the training table are drawn so that one answer of a two-valued column has
  the first share there, and the second one in the window;
- `+0.25 sd`: a number moves by a quarter of its standard deviation;
- `newest tenth`, `largest tenth`: the newest rows, or the largest values, move by two standard deviations;
- `missing`: a column is always missing;
- `shuffle`: the columns are shuffled against each other.

Counted: seeds in which the column's own watch fails. The report is that of a ledger of its own, with 100,000 decisions.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = {"7 to 20 %": (0.07, 0.2), "14 to 30 %": (0.14, 0.3), "2 to 10 %": (0.02, 0.1)}
SIZES = (100, 300, 1_000)
DECISIONS = 100_000
Rows = dict[str, list[Any]]


def shift(values: list[Any], deviations: float, places: Any) -> list[Any]:
    """Return numbers of which some moved."""
    found = np.array(values, dtype=float)
    chosen = places(found)
    found[chosen] += deviations * np.nanstd(found)
    return [None if np.isnan(value) else value for value in found.tolist()]


NUMBERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "+0.25 sd": lambda values: shift(values, 0.25, lambda _: slice(None)),
    "newest tenth by 2 sd": lambda values: shift(values, 2, lambda found: slice(-max(len(found) // 10, 1), None)),
    "largest tenth by 2 sd": lambda values: shift(values, 2, lambda found: found >= np.nanquantile(found, 0.9)),
}


class Measured:
    """The training table of a project, and what the monitor says about windows of it."""

    def __init__(self, project: Path) -> None:
        os.chdir(project)
        [package] = [path.parent.name for path in project.glob("src/*/cli")]
        load: Any = __import__(f"{package}.cli.composition", fromlist=["load_project"])
        self.package, self.project = package, load.load_project()
        self.columns = list(self.project.problem.stored)
        with self.project.lake() as lake:
            table = lake.read("training").to_pyarrow()
        self.rows = {column.name: table[column.name].to_pylist() for column in self.columns}
        self.size = table.num_rows

    def module(self, name: str) -> Any:
        """Return a module of the monitor."""
        return __import__(f"{self.package}.operations.monitoring.{name}", fromlist=[name])

    def describe(self, rows: Rows) -> Any:
        """Return what the data wheel would keep of a training table."""
        binning: Any = __import__(f"{self.package}.core.binning", fromlist=["make_bins"])
        bins, counts = {}, {}
        for column in self.columns:
            known = [value for value in rows[column.name] if value is not None]
            cuts = np.quantile(known, binning.QUANTILES).tolist() if column.is_numeric and known else []
            bins[column.name] = binning.make_bins(column, cuts)
            counts[column.name] = binning.count_values(bins[column.name], rows[column.name])
        return self.module("reference").Reference(bins, counts, len(next(iter(rows.values()))), rows)

    def draw(self, places: Any) -> Rows:
        """Return some rows of the table."""
        return {name: [values[place] for place in places] for name, values in self.rows.items()}

    def fails(self, reference: Any, window: Rows) -> set[str]:
        """Return the watches of input drift that fail."""
        results = self.module("drift").input_drift(reference, window, self.project.plan.drift)
        return {result.gate for result in results if result.status == "fail"}

    def joint_fails(self, rows: Rows, window: Rows) -> bool:
        """Return whether joint drift fails."""
        results = self.module("joint_drift").joint_drift(rows, window, self.columns, self.project.plan.drift)
        return any(result.status == "fail" for result in results)


def split_shares(values: list[Any], answer: Any, shares: tuple[float, float], size: int, rng: Any) -> tuple[Any, Any]:
    """Return places of a training table and of a window in which an answer has these shares."""
    is_answer = np.array([value == answer for value in values])
    yes, no = rng.permutation(np.flatnonzero(is_answer)), rng.permutation(np.flatnonzero(~is_answer))
    in_window = round(size * shares[1])
    window = np.concatenate([rng.choice(yes, in_window), rng.choice(no, size - in_window)])
    rest = min(len(no), int(len(yes) / shares[0] * (1 - shares[0])))
    training = np.concatenate([yes[: max(round(rest * shares[0] / (1 - shares[0])), 1)], no[:rest]])
    return training, rng.permutation(window)


def count_found(measured: Measured, seeds: int, size: int) -> dict[str, list[int]]:
    """Return in how many seeds each fault is found, for each column in which it was planted."""
    found: dict[str, list[int]] = {name: [] for name in (*SHARES, *NUMBERS, "missing")}
    whole = measured.describe(measured.rows)
    for column in measured.columns:
        name = column.name
        answers = [a for a in column.categories if measured.rows[name].count(a) >= measured.size / 20]
        for fault, shares in SHARES.items() if len(answers) > 1 else ():
            count = 0
            for seed in range(seeds):
                pair = split_shares(measured.rows[name], answers[-1], shares, size, np.random.default_rng(seed))
                training, window = (measured.draw(places) for places in pair)
                count += f"drift.{name}" in measured.fails(measured.describe(training), window)
            found[fault].append(count)
        plants = {fault: ("drift", plant) for fault, plant in NUMBERS.items()} if column.is_numeric else {}
        plants["missing"] = ("missing", lambda values: [None] * len(values))
        for fault, (watch, plant) in plants.items():
            count = 0
            for seed in range(seeds):
                window = measured.draw(np.random.default_rng(seed).choice(measured.size, size, replace=False))
                window[name] = plant(window[name])
                count += f"{watch}.{name}" in measured.fails(whole, window)
            found[fault].append(count)
    return found


def count_joint(measured: Measured, seeds: int, size: int) -> tuple[int, int]:
    """Return in how many seeds a joint shuffle is found, and in how many healthy windows."""
    shuffled = healthy = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        places = rng.permutation(measured.size)
        rest, window = measured.draw(places[size:]), measured.draw(places[:size])
        healthy += measured.joint_fails(rest, window)
        mixed = {name: [values[place] for place in rng.permutation(size)] for name, values in window.items()}
        shuffled += measured.joint_fails(rest, mixed)
    return shuffled, healthy


def count_alarms(measured: Measured, windows: int, size: int) -> int:
    """Return how many healthy windows alarm; the training table is the rest of the rows."""
    alarms = 0
    for seed in range(windows):
        places = np.random.default_rng(seed).permutation(measured.size)
        rest, window = measured.draw(places[size:]), measured.draw(places[:size])
        alarms += bool(measured.fails(measured.describe(rest), window))
    return alarms


def time_report(measured: Measured) -> tuple[float, int]:
    """Return the seconds that a report of 100,000 decisions takes, from an open ledger to the page, and its bytes."""
    ledgers: Any = __import__(f"{measured.package}.stores.ledger", fromlist=["new_id"])
    watching: Any = __import__(f"{measured.package}.cli.watching", fromlist=["gather"])
    problem, rng = measured.project.problem, np.random.default_rng(0)
    places = rng.integers(0, measured.size, DECISIONS)
    model, rows = measured.project.models.load("champion"), measured.draw(places)
    predictions = problem.objective.predict(model.model, {c.name: rows[c.name] for c in problem.inputs})
    answers, scores = problem.objective.answers(predictions), problem.objective.scores(predictions)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        with ledgers.open_ledger(url, problem.target) as ledger:
            usual = {"model": model.label, "fallback": False, "blind": False, "needs_review": False}
            asked = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
            decisions = [
                {"id": ledgers.new_id(), "decided_at": ledgers.now(), "features": row, "answer": answer, "score": score}
                | {**usual, "model_seconds": 0.004}
                for row, answer, score in zip(asked, answers, scores, strict=True)
            ]
            ledger.record(decisions)
            start = time.perf_counter()
            watched, faults = watching.gather(measured.project, ledger, DECISIONS, "", "")
            results, statistics = measured.module("monitor").run_watches(watched)
            asked_for = measured.module("retraining").ask_retraining([], [], watched.plan.monitor)
            measured.module("report").write_report(path, watched, [*faults, *results], statistics, asked_for)
            return time.perf_counter() - start, path.stat().st_size


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--windows", type=int, default=200)
    given = parser.parse_args()
    measured = Measured(given.project.resolve())
    print(f"{measured.project.plan.product.question} {measured.size:,} rows, {len(measured.columns)} columns")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", file=sys.stderr)
    seconds, size = time_report(measured)
    print(f"report of {DECISIONS:,} decisions: {seconds:.1f} s, {size:,} bytes")
    for rows in SIZES:
        found = count_found(measured, given.seeds, rows)
        for fault, counts in found.items():
            if counts:
                print(f"{rows:>5} decisions, {fault}: of {given.seeds} found {sorted(counts)}")
        shuffled, healthy = count_joint(measured, given.seeds, rows)
        print(f"{rows:>5} decisions, joint shuffle: of {given.seeds} found {shuffled}; healthy windows {healthy}")
        alarms = count_alarms(measured, given.windows, rows)
        print(f"{rows:>5} decisions: {alarms} of {given.windows} healthy windows alarm")


if __name__ == "__main__":
    main()
