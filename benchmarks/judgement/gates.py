"""How often the gates pass, fail or are inconclusive, with planted faults and without: many seeds of each case.

    uv run python benchmarks/judgement/gates.py [--seeds 200] [--only groups slices calibration]

A project is generated and its gates judge predictions that are drawn, not fitted, by the functions that the project's
tests use on few seeds (tests/model/gate_data.py). Each row of the table is one case; "aim" is what it should show.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORK = Path(__file__).resolve().parents[1] / ".work" / "judgement-project"
TEMPLATE = Path(__file__).resolve().parents[2]
SLUG, PACKAGE = "gates-desk", "gates_desk"
ROWS = 2380
Case = tuple[str, str, Callable[[int], Any]]  # its name, the aim, and what gives the gate's result for a seed


def main() -> None:
    """Print the table; the first call generates the project and starts itself again in its environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--project", type=Path, help="a project that is there, instead of a fresh one")
    given = parser.parse_args()
    if given.project is None:
        project = _generate()
        command = ["uv", "run", "--project", str(project), "python", __file__, *sys.argv[1:]]
        sys.exit(subprocess.run([*command, "--project", str(project)], check=False).returncode)
    package = next(path.parent.parent.name for path in given.project.glob("src/*/model/intervals.py"))
    sys.path.insert(0, str(given.project / "tests/model"))
    print(f"{given.seeds} seeds                                                    pass   fail  incon.  aim")
    for family in given.only:
        for name, aim, judge in FAMILIES[family](package, importlib.import_module("gate_data")):
            found = Counter(judge(seed).status for seed in range(given.seeds))
            shares = (found[status] / given.seeds for status in ("pass", "fail", "inconclusive"))
            print(f"{name:60s}", *(f"{share:6.3f}" for share in shares), f" {aim}", flush=True)


def _generate() -> Path:
    WORK.mkdir(parents=True, exist_ok=True)
    answers = [f"project_slug={SLUG}", f"__package={PACKAGE}"]
    command = ["cookiecutter", "--no-input", "--overwrite-if-exists", "-o", str(WORK), str(TEMPLATE), *answers]
    subprocess.run(command, check=True)
    return WORK / SLUG


def _groups(package: str, data: Any) -> Iterator[Case]:
    gate = importlib.import_module(f"{package}.model.gates.groups").group_gates
    np, plan = data.np, data.make_plan(groups={"limits": {"error_rate": 0.1}, "minimum_rows": 50}, gates={})

    def judge(sizes: Any, rates: Any) -> Callable[[int], Any]:
        def run(seed: int) -> Any:
            rows, evaluation = data.draw_errors(np.random.default_rng(seed), sizes, rates)
            return next(gate(rows, [evaluation], data.OBJECTIVE, plan))

        return run

    for sizes in ((300, 300), data.SIZES, (1000, 200, 200, 200, 200), (1000, 400, 400, 400, 400)):
        for rate in (0.05, 0.1, 0.3):
            equal, limit, worse = (np.full(len(sizes), rate) for _ in range(3))
            limit[-1] += 0.1
            worse[-1] += 0.3
            what = f"groups of {'/'.join(map(str, sizes))}, rate {rate}"
            yield f"{what}, equal", "fail <= 0.05", judge(sizes, equal)
            yield f"{what}, the last at the limit", "pass <= 0.06", judge(sizes, limit)
            yield f"{what}, the last off by 0.3", "fail", judge(sizes, worse)


def _slices(package: str, data: Any) -> Iterator[Case]:
    gate = importlib.import_module(f"{package}.model.gates.slices").slices_gate
    np, plan = data.np, data.make_plan(gates={})
    part = np.where(np.arange(ROWS) < 120, "few", "many")
    table = data.draw_slices(np.random.default_rng(1), ROWS).assign(part=part)

    def judge(champion: float, candidate: Any, prices: tuple[float, float]) -> Callable[[int], Any]:
        def run(seed: int) -> Any:
            rng = np.random.default_rng(seed)
            price = np.where(rng.random(ROWS) < 0.12, *prices)
            cost = [price * (rng.random(ROWS) < rate) for rate in (champion, candidate)]
            return gate(table, cost[1] - cost[0], cost[0], plan)

        return run

    for prices in ((1.0, 1.0), (10.0, 1.0)):
        what = f"194 slices, a miss costs {prices[0]:g}"
        yield f"{what}, equal models", "fail <= 0.05", judge(0.2, 0.2, prices)
        yield f"{what}, mistakes 0.35 to 0.15", "fail <= 0.05", judge(0.35, 0.15, prices)
        yield f"{what}, and 0.8 in one slice of 120", "fail", judge(0.35, np.where(part == "few", 0.8, 0.15), prices)


def _calibration(package: str, data: Any) -> Iterator[Case]:
    overall = importlib.import_module(f"{package}.model.gates.calibration").calibration_gate
    by_group = importlib.import_module(f"{package}.model.gates.group_calibration").group_calibration_gate
    np, plan, place = data.np, data.make_plan(gates={}), data.np.arange(ROWS)

    def judge_odds(rate: float, odds: float) -> Callable[[int], Any]:
        def run(seed: int) -> Any:
            rng = np.random.default_rng(seed)
            true = data.draw_log_odds(rng, ROWS, rate)
            return overall([data.draw_probabilities(rng, true, true + np.log(odds))[1]], data.OBJECTIVE, plan)

        return run

    def judge_group(rate: float, size: int, factor: float) -> Callable[[int], Any]:
        def run(seed: int) -> Any:
            rng = np.random.default_rng(seed)
            true = data.draw_log_odds(rng, ROWS, rate)
            group = np.where(place < size, "a", np.where(place % 3, "b", "c"))
            truth, evaluation = data.draw_probabilities(rng, true, np.where(group == "a", factor * true, true))
            rows = data.make_rows(truth, group=group, side=np.where(place % 2, "x", "y"))
            return next(by_group(rows, [evaluation], data.OBJECTIVE, plan))

        return run

    for rate in (0.12, 0.4):
        for odds, aim in ((1.0, "pass >= 0.95"), (0.8, "pass <= 0.125"), (0.5, "pass 0"), (1.5, "pass 0")):
            yield f"odds times {odds:g}, rate {rate}", aim, judge_odds(rate, odds)
        for size in (100, 300, 1000):
            yield f"calibrated group of {size}, rate {rate}", "pass >= 0.95", judge_group(rate, size, 1)
            aim = "pass <= 0.125" if size >= 300 else "few rows"
            yield f"log-odds doubled in a group of {size}, rate {rate}", aim, judge_group(rate, size, 2)


FAMILIES = {"groups": _groups, "slices": _slices, "calibration": _calibration}

if __name__ == "__main__":
    main()
