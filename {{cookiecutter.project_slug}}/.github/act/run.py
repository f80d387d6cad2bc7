"""Run a workflow on this machine under act, without GitHub or Docker, and check that all of it ran.

act exits with 0 when it skips a job that has no runner, so its exit code is not enough: every job
and step of the workflow file has to report the result that the file asks for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import yaml
from engine import run, workflow_file
from events import read_jobs
from report import ProgressTable, print_outcome
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the workflow and return the exit code."""
    parser = argparse.ArgumentParser(description="Run a workflow on this machine under act.")
    parser.add_argument("--workflow", default="ci", help="name of a file in .github/workflows (default: %(default)s)")
    parser.add_argument("--event", default="push", help="name of the event (default: %(default)s)")
    parser.add_argument("--event-file", type=Path, help="JSON with the payload of the event")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the project (default: this one)")
    given = parser.parse_args()
    root, out = given.root.resolve(), Console(highlight=False, soft_wrap=True)
    log = root / "var" / "act" / f"{given.workflow}.log"
    try:
        jobs = read_jobs(workflow_file(root, given.workflow))
        payload = json.loads(given.event_file.read_text(encoding="utf-8")) if given.event_file else {}
        with ProgressTable(out, jobs) as progress:
            outcome = run(root, given.workflow, log, given.event, payload, progress.show)
    except subprocess.CalledProcessError as error:
        out.print(f"error: git: {error.stderr.decode(errors='replace').strip()}", style="red", markup=False)
        return 2
    except (LookupError, OSError, ValueError, yaml.YAMLError) as error:
        out.print("error:", *str(error).split(), style="red", markup=False)
        return 2
    return print_outcome(out, jobs, outcome, log)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
