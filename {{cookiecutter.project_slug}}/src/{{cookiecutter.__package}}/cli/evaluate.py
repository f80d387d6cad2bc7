"""The command that studies one candidate: what gates of a training do not need to know, and people do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

commands = typer.Typer()


@commands.command()
def evaluate(
    name: Annotated[
        str, typer.Argument(help="A candidate. Without a name: that of the challenger or champion, or the first one.")
    ] = "",
    *,
    report: Annotated[Path | None, typer.Option(help="Write a page with plots to this file, .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the full evidence as JSON, and nothing else.")] = False,
) -> None:
    """Study a candidate: quality, other models, parts of the rows, columns, age, privacy, size. Exit 1: a limit."""
    from rich.markup import escape

    from ..core.result import GateResult
    from ..model.analysis.candidate import add_champion, evaluate_candidate
    from ..model.analysis.page import render
    from ..model.analysis.run import run_analyses
    from ..model.summary import describe_results
    from ..stores.files import check_writable, write_text
    from .composition import load_project, out
    from .job_summary import summarise
    from .model import prepare

    out.quiet = as_json
    if report is not None:
        check_writable("--report", report)
    project = load_project()
    with project.lake() as lake:
        table = lake.frame("training")
    prepare(project)
    name, model = _find_candidate(project.problem.candidates(), project.registry, name)
    sections: dict[str, Any] = {}
    with out.status(escape(name)) as status:

        def show_progress(text: str) -> None:
            status.update(f"{escape(name)}: {escape(text)}")

        candidate = evaluate_candidate(name, model, table, project.problem, project.plan, show_progress)
        candidate = add_champion(candidate, project.registry)
        out.print(
            f"{name}: {len(candidate.rows.truth):,} of {candidate.of:,} rows of the training table.", markup=False
        )
        for section, results in run_analyses(candidate):
            sections[section] = results
            _show(section, results)
    every = [result for results in sections.values() for result in results]
    if as_json:
        typer.echo(json.dumps({"model": name, "results": describe_results(every)}, indent=2))
    summarise(f"Evaluation of {name}", "\n".join(f"- {_word(one)}{one.message}" for one in every))
    if report is not None:
        write_text("--report", report, render(candidate, sections))
        out.print(f"The page is {report}.", markup=False)
    if any(isinstance(result, GateResult) and result.blocks for result in every):
        raise typer.Exit(1)


def _find_candidate(candidates: Mapping[str, Any], registry: Any, name: str) -> tuple[str, Any]:
    """Return a candidate with its name. Raises UserError: there is no such candidate, or none at all."""
    from ..core.errors import UserError

    if name and name not in candidates:
        raise UserError(f"candidates.py has no {name}; it has {', '.join(candidates) or 'none'}")
    if not candidates:
        raise UserError("candidates.py has no candidate to evaluate; add one")
    for alias in ("challenger", "champion"):
        if not name and (version := registry.version(alias)):
            found = registry.tags(version).get("name", "").partition(",")[0]  # without its weights of rows
            name = found if found in candidates else ""
    name = name or next(iter(candidates))
    return name, candidates[name]


def _show(section: str, results: list[Any]) -> None:
    from rich.markup import escape

    from ..core.result import GateResult
    from .composition import out, show

    out.print(f"[bold]{escape(section)}[/]")
    for result in results:
        if isinstance(result, GateResult):
            show(result)
        else:
            out.print(f"  {escape(result.message)}")


def _word(result: Any) -> str:
    status = getattr(result, "status", "")
    return f"{status}: " if status else ""
