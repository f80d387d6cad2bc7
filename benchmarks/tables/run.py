"""What becomes of real tables: from a file to a product that decides, learns and passes its checks.

    uv run python benchmarks/tables/run.py [FOLDER] [--only NAME ...] [--steps STEP ...] [--to FILE]

FOLDER has tables and `tables.toml`, which names each with its target (`collect.py` fills one with real tables). For
each a fresh project is generated, and its documented commands are run unedited: `init`, `run` with one decision asked
by HTTP, `data`, `train`, `check`. A table ends green, refused (one line that says why) or failed; failures are counted
as failures and their output is kept under benchmarks/.work/tables-logs. The last column compares the best model with
the best constant answer. Models whose gates refuse them count as trained: that is what gates are for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

WORK = Path(__file__).resolve().parents[1] / ".work"
TEMPLATE = Path(__file__).resolve().parents[2]
SLUG, PACKAGE = "table-desk", "table_desk"
PROJECT = WORK / "tables-project" / SLUG
STEPS = ("init", "decide", "data", "train", "check")
LIMITS = {"init": 600, "decide": 120, "data": 600, "train": 1800, "check": 900}
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
COST = re.compile(r"cost (-?[0-9.e+-]+)")
CONSTANT = f"""
import numpy as np
from {PACKAGE}.cli.composition import load_project
from {PACKAGE}.model.evaluate import split_columns
project = load_project()
with project.lake() as lake:
    rows = split_columns(lake.frame("training"), project.problem)
objective, target = project.problem.objective, project.problem.target
choices = range(len(target.categories)) if target.categories else [np.quantile(rows.truth, objective.quantile)]
print(min(float(objective.cost(rows.truth, np.full(len(rows.truth), choice)).mean()) for choice in choices))
"""


@dataclass
class Outcome:
    """What became of one table."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    failed: str = ""  # the step that failed
    refused: str = ""  # the one line that `init` refused the table with
    better: str = ""

    @property
    def state(self) -> str:
        """Green, refused or failed."""
        return f"FAILED: {self.failed}" if self.failed else "refused" if self.refused else "green"

    @property
    def first_decision(self) -> float:
        """The seconds to the first decision."""
        return self.seconds.get("init", 0) + self.seconds.get("decide", 0)


