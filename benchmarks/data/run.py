"""Measure the data wheel beside SQL in DuckDB, Polars and pandas that do the same work, up to 10 million rows.

    uv run python benchmarks/data/run.py [--rows N ...] [--kinds parquet csv] [--rounds N] [--to FOLDER]

A project is generated, and `work.py` says what the work is. Each run is a process of its own, whose results have to be
those of the others: the number of rows, of those in quarantine and in each fold, sums of columns, and rows in each bin.
Seconds are those of the work, without the start of Python and imports; the best of some rounds, which are interleaved.
Memory is the largest resident set of the process. The wheel does more than the others: it fingerprints deliveries,
keeps each as a Parquet file for the next run, looks for leaks, and keeps and compares the statistics of runs.

10 million rows take up to 4 GB of disk under benchmarks/.work, which are deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[2]
WORK = TEMPLATE / "benchmarks" / ".work" / "data"
NAMES = ("wheel", "duckdb", "polars", "pandas")
SAME = ("rows", "quarantined", "folds", "sums", "bins")
# of the wheel: to DuckDB, at the largest size, exponent of the rows; runs of one size differ by a tenth, which is 0.05
MAX_RATIO, MAX_MB, MAX_GROWTH = 2.0, 4096, 1.05
SECONDS = 1800  # of one run
VERSIONS = """
import duckdb, ibis, pandas, polars, pyarrow
print(", ".join(f"{each.__name__} {each.__version__}" for each in (duckdb, ibis, pandas, polars, pyarrow)))
"""
PLOT = """
import json, sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
runs = json.load(open(sys.argv[1]))
kinds = list(dict.fromkeys(run["kind"] for run in runs))
figure, axes = plt.subplots(2, len(kinds), figsize=(5.5 * len(kinds), 8), squeeze=False, layout="constrained")
for column, kind in enumerate(kinds):
    for row, (value, text) in enumerate({"seconds": "seconds", "mb": "peak memory, MB"}.items()):
        for name in dict.fromkeys(run["name"] for run in runs):
            points = [(run["size"], run[value]) for run in runs if (run["name"], run["kind"]) == (name, kind)]
            axes[row][column].plot(*zip(*points), marker="o", label=name, linewidth=2.5 if name == "wheel" else 1.2)
        axes[row][column].set(xscale="log", yscale="log", xlabel="rows", ylabel=text, title=kind)
        axes[row][column].grid(visible=True, which="both", alpha=0.2)
axes[0][0].legend()
figure.savefig(sys.argv[2])
"""


def generate() -> Path:
    """Generate a project, with what it needs and with Polars."""
    from cookiecutter.main import cookiecutter

    shutil.rmtree(WORK / "project", ignore_errors=True)
    (WORK / "project").mkdir(parents=True)
    return Path(cookiecutter(str(TEMPLATE), no_input=True, output_dir=str(WORK / "project")))


def run(project: Path, *words: str) -> str:
    """Run Python with a project's packages, and return what it prints."""
    command = ["uv", "run", "--quiet", "--with", "polars", "python", *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words[:3])} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def measure(project: Path, kind: str, size: int, rounds: int) -> list[dict[str, Any]]:
    """Return the best run of each, and exit if one of them has other results."""
    folder, target = WORK / "rows", WORK / "target"
    here = Path(__file__).parent
    run(project, str(here / "rows.py"), str(folder), str(size), kind)
    best: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        for name in NAMES:
            started = time.monotonic()
            found = json.loads(run(project, str(here / "work.py"), name, kind, str(folder), str(target)))
            shutil.rmtree(target)
            print(
                f"  {size:>10,} {kind} {name}: {found['seconds']:.2f} s, {found['mb']:.0f} MB"
                f" (round {number + 1}; the process took {time.monotonic() - started:.1f} s)",
                file=sys.stderr,
                flush=True,
            )
            if name not in best or found["seconds"] < best[name]["seconds"]:
                best[name] = found
    shutil.rmtree(folder)
    if faults := [fault for name in NAMES if (fault := compare(best[name], best["duckdb"], name))]:
        sys.exit("; ".join(faults))
    return [{"name": name, "kind": kind, "size": size, **best[name]} for name in NAMES]


