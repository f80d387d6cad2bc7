"""The template's own workflows under act: on this machine, without GitHub or Docker."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from baking import TEMPLATE, own_environment

WORKFLOWS = TEMPLATE / ".github" / "workflows"
BUILT_IN = "actions/checkout"  # act implements it
NOT_UNDER_ACT = "!github.event.act"  # the condition of jobs that push
KEPT = ("HOME", "LANG", "PATH", "REQUESTS_CA_BUNDLE", "TMPDIR")
KEPT_PREFIXES = ("PIP_", "SSL_CERT_", "UV_")
STANDIN = "name: stand-in\ndescription: it is installed already\nruns: {using: composite, steps: []}\n"
SECONDS = 600
Legs = dict[tuple[str, str], list[str]]  # the results of the steps, by job and combination of the matrix


def read(workflow: str, template: Path = TEMPLATE) -> dict[str, Any]:
    """Return a workflow of the template."""
    text = (template / ".github" / "workflows" / f"{workflow}.yml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return content


def legs(job: dict[str, Any]) -> list[dict[str, str]]:
    """Return the combinations of a job's matrix; a job without one has one that is empty."""
    matrix = job.get("strategy", {}).get("matrix", {})
    return [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]


def find_labels(jobs: dict[str, Any]) -> set[str]:
    """Return every runner that jobs ask for. act skips a job without a word if it is not told of its runner."""
    return {leg.get("os", job["runs-on"]) for job in jobs.values() for leg in legs(job)}


def find_actions(jobs: dict[str, Any]) -> set[str]:
    """Return the remote actions that steps use, but for those that act implements."""
    used = {step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step}
    return {action for action in used if not action.startswith(BUILT_IN)}


def run_act(template: Path, workflow: str, scratch: Path, *flags: str, event: str = "push", **env: str) -> Legs:
    """Run a workflow and return the results of its steps; a job that act leaves out is not there.

    ``env`` is what jobs get beside a small environment.
    """
    jobs = read(workflow, template)["jobs"]
    (scratch / "event.json").write_text('{"act": true}', encoding="utf-8")
    words = ["-C", str(template), "-W", f".github/workflows/{workflow}.yml", "-e", str(scratch / "event.json")]
    words += [word for label in sorted(find_labels(jobs)) for word in ("-P", f"{label}=-self-hosted")]
    words += ["--action-offline-mode", "--action-cache-path", str(scratch / "actions"), "--no-cache-server"]
    words += [f"--{kind}-file={os.devnull}" for kind in ("env", "secret", "var", "input")]
    for action in find_actions(jobs):
        folder = scratch / "standins" / action.partition("@")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "action.yml").write_text(STANDIN, encoding="utf-8")
        words.append(f"--local-repository={action}={folder}")
    kept = {name: value for name, value in own_environment().items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    act = shutil.which("act", path=str(Path(sys.executable).parent)) or "act"
    done = subprocess.run(
        [act, event, "--json", "--verbose", *words, *flags],
        env=kept | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    (scratch / "log").write_text(done.stdout, encoding="utf-8")
    return results(jobs, done.stdout)


def results(jobs: dict[str, Any], printed: str) -> Legs:
    """Return the results of steps that act reports, in the order of the file."""
    found: dict[tuple[str, str], dict[int, str]] = {}
    for line in printed.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("stage") == "Main" and "stepResult" in event and len(event["stepID"]) == 1:
            run = found.setdefault((event["jobID"], name_of(event.get("matrix", {}))), {})
            run[int(event["stepID"][0])] = event["stepResult"]
    return {
        key: [run.get(place, "did not run") for place in range(len(jobs[key[0]]["steps"]))]
        for key, run in found.items()
    }


def name_of(leg: dict[str, str]) -> str:
    """Return a combination of a matrix as text."""
    return ", ".join(leg[name] for name in sorted(leg))


def foreseen(jobs: dict[str, Any], fault: str = "") -> Legs:
    """Return what a run has to report if a command fails. Jobs that push, or wait for a red one, do not run."""
    expected: Legs = {}
    red = {name for name, job in jobs.items() if any(fault and fault in step.get("run", "") for step in job["steps"])}
    for name, job in jobs.items():
        if NOT_UNDER_ACT in str(job.get("if")) or red & set(job.get("needs", ())):
            continue
        outcomes = ["failure" if fault and fault in step.get("run", "") else "success" for step in job["steps"]]
        if "failure" in outcomes:
            after = outcomes.index("failure") + 1
            outcomes[after:] = ["skipped"] * len(outcomes[after:])
        expected |= {(name, name_of(leg)): outcomes for leg in legs(job)}
    return expected
