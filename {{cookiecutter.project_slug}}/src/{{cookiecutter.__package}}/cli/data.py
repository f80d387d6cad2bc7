"""Commands of the data wheel."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from filelock import FileLock, Timeout

from ..core.errors import UserError
from ..core.words import count_nouns

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from ..stores.lake import Lake
    from .composition import Project

DELIVERIES = "deliveries"  # the folder of what was read of sources
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


@contextlib.contextmanager
def lock_lake(project: "Project") -> Iterator[None]:
    """Keep the lake to one command that writes. Readers are not kept from it.

    Raises UserError: another command writes it now.
    """
    folder = find_folder(project)
    try:
        with FileLock(folder / "lake.lock", timeout=0) if folder else contextlib.nullcontext():
            yield
    except Timeout:
        raise UserError(f"another command is writing the lake (in {folder}); wait until it has ended") from None


def find_folder(project: "Project") -> Path | None:
    """Return where commands keep what belongs to the lake: beside its file, or in var/; None if that is read-only."""
    from ..stores.lake import file_of

    file = file_of(project.settings.lake)
    folder = file.parent if file else project.settings.var
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


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


@contextlib.contextmanager
def _show_share() -> Iterator[Callable[[str, float], None]]:
    """Show which table is being read, and how much of it has been."""
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from .composition import out

    columns = (TextColumn("reading {task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda name, share: progress.update(task, description=escape(name), completed=share)


def _planned(project: "Project") -> Path | str:
    from ..stores.files import find_table

    return find_table(project.plan.data.source, project.settings.root)


def _build(project: "Project", place: Path | str) -> None:
    from ..data.curate import describe_counts
    from ..data.incremental import KeptRows
    from ..data.labels import count_learned
    from ..data.pipeline import build_tables
    from ..stores.files import find_table
    from ..stores.forgotten import read_forgotten
    from ..stores.labelling import read_labelled
    from .composition import out
    from .job_summary import summarise

    more = [(find_table(source.place, project.settings.root), source) for source in project.sources]
    folder = find_folder(project)
    with lock_lake(project), project.lake() as lake:
        with _show_share() as report, project.ledger() as ledger:
            kept = KeptRows(folder and folder / DELIVERIES, read_forgotten(ledger), report)
            counts = build_tables(lake, place, read_labelled(ledger), project.problem, project.plan, more, kept)
        learned, recorded = count_learned(lake.read("labels").to_pyarrow().to_pylist())
        text = f"{count_nouns(learned, 'row')} to learn from, {recorded} of them from reactions, outcomes and labels; "
        text += f"{counts.quarantined} in quarantine, each with its reason"
        text += f"; {counts.incomplete} of them were recorded before a column was added" if counts.incomplete else ""
        text += f"; {counts.forgotten} left out, whose subjects were forgotten" if counts.forgotten else ""
        out.print(f"{text}.")
        out.print(describe_counts(counts))
        print_labels(lake)
        out.print(f"{counts.comparison}.", markup=False)
    summarise("Training table", f"{text}.")
    out.print(f"{project.problem.objective.describe(project.problem.target.name)}.")
