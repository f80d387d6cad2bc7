"""Commands of the product wheel."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import UserError

SHOWN = 3  # unknown references that are named
commands = typer.Typer()


@commands.command()
def run(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    *,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer, on the same port and ledger.")] = 1,
    only_prepare: Annotated[bool, typer.Option("--prepare", help="Make what is missing, then stop.")] = False,
) -> None:
    """Start the product; on the first day with the rules as champion."""
    from . import server

    if not only_prepare:
        server.skip_unused_imports()
    from .composition import load_project, out
    from .in_use import record_in_use
    from .preparation import is_prepared, prepare

    project = load_project()
    if only_prepare:
        prepare(project)
        return
    with server.listen(project.settings.host, project.settings.port if port is None else port) as bound:
        if not is_prepared(project):
            _prepare_apart()
        with server.build(project):  # opens ledger and models, before an address is printed
            record_in_use(project)
        host, taken = bound.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        out.print(f"The product answers on http://{host}:{taken} - press Ctrl-C to stop.", markup=False)
        server.serve(project, bound, workers)
    out.print("Stopped.")


def _prepare_apart() -> None:
    """Prepare in a process of its own: this one serves, and needs neither MLflow nor the lake."""
    # Ctrl-C reaches both processes; one line about it is enough
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); from {__package__}.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "run", "--prepare"], check=False)  # noqa: S603
    if done.returncode:
        raise typer.Exit(done.returncode)


@commands.command()
def migrate() -> None:
    """Bring the ledger's tables to this version, then stop. A product does the same when it starts.

    As a job before a new version is rolled out, it shows by its exit code whether the migration works.
    """
    from .composition import load_project, out

    with load_project().ledger():
        out.print("The ledger's tables are those of this version.")


@commands.command()
def openapi() -> None:
    """Write the API's description to openapi.json, which belongs into the repository."""
    from ..product.app import describe
    from .composition import load_project, out

    project = load_project()
    text = json.dumps(describe(project.problem, project.plan.product.question), indent=2, ensure_ascii=False) + "\n"
    path = project.settings.root / "openapi.json"
    path.write_text(text, encoding="utf-8")
    out.print(f"Wrote {path}.", markup=False)


@commands.command()
def outcomes(
    file: Annotated[str, typer.Argument(help="A table with columns reference (or id), outcome, perhaps observed_at.")],
) -> None:
    """Record what really happened in cases of the past, by the caller's reference or the decision's id.

    Run it again after an interruption: what is on record already is not recorded twice.
    """
    from collections import Counter

    from ..product.outcome_files import check_outcomes, read_outcomes
    from ..stores.files import find_table
    from ..stores.outcomes import record_outcomes
    from .composition import load_project, out

    place, project, counts = find_table(file), load_project(), Counter[str]()
    target = project.problem.target
    with project.ledger() as ledger:
        unknown = check_outcomes(place, target, ledger)  # first of all, so that a fault in the last row writes nothing
        for given in read_outcomes(place, target):
            counts.update(each["recorded"] for each in record_outcomes(ledger, given))
    text = f"Outcomes: {counts['new']} new, {counts['corrected']} corrected, {counts['unchanged']} unchanged."
    if unknown:
        named = f"{', '.join(unknown[:SHOWN])}{', ...' if len(unknown) > SHOWN else ''}"
        text += f" References without a decision: {len(unknown)} ({named}); their outcomes count once there is one."
    out.print(text, markup=False)


@commands.command()
def score(
    file: Annotated[str, typer.Argument(help="A table, by its file or URL, read as problem/sources.py declares.")],
    to: Annotated[Path | None, typer.Option(help="Where to write, .csv or .parquet; by default beside FILE.")] = None,
) -> None:
    """Decide on every row of a table with the champion, or with the rules if the contract has changed since.

    Nothing is recorded in the ledger. A value that does not fit is named with its row; the first below the header is 1.
    """
    from contextlib import closing

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from threadpoolctl import threadpool_limits

    from ..product.scoring import choose_target, score
    from ..stores.files import find_table
    from .composition import load_project, out

    place = find_table(file)
    target = choose_target(place, to)
    project = load_project()
    model = project.models.load("champion")
    if model.tags.get("contract") != project.problem.fingerprint:
        model = project.models.load("fallback")
        if model.tags.get("contract") != project.problem.fingerprint:
            raise UserError(f"{model.label} was made for another contract; run `run --prepare` first")
    chunks = closing(score(place, target, model, project.problem))
    shown = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    progress = Progress(*shown, console=out, transient=True, disable=not out.is_terminal)
    # SIGTERM ends the command as Ctrl-C does, so that unfinished files are removed
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with threadpool_limits(1), progress, chunks as parts:
        task = progress.add_task("", total=None)
        for done, share in parts:
            # the number of rows of a CSV file is known at its end; before, it is estimated
            progress.update(task, completed=done, total=round(done / share))
    out.print(f"{model.label} decided on {done} rows: {target}", markup=False)