def run(words: list[str], log: Path, seconds: float) -> tuple[int, str]:
    """Run a command of the project with a time limit; return its exit code and what it printed."""
    with log.open("ab") as file:
        file.write(f"\n$ {' '.join(words)}\n".encode())
        began = file.tell()
    with log.open("ab") as file:
        process = subprocess.Popen(
            words, cwd=PROJECT, env=environment(), stdout=file, stderr=file, start_new_session=True
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    return code, log.read_bytes()[began:].decode(errors="replace")


def environment() -> dict[str, str]:
    """Return the environment of a user: without this process's own virtual environment."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")}


def generate() -> None:
    """Make a fresh project; the environment of the last one, which is the same, is kept."""
    kept = PROJECT.parent / "venv"
    if (PROJECT / ".venv").exists():
        (PROJECT / ".venv").rename(kept)
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.parent.mkdir(parents=True, exist_ok=True)
    words = ["cookiecutter", "--no-input", "--output-dir", str(PROJECT.parent), str(TEMPLATE), f"project_slug={SLUG}"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    if kept.exists():
        kept.rename(PROJECT / ".venv")
    subprocess.run(["uv", "sync", "--quiet"], cwd=PROJECT, env=environment(), check=True)


def decide(log: Path) -> bool:
    """Start the product and ask it for the decision of its own example; stop it."""
    with log.open("ab") as file:
        words = ["uv", "run", "--quiet", SLUG, "run", "--port", "0"]
        process = subprocess.Popen(
            words,
            cwd=PROJECT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            start_new_session=True,
        )
    try:
        address = next((found[0] for line in process.stdout or () if (found := ADDRESS.search(line))), "")
        body = json.loads((PROJECT / "openapi.json").read_text(encoding="utf-8"))
        example = body["components"]["schemas"]["Features"]["examples"][0]
        request = urllib.request.Request(  # noqa: S310
            f"{address}/v1/decisions", json.dumps(example).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return bool(answer.status == 201)
    except (OSError, ValueError, KeyError) as error:
        log.open("a", encoding="utf-8").write(f"decide: {type(error).__name__}: {error}\n")
        return False
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def try_table(file: Path, target: str, options: list[str], steps: list[str], log: Path) -> Outcome:
    """Run the steps on one table until one fails."""
    outcome = Outcome(file.name)
    generate()
    project = ["uv", "run", "--quiet", SLUG]
    for step in steps:
        began = time.perf_counter()
        if step == "decide":
            done, printed = decide(log), ""
        else:
            words = (
                [*project, step, str(file), "--target", target, *options, "--yes"]
                if step == "init"
                else [*project, step]
            )
            words = ["make", "check"] if step == "check" else words
            code, printed = run(words, log, LIMITS[step])
            done = code == 0 or (step == "train" and code == 1 and "Traceback" not in printed)
            if step == "init" and code == 2 and "Traceback" not in printed:
                outcome.refused = printed.strip().splitlines()[-1]
                return outcome
        outcome.seconds[step] = time.perf_counter() - began
        if step == "train" and done:
            outcome.better = compare(printed, log)
        if not done:
            outcome.failed = step
            return outcome
    return outcome


def compare(printed: str, log: Path) -> str:
    """Return how the cheapest model compares with the best constant answer, in percent of its cost."""
    costs = [float(cost) for cost in COST.findall(printed)]
    code, constant = run(["uv", "run", "--quiet", "python", "-c", CONSTANT], log, 120)
    if code or not costs:
        return "?"
    least = float(constant.strip().splitlines()[-1])
    return f"{100 * (min(costs) / least - 1):+.0f} %" if least else "0 costs nothing"


def report(outcomes: list[Outcome], steps: list[str]) -> str:
    """Return the table of results."""
    lines = [
        f"| table | ends | {' | '.join(steps)} | cost to the best constant |",
        "|---|---|" + "---:|" * (len(steps) + 1),
    ]
    for each in outcomes:
        cells = [f"{each.seconds[step]:.0f}" if step in each.seconds else "" for step in steps]
        lines.append(f"| {each.name} | {each.state} | {' | '.join(cells)} | {each.better} |")
    ended = [each for each in outcomes if not each.failed]
    served = [each.first_decision for each in ended if not each.refused]
    better = [each for each in ended if each.better.startswith("-")]
    refused = [f"- {each.name}: {each.refused}" for each in ended if each.refused]
    total = f"{len(ended)} of {len(outcomes)} end green or refused ({len(refused)} refused); "
    total += f"median to the first decision {statistics.median(served or [0]):.0f} s; {len(better)} cost less than the "
    total += "best constant answer."
    lines += ["", total, "", *refused]
    return "\n".join(lines)


def main() -> None:
    """Try every table and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=WORK / "tables")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--steps", nargs="*", default=list(STEPS), choices=STEPS)
    parser.add_argument("--to", type=Path)
    given = parser.parse_args()
    entries = tomllib.loads((given.folder / "tables.toml").read_text(encoding="utf-8"))["table"]
    logs = WORK / "tables-logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    outcomes = []
    for entry in entries:
        if given.only and entry["file"] not in given.only:
            continue
        file = (given.folder / entry["file"]).resolve()
        outcomes.append(
            try_table(file, entry["target"], entry.get("options", []), given.steps, logs / f"{file.name}.log")
        )
        each = outcomes[-1]
        shown = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in each.seconds.items())
        print(f"{each.name}: {each.state}; {shown}; {each.better}{each.refused}", flush=True)
    print(f"\n{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(report(outcomes, given.steps))
    if given.to:
        given.to.write_text(report(outcomes, given.steps) + "\n", encoding="utf-8")
    sys.exit(any(each.failed for each in outcomes))


if __name__ == "__main__":
    main()
