"""Commands that describe the data: the card of the plan's table, and the tables of the lake."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UserError

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from .composition import Project

commands = typer.Typer()
CARD, CROISSANT = "docs/data-card.md", "docs/croissant.json"
NEXT_STEP = "run `make data-card`, and commit it"


@commands.command()
def data_card(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the files are stale.")] = False,
) -> None:
    """Write docs/data-card.md and docs/croissant.json, which describe the plan's table and are committed."""
    from ..stores.files import write_text
    from .composition import load_project, out

    project = load_project()
    if check:
        if faults := find_stale(project):
            out.print("; ".join(faults), markup=False)
            raise typer.Exit(1)
        return
    for name, text in write_cards(project).items():
        write_text("data-card", project.settings.root / name, text)
        out.print(f"Wrote {project.settings.root / name}.", markup=False)


@commands.command()
def tables(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the tables of the lake: rows, columns, age, owner, and a fingerprint of their rows in any order."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from rich.markup import escape
    from rich.table import Column, Table

    from ..data.card import find_owner
    from ..data.catalogue import list_tables
    from .composition import load_project, out

    project = load_project()
    place = project.settings.lake
    if isinstance(place, Path) and not place.exists():  # opening it would make it
        raise UserError(f"there is no lake at {place}; run the `data` command first")
    with project.lake() as lake:
        found = [asdict(entry) | {"owner": find_owner(project.plan)} for entry in list_tables(lake)]
    now = datetime.now(UTC)
    for row in found:
        at = row["published_at"]
        row["age_seconds"] = at and round((now - datetime.fromisoformat(at)).total_seconds())
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    numbers = (Column(name, justify="right") for name in ("rows", "columns", "age"))
    caption = f"Owner: {escape(find_owner(project.plan))}"
    shown = Table(Column("table", overflow="fold"), *numbers, Column("fingerprint", no_wrap=True), caption=caption)
    for row in found:
        counts = f"{row['rows']:,}", f"{row['columns']:,}", _age(row["age_seconds"])
        shown.add_row(escape(row["name"]), *counts, row["fingerprint"] or "no MD5 here")
    out.print(shown)


def write_cards(project: "Project") -> dict[str, str]:
    """Return the card and its Croissant, by path. Raises UserError: the plan's table cannot be read."""
    from ..data.card import write_card
    from ..data.croissant import write_croissant
    from ..data.describe import describe_table
    from ..stores.files import find_table

    given, root, problem, plan = project.plan.data.source, project.settings.root, project.problem, project.plan
    found = describe_table(given, find_table(given, root), problem, plan, root)
    return {CARD: write_card(found, problem, plan), CROISSANT: write_croissant(found, problem, plan)}


def find_stale(project: "Project") -> list[str]:
    """Return what is wrong with the committed files.

    They are made again from a table that is a file of the project. Any other table is not in a clone, or may have
    new rows each night: there only what the owner states is compared, by its digest.
    """
    from ..data.describe import digest_definition
    from ..data.origin import is_in_project
    from ..stores.files import find_table

    root, given = project.settings.root, project.plan.data.source
    committed = {name: _read(root / name) for name in (CARD, CROISSANT)}
    if faults := [f"{name} is not there: {NEXT_STEP}" for name, text in committed.items() if text is None]:
        return faults
    if is_in_project(find_table(given, root), root):
        fresh = write_cards(project)
        stale = [name for name, text in committed.items() if text != fresh[name]]
    else:
        definition = digest_definition(given, project.problem, project.plan, root)
        stale = [name for name, text in committed.items() if definition not in str(text)]
    return [f"{name} is not up to date: {NEXT_STEP}" for name in stale]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _age(seconds: int | None) -> str:
    """Return an age in its largest unit."""
    if seconds is None:
        return "unknown"
    units = {"days": 86_400, "hours": 3_600, "minutes": 60}
    unit = next((unit for unit, size in units.items() if seconds >= 2 * size), "seconds")
    return f"{seconds // units.get(unit, 1)} {unit}"
