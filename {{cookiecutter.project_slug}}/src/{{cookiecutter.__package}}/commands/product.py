"""Commands of the product wheel."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from . import ground, make_ready, open_registry, out

if TYPE_CHECKING:
    from fastapi import FastAPI


def add(app: typer.Typer) -> None:
    """Add this wheel's commands."""
    app.command()(run)
    app.command()(openapi)
    app.command()(score)


def run(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    *,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer, on the same port and ledger.")] = 1,
    only_prepare: Annotated[bool, typer.Option("--prepare", help="Make what is missing, then stop.")] = False,
) -> None:
    """Start the product; on the first day with the rules as champion."""
    from ..serve import listen, serve, try_out

    settings, plan = ground()
    with listen(settings.host, settings.port if port is None else port) as socket:
        make_ready(settings, plan)
        try_out(settings, plan, open_registry(settings))
        if only_prepare:
            return
        host, taken = socket.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        out.print(f"The product answers on http://{host}:{taken} - press Ctrl-C to stop.", markup=False)
        serve(f"{worker.__module__}:{worker.__name__}", socket, workers)
    out.print("Stopped.")


def worker() -> FastAPI:
    """Return the product of one process."""
    from ..serve import start

    settings, plan = ground()
    return start(settings, plan, open_registry(settings))


def openapi(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with openapi.json. Exit 1: a caller would break.")
    ] = False,
) -> None:
    """Write the API's description to openapi.json, which belongs into the repository."""
    from ..product.app import describe
    from ..product.openapi_diff import broken

    settings, plan = ground()
    text = json.dumps(describe(plan.product.question), indent=2, ensure_ascii=False) + "\n"
    path = settings.root / "openapi.json"
    if not check:
        path.write_text(text, encoding="utf-8")
        out.print(f"Wrote {path}.")
        return
    if not path.exists():
        message = f"{path}: no such file; run `openapi` once, and commit what it writes"
        raise UserError(message)
    try:
        before = path.read_text(encoding="utf-8")
        faults = broken(json.loads(before), json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"{path}: not a description of an API ({error}); restore it from git, or run `openapi` anew"
        raise UserError(message) from None
    if faults:
        out.print("This breaks those who call the API today:")
        for fault in faults:
            out.print(f"  {fault}", markup=False)
        raise typer.Exit(1)
    out.print("The API is as it was." if before == text else "Nothing breaks, but there is more: run `openapi` again.")


def score(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV, with the contract's columns.")],
    to: Annotated[
        Path | None, typer.Option(help="Where to write, .csv or .parquet; next to the file by default.")
    ] = None,
) -> None:
    """Decide on every row of a file with the champion. Nothing is recorded in the ledger.

    Where a value does not fit, its row is named; rows are counted from 1, the header is none of them.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from threadpoolctl import threadpool_limits

    from ..product.files import destination
    from ..product.predictor import Predictor
    from ..product.score import score, stoppable

    target = destination(file, to)  # before the model, which takes seconds to load
    settings, plan = ground()
    model = Predictor(open_registry(settings), plan.objective).champion
    chunks = contextlib.closing(score(file, target, model, plan.objective))
    shown = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bars = Progress(*shown, console=out, transient=True, disable=not out.is_terminal)
    with threadpool_limits(1), stoppable(), bars as bar, chunks as progress:
        task = bar.add_task("", total=None)
        for done, share in progress:
            # how many rows a CSV file has is known at its end, and before that well guessed
            bar.update(task, completed=done, total=round(done / share))
    out.print(f"{model.label} decided on {done} rows: {target}", markup=False)
