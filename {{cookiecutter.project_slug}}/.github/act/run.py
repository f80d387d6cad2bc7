"""Run a workflow on this machine under act, and check that all of it ran.

act exits with 0 when it skips a job that has no runner, so its exit code is not enough: every job
and step of the workflow file has to report the result that the file asks for.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from engine import run
from report import print_outcome
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]


def read_arguments() -> argparse.Namespace:
    """Return what was given on the command line."""
    parser = argparse.ArgumentParser(description="Run a workflow on this machine under act.")
    parser.add_argument("--workflow", default="", help="name of a file in .github/workflows")
    parser.add_argument("--event", default="", help="one of its events (default: push if it has that)")
    parser.add_argument("--inputs", default="", help='inputs of workflow_dispatch or workflow_call: "name=value ..."')
    parser.add_argument("--event-file", type=Path, help="JSON with the payload of the event")
    parser.add_argument("--secrets", type=Path, help="file of NAME=value lines that jobs get as secrets")
    parser.add_argument("--vars", type=Path, help="file of NAME=value lines that jobs get as variables")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the project (default: this one)")
    return parser.parse_args()


def read_payload(given: argparse.Namespace) -> dict[str, Any]:
    """Return the payload of the event, with its inputs."""
    payload: dict[str, Any] = json.loads(given.event_file.read_text(encoding="utf-8")) if given.event_file else {}
    pairs = [word.partition("=") for word in shlex.split(given.inputs)]
    if wrong := [name for name, sign, _ in pairs if not (name and sign)]:
        message = f"inputs: {wrong[0]!r} is not name=value"
        raise ValueError(message)
    return payload | ({"inputs": {name: value for name, _, value in pairs}} if pairs else {})


def main() -> int:
    """Run the workflow and return the exit code."""
    given, out = read_arguments(), Console(highlight=False, soft_wrap=True)
    root = given.root.resolve()
    log = root / "var" / "act" / f"{given.workflow}.log"
    show, files = partial(out.print, markup=False), {"secret": given.secrets, "var": given.vars}
    try:
        outcome = run(root, given.workflow, log, given.event, read_payload(given), show, files)
    except subprocess.CalledProcessError as error:
        out.print(f"error: git: {error.stderr.decode(errors='replace').strip()}", style="red", markup=False)
        return 2
    except (LookupError, OSError, ValueError, yaml.YAMLError) as error:
        out.print("error:", *str(error).split(), style="red", markup=False)
        return 2
    return print_outcome(out, outcome, log)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
