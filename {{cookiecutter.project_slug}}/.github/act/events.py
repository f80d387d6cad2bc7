"""The results that a workflow file asks for, and those that act reports."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MISSING, RUNNING = "did not run", "running"


@dataclass(frozen=True)
class Step:
    """A step of the workflow file."""

    key: str  # its id or its position in the job, as act reports it
    name: str
    allowed: frozenset[str]  # the results that are no fault


@dataclass(frozen=True)
class Job:
    """A job of the workflow file."""

    steps: tuple[Step, ...]
    allowed: frozenset[str]


@dataclass
class JobRun:
    """One run of a job; a matrix has one for each combination."""

    result: str = MISSING
    results: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    output: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """Every run that act has reported, by job and matrix."""

    runs: dict[tuple[str, str], JobRun] = field(default_factory=dict)
    exit_code: int = 0

    def add(self, event: dict[str, Any]) -> None:
        """Add one of act's events."""
        if not (job := event.get("jobID")):
            return
        run = self.runs.setdefault((job, ", ".join(map(str, event.get("matrix", {}).values()))), JobRun())
        run.result = event.get("jobResult", run.result)
        # a step inside a composite action has more than one id here; the action reports its own result at its end
        key, *inside = event.get("stepID", [""])
        if event.get("raw_output"):
            run.output.setdefault(key, []).append(event["msg"].rstrip("\n"))
        if event.get("stage") != "Main" or inside:
            return
        if "stepResult" in event:
            run.results[key] = event["stepResult"]
            run.seconds[key] = event.get("executionTime", 0) / 1e9
        else:
            run.results.setdefault(key, RUNNING)

    def runs_of(self, job: str) -> dict[str, JobRun]:
        """Return the runs of a job by matrix; a job that never ran has one without results."""
        return {matrix: run for (name, matrix), run in self.runs.items() if name == job} or {"": JobRun()}


def read_jobs(workflow: Path) -> dict[str, Job]:
    """Return every job of a workflow file with its steps."""
    contents = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    jobs: dict[str, Job] = {}

    def allowed(name: str) -> frozenset[str]:
        content = contents.get(name, {})  # act reports a job that is not there
        needs, results = content.get("needs", []), _allowed_results(content.get("if"))
        for need in [needs] if isinstance(needs, str) else needs:
            # a job is skipped with the one it needs
            results |= allowed(need) & {"skipped"}
        return results

    for name, content in contents.items():
        steps = (
            Step(
                str(step.get("id", place)),
                step.get("name") or step.get("uses") or step["run"],
                _allowed_results(step.get("if")),
            )
            for place, step in enumerate(content.get("steps", []))
        )
        jobs[name] = Job(tuple(steps), allowed(name))
    return jobs


def _allowed_results(condition: object) -> frozenset[str]:
    if condition is None or "always()" in str(condition):  # YAML makes a bool of `if: false`
        return frozenset({"success"})
    if "!github.event.act" in str(condition):
        return frozenset({"skipped"})  # the step would push, sign or deploy
    return frozenset({"success", "skipped"})


def find_faults(jobs: dict[str, Job], outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Yield job, matrix, step key (or nothing) and result of every run and step with a result that is not allowed."""
    for name, job in jobs.items():
        for matrix, run in outcome.runs_of(name).items():
            if run.result not in job.allowed:
                yield name, matrix, "", run.result
            if run.result == "skipped":
                continue
            for step in job.steps:
                result = run.results.get(step.key, MISSING)
                if result not in step.allowed:
                    yield name, matrix, step.key, result


def parse_event(line: str) -> dict[str, Any]:
    """Return the event in a line of JSON; any other line becomes a message without a job."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        event = None
    return event if isinstance(event, dict) else {"msg": line.rstrip("\n")}
