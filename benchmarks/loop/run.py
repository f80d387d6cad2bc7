"""Turn the loop many times: does it follow a changed world, let better models in, keep equal ones out.

    uv run --project PROJECT python benchmarks/loop/run.py PROJECT [--seeds N] [--only SCENARIO ...] [--workers N]

PROJECT is a freshly generated yes-or-no project in which `data` was run. The simulated world and the loop are those of
its tests (`tests/simulation.py`, `tests/problem/learned/test_ten_rounds.py`): 2,380 rows of a file, 1,500 decisions a
round.

- `follow`: from round 4 on, all who are self-employed are declined. Counted: seeds in which the true cost of the
  champion has closed half of its distance to the same recipe trained in the new world, two rounds after the change.
- `better`: the rules are the champion, and a linear model is truly cheaper. Counted: seeds in which it is promoted
  in the first two rounds.
- `equal`: the champion is a linear model, and the candidate the same with another penalty. Counted: seeds in which it
  is promoted in ten rounds.
- `nothing`: people accept every answer, nothing is reviewed blind, and no outcome arrives. Counted: seeds in which the
  champion changes in ten rounds.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from typing import Any

SCENARIOS = {
    "follow": [(reviewer, late) for reviewer in ("right", "accept 90 %", "always accept") for late in (False, True)],
    "better": [("right", False), ("always accept", False), ("always accept", True)],
    "equal": [("right", False), ("always accept", False)],
    "nothing": [("always accept", False)],
}


def prepare(project: Path, world: Any) -> None:
    """Let a process import the scenarios of the project, and keep its world."""
    os.chdir(project)
    sys.path[:0] = [str(project / "tests"), str(project / "tests" / "problem" / "learned")]
    globals()["world"] = world


def run(job: tuple[str, str, bool, int]) -> bool:
    """Run one loop and return what its scenario counts."""
    import test_ten_rounds as rounds

    scenario, reviewer, late, seed = job
    found = getattr(rounds, scenario)(globals()["world"], reviewer=reviewer, late_outcomes=late, seed=seed)
    return bool(found)


def main() -> None:
    """Run every scenario and print a row for each kind of feedback."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| scenario | reviewers | labels beside open reviews | seeds | seconds |\n|---|---|---|---|---|")
    project = options.project.resolve()
    prepare(project, None)
    import test_ten_rounds as rounds

    world = rounds.load_world()  # once: a lake has one process at a time
    with Pool(options.workers, prepare, (project, world)) as pool:
        for scenario in options.only:
            for reviewer, late in SCENARIOS[scenario]:
                started = time.monotonic()
                jobs = [(scenario, reviewer, late, seed) for seed in range(options.seeds)]
                counted = sum(pool.imap_unordered(run, jobs))
                beside = "none" if scenario == "nothing" else "late outcomes" if late else "5 % blind reviews"
                seconds = f"{time.monotonic() - started:.0f}"
                print(f"| {scenario} | {reviewer} | {beside} | {counted} of {options.seeds} | {seconds} |", flush=True)


if __name__ == "__main__":
    main()
