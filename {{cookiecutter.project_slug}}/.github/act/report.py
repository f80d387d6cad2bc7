"""Progress of a run as a table, and its faults at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from events import MISSING, RUNNING, find_faults
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from events import Job, Outcome
    from rich.console import Console

COLOURS = {"success": "green", "skipped": "dim", RUNNING: "yellow", "": "dim"}
LAST_LINES = 40  # lines of a failed step that are printed; the log has all


class ProgressTable:
    """Progress while a workflow runs."""

    def __init__(self, out: Console, jobs: dict[str, Job]) -> None:
        self._out, self._jobs = out, jobs
        self._live = Live(console=out, refresh_per_second=4, transient=True)
        self._shown: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Self:
        """Start the table on a terminal."""
        if self._out.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the table."""
        self._live.stop()

    def show(self, outcome: Outcome) -> None:
        """Update the table on a terminal; elsewhere print a line for each step that ended."""
        if self._out.is_terminal:
            self._live.update(table(self._jobs, outcome, ended=False))
            return
        for (job, matrix), run in list(outcome.runs.items()):
            steps = self._jobs[job].steps if job in self._jobs else ()
            for step in steps:
                if run.results.get(step.key, RUNNING) != RUNNING and (job, matrix, step.key) not in self._shown:
                    self._shown.add((job, matrix, step.key))
                    self._out.print(f"{run_name(job, matrix)}: {step.name}: {run.results[step.key]}", markup=False)


def run_name(job: str, matrix: str) -> str:
    """Return the name of a job, with its matrix."""
    return f"{job} ({matrix})" if matrix else job


def table(jobs: dict[str, Job], outcome: Outcome, *, ended: bool = True) -> Table:
    """Return every step with its result and how long it took; while it runs, only those of open jobs."""
    rows, unknown = Table("job", "step", "result", "seconds"), MISSING if ended else ""
    for name, job in jobs.items():
        for matrix, run in outcome.runs_of(name).items():
            named = run_name(name, matrix)
            for step in job.steps if ended or run.result == MISSING else ():
                result = run.results.get(step.key, "skipped" if run.result == "skipped" else unknown)
                taken = f"{run.seconds[step.key]:.1f}" if step.key in run.seconds else ""
                cells = map(Text, (named, step.name, result, taken))  # a name may have brackets
                rows.add_row(*cells, style=COLOURS.get(result, "red"))
            result, taken = run.result.replace(MISSING, unknown), f"{sum(run.seconds.values()):.1f}"
            rows.add_row(Text(named), "", result, taken, style=f"bold {COLOURS.get(result, 'red')}", end_section=True)
    return rows


def print_outcome(out: Console, jobs: dict[str, Job], outcome: Outcome, log: Path) -> int:
    """Print the table and the last lines of every failed step; return the exit code."""
    out.print(table(jobs, outcome))
    faults = list(find_faults(jobs, outcome))
    for job, matrix, key, _ in faults:
        run = outcome.runs_of(job)[matrix]
        if run.results.get(key) == "failure":
            name = next(step.name for step in jobs[job].steps if step.key == key)
            out.rule(Text(f"{run_name(job, matrix)}: {name}"), style="red")
            out.print("\n".join(run.output.get(key, [])[-LAST_LINES:]), markup=False)
    if not outcome.runs:
        out.print("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-LAST_LINES:]), markup=False)
    wrong = [f"{run_name(job, matrix)}: {result}" for job, matrix, key, result in faults if not key]
    if outcome.exit_code and not faults:
        wrong.append(f"act ended with {outcome.exit_code}")
    red = bool(faults or wrong)
    out.print(f"red: {'; '.join(wrong)}" if red else "green", style="red" if red else "green", markup=False)
    out.print(f"the whole log is {log}", markup=False)
    return int(red)
