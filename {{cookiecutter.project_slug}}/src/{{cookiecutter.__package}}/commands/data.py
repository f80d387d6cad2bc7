"""Commands of the data wheel."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from . import ground, out

if TYPE_CHECKING:
    from ..plan import Plan
    from ..settings import Settings


def add(app: typer.Typer) -> None:
    """Add this wheel's commands."""
    app.command()(data)


def data(csv: Annotated[Path | None, typer.Option(help="Table to collect instead of the plan's.")] = None) -> None:
    """Turn the data wheel: collect, curate, validate, transform, publish."""
    settings, plan = ground()
    _turn(settings, plan, csv or settings.root / plan.data.source)


def prepare(settings: Settings, plan: Plan) -> None:
    """Make the training table if there is none."""
    from ..lake import open_lake

    with open_lake(settings.url("lake")) as lake:
        missing = not lake.has("training")
    if missing:
        _turn(settings, plan, settings.root / plan.data.source)


def _turn(settings: Settings, plan: Plan, csv: Path) -> None:
    from ..data.pipeline import turn
    from ..lake import open_lake
    from ..ledger import open_ledger

    opened = open_lake(settings.url("lake")), open_ledger(settings.url("ledger"))
    with out.status(f"reading {csv}"), opened[0] as lake, opened[1] as ledger:
        done = turn(lake, csv, ledger.labelled(), plan)
    early = f"; {done.early} of them were asked before a column of today was" if done.early else ""
    out.print(
        f"{done.usable} rows to learn from, {done.reactions} of them from reactions; "
        f"{done.quarantined} in quarantine, each with its reason{early}."
    )
