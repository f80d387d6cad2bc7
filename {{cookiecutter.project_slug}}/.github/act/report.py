"""The results of a run as a table, where its time went, and its faults."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from events import MISSING, find_faults, run_name
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from events import Outcome
    from rich.console import Console

COLOURS = {"success": "green", "skipped": "dim"}
LAST_LINES = 40  # lines of a failed step that are printed; the log has all
SLOWEST = 5  # steps that are named


def make_table(outcome: Outcome) -> Table:
    """Return every step with its result and how long it took."""
    rows = Table("job", "step", "result", "seconds")
    for name, job in outcome.jobs.items():
        for matrix, run in outcome.runs_of(name).items():
            named = run_name(name, matrix)
            for step in job.steps if run.result != "skipped" else ():
                result = run.results.get(step.key, MISSING)
                taken = f"{run.seconds[step.key]:.1f}" if step.key in run.seconds else ""
                cells = map(Text, (named, step.name, result, taken))  # a name may have brackets
                rows.add_row(*cells, style=COLOURS.get(result, "red"))
            style, taken = f"bold {COLOURS.get(run.result, 'red')}", f"{sum(run.seconds.values()):.1f}"
            result = "not started" if outcome.is_stopped(name) else run.result
            rows.add_row(Text(named), "", result, "" if job.label else taken, style=style, end_section=True)
    return rows


def describe_time(outcome: Outcome) -> str:
    """Say how long the run, its jobs and its slowest steps took."""
    jobs, steps = dict[str, float](), dict[str, float]()
    for (name, matrix), run in outcome.runs.items():
        if not run.seconds:
            continue
        named = {step.key: step.name for step in outcome.jobs[name].steps} if name in outcome.jobs else {}
        jobs[run_name(name, matrix)] = sum(run.seconds.values())
        steps |= {f"{run_name(name, matrix)}: {named.get(key, key)}": taken for key, taken in run.seconds.items()}

    def largest(seconds: dict[str, float], number: int | None = None) -> str:
        ordered = sorted(seconds.items(), key=lambda item: -item[1])[:number]
        return "; ".join(f"{name} {taken:.1f} s" for name, taken in ordered)

    whole = f"{outcome.seconds:.0f} s in all, with {os.cpu_count()} processors"
    return f"{whole}\njobs: {largest(jobs)}\nslowest steps: {largest(steps, SLOWEST)}"


def print_outcome(out: Console, outcome: Outcome, log: Path) -> int:
    """Print the table, the last lines of every failed step and the time taken; return the exit code."""
    out.print(make_table(outcome))
    faults = list(find_faults(outcome))
    for job, matrix, key, _ in faults:
        run = outcome.runs_of(job)[matrix]
        if run.results.get(key) == "failure":
            name = next(step.name for step in outcome.jobs[job].steps if step.key == key)
            out.rule(Text(f"{run_name(job, matrix)}: {name}"), style="red")
            out.print("\n".join(run.output.get(key, [])[-LAST_LINES:]), markup=False)
    if not outcome.runs:
        out.print("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-LAST_LINES:]), markup=False)
    out.print(describe_time(outcome), markup=False)
    wrong = [f"{run_name(job, matrix)}: {result}" for job, matrix, key, result in faults if not key]
    wrong += [f"{job}: not started" for job in outcome.jobs if outcome.is_stopped(job)]
    if outcome.exit_code and not faults:
        wrong.append(f"act ended with {outcome.exit_code}")
    red = bool(faults or wrong)
    out.print(f"red: {'; '.join(wrong)}" if red else "green", style="red" if red else "green", markup=False)
    if (summary := log.with_suffix(".summary.md")).exists():
        out.print(f"the summaries of the jobs are in {summary}", markup=False)
    out.print(f"the whole log is {log}", markup=False)
    return int(red)
