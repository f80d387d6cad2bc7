"""Commands of the operations wheel."""

from __future__ import annotations

from typing import Annotated

import typer

from . import ground, show


def add(app: typer.Typer) -> None:
    """Add this wheel's commands."""
    app.command()(monitor)


def monitor(last: Annotated[int, typer.Option(min=1, help="How many decisions to look at.")] = 1000) -> None:
    """Watch the inputs of recent decisions for drift. Exit 1: a watch failed."""
    from ..lake import open_lake
    from ..ledger import open_ledger
    from ..operations.monitor import input_drift

    settings, plan = ground()
    with open_lake(settings.url("lake")) as lake, open_ledger(settings.url("ledger")) as ledger:
        seen = [decision["features"] for decision in ledger.recent(last)]
        verdicts = list(input_drift(lake.frame("baseline"), seen, plan))
    for verdict in verdicts:
        show(verdict)
    if any(verdict.status == "fail" for verdict in verdicts):
        raise typer.Exit(1)
