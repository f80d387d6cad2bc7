"""The results that a workflow file promises, and those that act reports."""

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
    """A step as the file has it."""

    key: str  # its id or its place in the job, which is how act calls it
    name: str
    may_end: frozenset[str]  # the results that are as promised


@dataclass(frozen=True)
class Job:
    """A job as the file has it."""

    steps: tuple[Step, ...]
    may_end: frozenset[str]


@dataclass
class Leg:
    """One run of a job: the only one, or one for each combination of its matrix."""

    result: str = MISSING
    results: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    output: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """All legs that act has reported, by job and matrix."""

    legs: dict[tuple[str, str], Leg] = field(default_factory=dict)
    exit_code: int = 0

    def note(self, event: dict[str, Any]) -> None:
        """Take in one of act's events."""
        if not (job := event.get("jobID")):
            return
        leg = self.legs.setdefault((job, ", ".join(map(str, event.get("matrix", {}).values()))), Leg())
        leg.result = event.get("jobResult", leg.result)
        # what happens inside of an action has more than one word here; the step itself reports at its end
        key, *inside = event.get("stepID", [""])
        if event.get("raw_output"):
            leg.output.setdefault(key, []).append(event["msg"].rstrip("\n"))
        if event.get("stage") != "Main" or inside:
            return
        if "stepResult" in event:
            leg.results[key] = event["stepResult"]
            leg.seconds[key] = event.get("executionTime", 0) / 1e9
        else:
            leg.results.setdefault(key, RUNNING)

    def of(self, job: str) -> dict[str, Leg]:
        """Return the legs of a job by matrix; one that never ran is there too."""
        return {matrix: leg for (name, matrix), leg in self.legs.items() if name == job} or {"": Leg()}


def promised(workflow: Path) -> dict[str, Job]:
    """Return every job of a workflow file with its steps."""
    contents = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    jobs: dict[str, Job] = {}

    def may_end(name: str) -> frozenset[str]:
        content = contents.get(name, {})  # act has more to say of a job that is not there
        needs, results = content.get("needs", []), _may_end(content.get("if"))
        for need in [needs] if isinstance(needs, str) else needs:
            # what waits for a job that may be skipped may be skipped with it
            results |= may_end(need) & {"skipped"}
        return results

    for name, content in contents.items():
        steps = (
            Step(
                str(step.get("id", place)),
                step.get("name") or step.get("uses") or step["run"],
                _may_end(step.get("if")),
            )
            for place, step in enumerate(content.get("steps", []))
        )
        jobs[name] = Job(tuple(steps), may_end(name))
    return jobs


def _may_end(condition: str | None) -> frozenset[str]:
    if condition is None or "always()" in condition:
        return frozenset({"success"})
    if "!github.event.act" in condition:
        return frozenset({"skipped"})  # it would push, sign or deploy
    return frozenset({"success", "skipped"})


def broken(promise: dict[str, Job], outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Yield job, matrix, step key (or nothing) and result of all that is not as promised."""
    for name, job in promise.items():
        for matrix, leg in outcome.of(name).items():
            if leg.result not in job.may_end:
                yield name, matrix, "", leg.result
            if leg.result == "skipped":
                continue
            for step in job.steps:
                result = leg.results.get(step.key, MISSING)
                if result not in step.may_end:
                    yield name, matrix, step.key, result


def parsed(line: str) -> dict[str, Any]:
    """Return the event in a line, or the line as a message of nobody's."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        event = None
    return event if isinstance(event, dict) else {"msg": line.rstrip("\n")}
