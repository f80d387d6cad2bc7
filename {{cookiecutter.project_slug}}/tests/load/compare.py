"""Compare this version with the last release: time to answer, time to train, and memory.

The release is checked out beside this version, with an environment of its own, and both products run on this
machine at the same time. Rounds of load alternate between them, so that other work on the machine affects
both, and the median round counts. No ratio may exceed `max_slowdown` of the plan.
"""

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.table import Table
from run import PROJECT, REPORTS, load, out, product, share

from {{ cookiecutter.__package }}.core.plan import load_plan

MEGABYTE = 1 << 20


def main():
    """Compare and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="a tag or a commit, instead of the last tag")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of a round, for each of the two")
    parser.add_argument("--plan", type=Path, default=PROJECT / "plan.toml")
    given = parser.parse_args()
    speed = load_plan(given.plan).speed
    base = given.base or git("describe", "--tags", "--abbrev=0", "--match", "v*")
    with released(base) as folder:
        before, now = measure({folder: folder / ".venv", PROJECT: Path(sys.prefix)}, speed, given)
    return report(base, before, now, speed.max_slowdown)


def git(*words):
    """Run git in the project and return what it printed. The usual reason to fail is a missing release."""
    done = subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip()
        sys.exit(f"error: no release to compare with ({reason}); tag one as v1.0.0, or name it with --base")
    return done.stdout.strip()


@contextlib.contextmanager
def released(base):
    """Check out a release, install its environment, and yield its folder."""
    uv = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
    with tempfile.TemporaryDirectory(prefix="release-") as parent:
        folder = Path(parent) / PROJECT.name
        git("worktree", "add", "--detach", str(folder), base)
        try:
            with out.status(f"setting {base} up"):
                subprocess.run([uv, "sync", "--quiet"], cwd=folder, check=True)
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder))


def measure(versions, speed, given):
    """Return the measurements of each version, by folder of the project and folder of its environment."""
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    pythons = {folder: str(home / inside) for folder, home in versions.items()}
    taken = {folder: {} for folder in versions}
    with contextlib.ExitStack() as stack:
        running = {folder: stack.enter_context(product(folder, python)) for folder, python in pythons.items()}
        for _ in range(given.rounds):
            for folder, one in running.items():
                figures = load(one.url, speed.requests_per_second, given.seconds, folder, pythons[folder])
                if figures["num_failures"]:
                    sys.exit(f"error: {folder}: {figures['num_failures']} requests failed; `load` shows them")
                found = {"p95, ms": share(figures["response_times"], 0.95)}
                found["memory, MB"] = psutil.Process(one.pid).memory_info().rss / MEGABYTE
                if any(folder.glob("src/*/model/train.py")):
                    found["training, s"] = training(one)
                for name, figure in found.items():
                    taken[folder].setdefault(name, []).append(figure)
    return [{name: statistics.median(each) for name, each in figures.items()} for figures in taken.values()]


def training(one):
    """Return how many seconds training takes; candidates may pass or fail."""
    began = time.perf_counter()
    with out.status("training"):
        done = subprocess.run([*one.command, "train"], env=one.env, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        sys.exit(f"error: {one.folder}: training ended with {done.stderr.strip()[-500:]}")
    return time.perf_counter() - began


def report(base, before, now, limit):
    """Print the measurements beside each other and return the exit code."""
    table = Table("", base, "now", "ratio", f"at most {limit:g}")
    slower = []
    for name in [name for name in now if name in before]:
        ratio = now[name] / max(before[name], 1e-9)
        result = "[green]kept[/]" if ratio <= limit else "[red]BROKEN[/]"
        table.add_row(name, f"{before[name]:.4g}", f"{now[name]:.4g}", f"{ratio:.2f}", result)
        if ratio > limit:
            slower.append(f"{name}: {ratio:.2f} times that of {base}, at most {limit:g} (max_slowdown in plan.toml)")
    out.print(table)
    for sentence in slower:
        out.print(sentence, style="red")
    (REPORTS / "compared.json").write_text(json.dumps({"base": base, "before": before, "now": now}, indent=2) + "\n")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
