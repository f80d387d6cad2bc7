"""The command that studies one model: what gates of a training do not need to know, and people do."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # imported by the command, so that --help answers at once
    from collections.abc import Sequence

    from ..model.features import Feature
    from .composition import Project

commands = typer.Typer()


@commands.command()
def evaluate(
    name: Annotated[
        str, typer.Argument(help="A candidate. Without a name: that of the challenger or champion, or the first one.")
    ] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the full evidence as JSON, and nothing else.")] = False,
) -> None:
    """Measure what each column is worth to a candidate beside noise, and what it takes. Exit 1: a limit is broken."""
    from ..core.markdown import make_table
    from ..model.evaluate import split_columns
    from ..model.features import feature_gates, measure_features
    from ..model.summary import describe_results
    from .composition import load_project, out, show
    from .job_summary import summarise
    from .model import prepare

    out.quiet = as_json
    project = load_project()
    with project.lake() as lake:
        table = lake.frame("training")
    rows = split_columns(table, project.problem, project.plan)
    prepare(project)
    name, model = _find_candidate(project, name)
    with out.status(name) as status:

        def report(done: int, columns: int) -> None:
            status.update(f"{name}: {done} of {columns} columns measured")

        features = measure_features(model, rows, project.problem, project.plan, report)
    results = list(feature_gates(features, project.plan))
    if as_json:
        typer.echo(json.dumps({"model": name, "results": describe_results(results)}, indent=2))
    out.print(f"[bold]{name}[/]: what a decision costs more without each column")
    out.print(_tabulate(features))
    for result in results:
        show(result)
    lines = [f"- {result.status}: {result.message}" for result in results]
    summarise("Evaluation", f"{make_table(*_cells(features))}\n\n" + "\n".join(lines))
    if any(result.blocks for result in results):
        raise typer.Exit(1)


def _find_candidate(project: "Project", name: str) -> tuple[str, Any]:
    """Return a candidate with its name. Raises UserError: there is no such candidate, or none at all."""
    from ..core.errors import UserError

    candidates = project.problem.candidates()
    if name and name not in candidates:
        raise UserError(f"candidates.py has no {name}; it has {', '.join(candidates) or 'none'}")
    if not candidates:
        raise UserError("candidates.py has no candidate to evaluate; add one")
    for alias in ("challenger", "champion"):
        if not name and (version := project.registry.version(alias)):
            found = project.registry.tags(version).get("name", "").partition(",")[0]  # without its weights of rows
            name = found if found in candidates else ""
    name = name or next(iter(candidates))
    return name, candidates[name]


def _cells(features: "Sequence[Feature]") -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table of columns, the most valuable one first."""
    header = ["column", "benefit", "low", "high", "noise", "missing", "µs"]
    return header, [
        [
            one.column,
            *(f"{value:+.4f}" for value in (one.benefit, one.low, one.high, one.noise)),
            f"{one.missing:.1%}",
            f"{one.microseconds:.2f}",
        ]
        for one in sorted(features, key=lambda one: -one.benefit)
    ]


def _tabulate(features: "Sequence[Feature]") -> Any:
    from rich.markup import escape
    from rich.table import Column, Table

    [name, *numbers], rows = _cells(features)
    table = Table(Column(name, overflow="fold"), *(Column(each, justify="right", no_wrap=True) for each in numbers))
    for row in rows:
        table.add_row(*map(escape, row))
    return table
