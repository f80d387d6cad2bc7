"""Commands of the data wheel."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from ..stores.lake import Lake
    from .composition import Project

commands = typer.Typer()


@commands.command()
def data(
    file: Annotated[str, typer.Option("--file", "--csv", help="A file or URL to read instead of the plan's.")] = "",
) -> None:
    """Build the training table from all sources: collect, curate, validate, transform, publish."""
    from ..stores.files import find_table
    from .composition import load_project

    project = load_project()
    _build(project, find_table(file) if file else _planned(project))


@commands.command()
def explore(
    report: Annotated[Path | None, typer.Option(help="The file to write, .html; by default var/explore.html.")] = None,
) -> None:
    """Write a page about the training table: labels, protected groups, each column with the target, and rows."""
    from rich.progress import Progress

    from ..data.explore import explore, read_training, sample_rows
    from ..data.explore_page import render
    from ..data.explore_rows import choose_columns, draw_rows
    from ..stores.files import check_writable, write_text
    from .composition import load_project, out

    project = load_project()
    path = report or project.settings.var / "explore.html"
    check_writable("--report", path)
    progress = Progress(console=out, transient=True, disable=not out.is_terminal)
    with project.lake() as lake:
        with progress:
            found = explore(lake, project.problem, lambda columns: progress.track(columns, description="columns"))
        sample = sample_rows(read_training(lake, project.problem), choose_columns(found)).to_pandas()
    with out.status("drawing the page"):
        write_text("--report", path, render(project.plan.product.question, found, draw_rows(sample, found)))
    out.print(f"{found.whole.rows:,} rows, {len(sample):,} of them read one by one: {path}", markup=False)


def prepare(project: "Project") -> None:
    """Make the training table if there is none."""
    with project.lake() as lake:
        missing = not lake.has("training")
    if missing:
        _build(project, _planned(project))


def print_labels(lake: "Lake") -> None:
    """Print how many labels of each origin are in the training table, with their weight, and what is left out."""
    from ..data.labels import describe_labels
    from .composition import out

    if lake.has("labels"):  # an older version did not make it
        for line in describe_labels(lake.read("labels").to_pyarrow().to_pylist()):
            out.print(line, markup=False)


def _planned(project: "Project") -> Path | str:
    from ..stores.files import find_table

    return find_table(project.plan.data.source, project.settings.root)


def _build(project: "Project", place: Path | str) -> None:
    from rich.markup import escape

    from ..data.labels import count_learned
    from ..data.pipeline import build_tables
    from ..stores.files import show
    from .composition import out
    from .job_summary import summarise

    with project.lake() as lake:
        with out.status(f"reading {escape(show(place))}"), project.ledger() as ledger:
            counts = build_tables(lake, place, ledger.labelled(), project.problem, project.plan)
        learned, recorded = count_learned(lake.read("labels").to_pyarrow().to_pylist())
        text = f"{learned} rows to learn from, {recorded} of them from reactions and outcomes; "
        text += f"{counts.quarantined} in quarantine, each with its reason"
        text += f"; {counts.incomplete} of them were recorded before a column was added" if counts.incomplete else ""
        out.print(f"{text}.")
        print_labels(lake)
    summarise("Training table", f"{text}.")
    out.print(f"{project.problem.objective.describe(project.problem.target.name)}.")
