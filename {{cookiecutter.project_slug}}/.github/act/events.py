"""The results that act reports, and those that are faults."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workflows import Job

MISSING = "did not run"


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

    jobs: dict[str, Job] = field(default_factory=dict)
    runs: dict[tuple[str, str], JobRun] = field(default_factory=dict)
    summaries: list[str] = field(default_factory=list)  # what steps wrote to $GITHUB_STEP_SUMMARY
    exit_code: int = 0
    seconds: float = 0.0

    def add(self, event: dict[str, Any]) -> str:
        """Add one of act's events; return a line about the step that it ends, if it does."""
        if not (job := event.get("jobID")):
            return ""
        label = event.get("job", "")
        caller = next((name for name, one in self.jobs.items() if one.label and label.startswith(one.label)), "")
        job = f"{caller} / {job}" if caller else job
        matrix = ", ".join(map(str, event.get("matrix", {}).values()))
        run = self.runs.setdefault((job, matrix), JobRun())
        run.result = event.get("jobResult", run.result)
        # a step inside a composite action has more than one id here; the action reports its own result at its end
        key, *inside = event.get("stepID", [""])
        if event.get("raw_output"):
            run.output.setdefault(key, []).append(event["msg"].rstrip("\n"))
        if event.get("command") == "summary":  # act masks secrets in the message alone
            self.summaries.append(event["msg"].partition("Summary - ")[2])
        if event.get("stage") != "Main" or inside or "stepResult" not in event:
            return ""
        run.results[key] = event["stepResult"]
        run.seconds[key] = event.get("executionTime", 0) / 1e9
        return f"{run_name(job, matrix)}: {event.get('step', key)}: {run.results[key]}"

    def runs_of(self, job: str) -> dict[str, JobRun]:
        """Return the runs of a job by matrix; a job that never ran has one without results.

        Of a job that calls a workflow act reports only that it is skipped. Otherwise it ends as the jobs in there.
        """
        runs = {matrix: run for (name, matrix), run in self.runs.items() if name == job} or {"": JobRun()}
        if "" not in runs or runs[""].result != MISSING:
            return runs
        if job in self.jobs and self.jobs[job].label:
            inside = {run.result for (name, _), run in self.runs.items() if name.startswith(f"{job} / ")}
            return {"": JobRun(next((result for result in ("failure", "success") if result in inside), MISSING))}
        caller = self.jobs[job].caller if job in self.jobs else ""
        return {"": JobRun("skipped")} if caller and self.result_of(caller) == "skipped" else runs

    def result_of(self, job: str) -> str:
        """Return the result of a job; of a matrix the first that is not success."""
        return next((run.result for run in self.runs_of(job).values() if run.result != "success"), "success")

    def ancestors(self, job: str) -> set[str]:
        """Return all jobs that a job waits for, which is what `success()` asks about."""
        needs = self.jobs[job].needs
        return {*needs}.union(*map(self.ancestors, needs))

    def is_stopped(self, job: str) -> bool:
        """Return whether a job did not start because one that it waits for failed; act may not report it at all."""
        about, failed = self.jobs[job], {MISSING, "failure"}
        unstarted = about.condition.stops and self.result_of(job) in {"skipped", MISSING}
        if unstarted and any(self.result_of(name) in failed for name in self.ancestors(job)):
            return True
        return bool(about.caller) and self.is_stopped(about.caller)


def run_name(job: str, matrix: str) -> str:
    """Return the name of a job, with its matrix."""
    return f"{job} ({matrix})" if matrix else job


def find_faults(outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Yield job, matrix, step key (or nothing) and result of every run and step with a result that is not allowed.

    What is skipped because of a failure before it is no fault of its own.
    """
    for name, job in outcome.jobs.items():
        if outcome.is_stopped(name):
            continue
        may_skip = job.condition.stops and any(outcome.result_of(one) != "success" for one in outcome.ancestors(name))
        may_skip = may_skip or bool(job.caller and outcome.result_of(job.caller) == "skipped")
        for matrix, run in outcome.runs_of(name).items():
            if job.label and run.result != "skipped":
                continue  # the jobs of the called workflow have the results
            if run.result not in job.condition.allowed and not (may_skip and run.result == "skipped"):
                yield name, matrix, "", run.result
            if run.result == "skipped":
                continue
            failed = False
            for step in job.steps:
                result = run.results.get(step.key, MISSING)
                expected = failed and step.condition.stops and result == "skipped"
                if result not in step.condition.allowed and not expected:
                    yield name, matrix, step.key, result
                failed = failed or result == "failure"


def parse_event(line: str) -> dict[str, Any]:
    """Return the event in a line of JSON; any other line becomes a message without a job."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        event = None
    return event if isinstance(event, dict) else {"msg": line.rstrip("\n")}
