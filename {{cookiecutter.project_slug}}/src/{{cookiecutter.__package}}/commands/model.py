"""Commands of the model wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from . import ground, open_registry, out, show

if TYPE_CHECKING:
    from ..model.train import Trial
    from ..plan import Plan
    from ..settings import Settings


def add(app: typer.Typer) -> None:
    """Add this wheel's commands."""
    app.command()(train)
    app.command()(promote)


def train() -> None:
    """Try every candidate, and register the cheapest that all gates let through. Exit 1: all were refused."""
    from ..lake import open_lake
    from ..model.train import provenance, register_best, training_rows, trials

    settings, plan = ground()
    objective = plan.objective
    with open_lake(settings.url("lake")) as lake:
        table, rows = training_rows(lake, objective)
    prepare(settings, plan)
    registry = open_registry(settings)
    tried = []
    with out.status("asking the champion") as status:
        for trial in trials(rows, registry, objective, plan):
            _show(trial)
            tried.append(trial)
            status.update(f"{len(tried)} judged, trying the next")
        version = register_best(tried, rows, registry, provenance(table, plan, settings.root))
    if version is None:
        out.print("No candidate may serve: every one was refused, for the reasons above.")
        raise typer.Exit(1)
    out.print(f"Version {version} is the challenger. Next: `promote` makes it the champion.")


def promote() -> None:
    """Make the challenger the champion; a running product follows by itself."""
    from ..model.promote import promote as to_champion

    settings, _ = ground()
    champion = to_champion(open_registry(settings))
    out.print(f"{champion.label} is the champion; a running product follows within {settings.refresh_seconds:g} s.")


def prepare(settings: Settings, plan: Plan) -> None:
    """See that the registry has the rules as they are now."""
    from ..model.promote import install_rules

    with out.status("asking the registry"):
        version = install_rules(open_registry(settings), plan)
    if version is not None:
        out.print(f"The rules are in the registry, version {version}.")


def _show(trial: Trial) -> None:
    numbers = "  ".join(f"{name} {value:.4g}" for name, value in trial.metrics.items())
    out.print(f"[bold]{trial.name}[/]{' [red]refused[/]' if trial.refused else ''}\n  {numbers}")
    for verdict in trial.verdicts:
        show(verdict)
