"""Commands of the data wheel."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from .composition import Project

commands = typer.Typer()


@commands.command()
def data(
    csv: Annotated[Path | None, typer.Option(help="A CSV or Parquet file to read instead of the plan's.")] = None,
) -> None:
    """Build the training table from all sources: collect, curate, validate, transform, publish."""
    from .composition import load_project

    project = load_project()
    _build(project, csv or project.settings.root / project.plan.data.source)


def prepare(project: "Project") -> None:
    """Make the training table if there is none."""
    with project.lake() as lake:
        missing = not lake.has("training")
    if missing:
        _build(project, project.settings.root / project.plan.data.source)


def _build(project: "Project", source: Path) -> None:
    from ..data.pipeline import build_tables
    from .composition import out

    with out.status(f"reading {source}"), project.lake() as lake, project.ledger() as ledger:
        counts = build_tables(lake, source, ledger.labelled(), project.problem, project.plan)
    text = f"{counts.usable} rows to learn from, {counts.reactions} of them from reactions; "
    text += f"{counts.quarantined} in quarantine, each with its reason"
    text += f"; {counts.incomplete} of them were recorded before a column was added" if counts.incomplete else ""
    out.print(f"{text}.")
    out.print(f"{project.problem.objective.describe(project.problem.target.name)}.")
