"""Load a product and compare with the plan: the rate asked for, p95, p99 and the share of errors.

Starts a product of its own on a free port, with a ledger of its own, unless `--url` names one. The API key
of that one is read from LOAD_API_KEY.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from {{ cookiecutter.__package }}.core.plan import load_plan

PROJECT = Path(__file__).parents[2]
REPORTS = PROJECT / "var" / "load"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
SECONDS_TO_START = 90
SECONDS_TO_WAIT = 5
USERS = 20
SMALLEST_SHARE_OF_RATE = 0.95
out = Console(highlight=False, soft_wrap=True)


def main():
    """Run the load and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, help="how long, instead of the plan's")
    parser.add_argument("--url", help="a product that runs already")
    parser.add_argument("--plan", type=Path, default=PROJECT / "plan.toml")
    given = parser.parse_args()
    plan = load_plan(given.plan)
    with contextlib.ExitStack() as stack:
        url = given.url or stack.enter_context(product()).url
        figures = load(url, plan.speed.requests_per_second, given.seconds or plan.speed.seconds)
    return report(figures, plan.speed)


class Running(NamedTuple):
    """A product that was started: where it answers, its process, its folder, and what its commands need."""

    url: str
    pid: int
    folder: Path
    command: list[str]
    env: dict[str, str]


@contextlib.contextmanager
def product(project=PROJECT, python=sys.executable):
    """Start the product of a project, with a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        shutil.copy(project / "plan.toml", folder)
        if (project / "data").is_dir():
            shutil.copytree(project / "data", Path(folder) / "data")
        command, env = [str(script(project, python))], plain_environment() | {"APP_ROOT": folder}
        log = Path(folder) / "log"
        with log.open("w") as kept, out.status("starting a product"):
            process = subprocess.Popen([*command, "run", "--port", "0"], stdout=kept, stderr=subprocess.STDOUT, env=env)
            try:
                yield Running(address(process, log), process.pid, Path(folder), command, env)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def script(project, python):
    """Return the program of a project's command, in the environment of an interpreter."""
    scripts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    return Path(python).with_name(next(iter(scripts)))


def plain_environment():
    """Return the environment without settings, so that no other ledger or registry is used."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("APP_", "MLFLOW_"))}


def address(process, log):
    """Wait until the product prints its address, and return it."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text()):
            return found.group()
        time.sleep(0.2)
    sys.exit(f"error: the product did not start: {log.read_text().strip().splitlines()[-1:]}")


def load(url, rate, seconds, project=PROJECT, python=sys.executable):
    """Load a product with Locust for some seconds, with the script of a project, and return the measurements."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    stats = REPORTS / "figures.json"
    stats.unlink(missing_ok=True)  # of an interrupted run
    own = {"LOAD_RATE_OF_A_USER": str(rate / USERS), "LOAD_SECONDS_TO_WAIT": str(SECONDS_TO_WAIT)}
    locustfile = project / "tests" / "load" / "locustfile.py"
    command = [python, "-m", "locust", "-f", str(locustfile), "--headless", "--host", url]
    command += ["--users", str(USERS), "--spawn-rate", str(USERS), "--run-time", f"{seconds}s", "--reset-stats"]
    # requests that hang at the end are counted too
    command += ["--stop-timeout", str(SECONDS_TO_WAIT + 1)]
    command += ["--json-file", str(stats.with_suffix("")), "--html", str(REPORTS / "report.html"), "--only-summary"]
    with out.status(f"{rate:g} requests a second for {seconds} s"):
        done = subprocess.run(
            command, env=os.environ | own, capture_output=True, text=True, check=False, timeout=seconds + 60
        )
    if not stats.is_file():
        sys.exit(f"error: locust wrote no measurements: {done.stderr.strip()[-500:]}")
    figures = [entry for entry in json.loads(stats.read_text()) if entry["name"] == "decide"]
    stats.unlink()
    if not figures:
        sys.exit("error: not one request was answered or refused in time")
    return figures[0]


def share(times, part):
    """Return the time in milliseconds that a share of all requests did not exceed."""
    left = part * sum(times.values())
    for time_, count in sorted((float(time_), count) for time_, count in times.items()):
        left -= count
        if left <= 0:
            return time_
    return float("inf")


def report(figures, speed):
    """Print the measurements beside their limits and return the exit code."""
    requests = figures["num_requests"]
    elapsed = max(figures["last_request_timestamp"] - figures["start_time"], 1e-9)
    rows = [
        ("requests a second", requests / elapsed, speed.requests_per_second * SMALLEST_SHARE_OF_RATE, "at least"),
        ("p95, ms", share(figures["response_times"], 0.95), speed.p95_ms, "at most"),
        ("p99, ms", share(figures["response_times"], 0.99), speed.p99_ms, "at most"),
        ("share of errors", figures["num_failures"] / max(requests, 1), speed.max_error_share, "at most"),
    ]
    table = Table("", "measured", "limit", "")
    broken = []
    for name, measured, limit, sense in rows:
        kept = measured >= limit if sense == "at least" else measured <= limit
        table.add_row(name, f"{measured:.4g}", f"{sense} {limit:g}", "[green]kept[/]" if kept else "[red]BROKEN[/]")
        if not kept:
            broken.append(f"{name}: {measured:.4g}, {sense} {limit:g} in plan.toml")
    out.print(table)
    for sentence in broken:
        out.print(sentence, style="red")
    figures_file = REPORTS / "last.json"
    figures_file.write_text(json.dumps({name: measured for name, measured, *_ in rows}, indent=2) + "\n")
    out.print(f"{requests} requests; plot and table are in {REPORTS / 'report.html'}")
    return 1 if broken or not requests else 0


if __name__ == "__main__":
    sys.exit(main())
