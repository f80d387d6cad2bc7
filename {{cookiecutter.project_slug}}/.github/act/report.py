"""A run as people see it: a table that fills while it runs, and at the end what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from events import MISSING, RUNNING, broken
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from events import Job, Outcome
    from rich.console import Console

COLOURS = {"success": "green", "skipped": "dim", RUNNING: "yellow", "": "dim"}
LAST_WORDS = 40  # lines of a broken step that are shown; the log has all


class Board:
    """Progress while a workflow runs."""

    def __init__(self, out: Console, promise: dict[str, Job]) -> None:
        self._out, self._promise = out, promise
        self._live = Live(console=out, refresh_per_second=4, transient=True)
        self._shown: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Self:
        """Start to show."""
        if self._out.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the place to what comes after."""
        self._live.stop()

    def show(self, outcome: Outcome) -> None:
        """Show what is known now: the table on a terminal, elsewhere a line for each step that ended."""
        if self._out.is_terminal:
            self._live.update(table(self._promise, outcome, ended=False))
            return
        for (job, matrix), leg in list(outcome.legs.items()):
            steps = self._promise[job].steps if job in self._promise else ()
            for step in steps:
                if leg.results.get(step.key, RUNNING) != RUNNING and (job, matrix, step.key) not in self._shown:
                    self._shown.add((job, matrix, step.key))
                    self._out.print(f"{title(job, matrix)}: {step.name}: {leg.results[step.key]}", markup=False)


def title(job: str, matrix: str) -> str:
    """Return a leg's name."""
    return f"{job} ({matrix})" if matrix else job


def table(promise: dict[str, Job], outcome: Outcome, *, ended: bool = True) -> Table:
    """Return every step with its result and how long it took; while it runs, only those of open jobs."""
    rows, unknown = Table("job", "step", "result", "seconds"), MISSING if ended else ""
    for name, job in promise.items():
        for matrix, leg in outcome.of(name).items():
            who = title(name, matrix)
            for step in job.steps if ended or leg.result == MISSING else ():
                result = leg.results.get(step.key, "skipped" if leg.result == "skipped" else unknown)
                taken = f"{leg.seconds[step.key]:.1f}" if step.key in leg.seconds else ""
                cells = map(Text, (who, step.name, result, taken))  # a name may have brackets
                rows.add_row(*cells, style=COLOURS.get(result, "red"))
            result, taken = leg.result.replace(MISSING, unknown), f"{sum(leg.seconds.values()):.1f}"
            rows.add_row(Text(who), "", result, taken, style=f"bold {COLOURS.get(result, 'red')}", end_section=True)
    return rows


def print_outcome(out: Console, promise: dict[str, Job], outcome: Outcome, log: Path) -> int:
    """Print the table, the last words of what broke, and return the exit code."""
    out.print(table(promise, outcome))
    faults = list(broken(promise, outcome))
    for job, matrix, key, _ in faults:
        leg = outcome.of(job)[matrix]
        if leg.results.get(key) == "failure":
            name = next(step.name for step in promise[job].steps if step.key == key)
            out.rule(Text(f"{title(job, matrix)}: {name}"), style="red")
            out.print("\n".join(leg.output.get(key, [])[-LAST_WORDS:]), markup=False)
    if not outcome.legs:
        out.print("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-LAST_WORDS:]), markup=False)
    wrong = [f"{title(job, matrix)}: {result}" for job, matrix, key, result in faults if not key]
    if outcome.exit_code and not faults:
        wrong.append(f"act ended with {outcome.exit_code}")
    red = bool(faults or wrong)
    out.print(f"red: {'; '.join(wrong)}" if red else "green", style="red" if red else "green", markup=False)
    out.print(f"the whole log is {log}", markup=False)
    return int(red)