def compare(found: dict[str, Any], expected: dict[str, Any], name: str) -> str:
    """Return in what the results of a run differ from those of another one; sums up to rounding."""
    for what in SAME:
        ours, theirs = found[what], expected[what]
        if isinstance(theirs, dict):
            ours = {key: ours.get(key) for key in theirs} if what == "sums" else ours
            theirs = {key: value for key, value in theirs.items() if key in ours}
        if what == "sums":
            same = all(ours[key] and math.isclose(ours[key], value, rel_tol=1e-9) for key, value in theirs.items())
        else:
            same = ours == theirs
        if not same:
            return f"{name}: {what} differ: {ours} instead of {theirs}"
    return ""


def summarise(runs: list[dict[str, Any]]) -> list[str]:
    """Return a table, and which of the limits hold."""
    lines = [f"{'':8}{'rows':>12}  " + "".join(f"{name:>18}" for name in NAMES) + f"{'wheel / duckdb':>16}"]
    found = {(each["kind"], each["size"], each["name"]): each for each in runs}
    limits = []
    for kind in dict.fromkeys(each["kind"] for each in runs):
        sizes = [each["size"] for each in runs if each["kind"] == kind and each["name"] == "wheel"]
        for size in sizes:
            cells = [found[kind, size, name] for name in NAMES]
            texts = "".join(f"{cell['seconds']:>8.2f} s {cell['mb']:>5.0f} MB" for cell in cells)
            ratio = cells[0]["seconds"] / cells[1]["seconds"]
            lines.append(f"{kind:8}{size:>12,}  {texts}{ratio:>16.2f}")
        last, before = sizes[-1], sizes[-2:][0]
        wheel, raw = (found[kind, last, name] for name in ("wheel", "duckdb"))
        limits.append((f"{kind}: times DuckDB at {last:,} rows", wheel["seconds"] / raw["seconds"], MAX_RATIO))
        limits.append((f"{kind}: MB at {last:,} rows", wheel["mb"], MAX_MB))
        if last > before:
            growth = math.log(wheel["seconds"] / found[kind, before, "wheel"]["seconds"]) / math.log(last / before)
            limits.append((f"{kind}: exponent of growth from {before:,} to {last:,} rows", growth, MAX_GROWTH))
    return lines + [
        f"{text}: {value:.2f}, limit {limit:g}{'' if value <= limit else ': MISSED'}" for text, value, limit in limits
    ]


def main() -> None:
    """Run all sizes, print a table, and write results and plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--kinds", nargs="+", choices=("parquet", "csv"), default=["parquet", "csv"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--to", type=Path, default=WORK, help="The folder of data.json and data.svg.")
    given = parser.parse_args()
    if min(*given.rows, given.rounds, 1_000_000) < 1 or min(given.rows) < 1000:
        parser.error("at least 1,000 rows and one round are needed")
    project = generate()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.platform()}, Python {platform.python_version()}, "
        f"{run(project, '-c', VERSIONS).strip()}",
        flush=True,
    )
    runs: list[dict[str, Any]] = []
    given.to.mkdir(parents=True, exist_ok=True)
    results = given.to / "data.json"
    for size in sorted({*given.rows}):
        for kind in given.kinds:
            runs += measure(project, kind, size, given.rounds)
            results.write_text(json.dumps(runs), encoding="utf-8")
    runs.sort(key=lambda each: (given.kinds.index(each["kind"]), each["size"]))
    print("\n".join(summarise(runs)))
    results.write_text(json.dumps(runs), encoding="utf-8")
    run(project, "-c", PLOT, str(results.resolve()), str((given.to / "data.svg").resolve()))
    print(f"{given.to / 'data.svg'}")


if __name__ == "__main__":
    main()
