"""The roof: every command of the project, and the only place where the wheels meet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .errors import UserError
from .plan import load_plan
from .settings import load_settings
from .tasks import add_tasks

if TYPE_CHECKING:
    from .model.train import Trial
    from .plan import Plan
    from .registry import Registry
    from .settings import Settings
    from .verdict import Verdict

# Commands import what they need themselves: `--help` should not wait for MLflow.
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
out = Console(highlight=False, soft_wrap=True)
MARKS = {"pass": "[green]pass[/]", "fail": "[red]FAIL[/]", "inconclusive": "[yellow]not enough evidence[/]"}
Csv = Annotated[Path | None, typer.Option(help="Table to collect instead of the plan's.")]


@app.command()
def data(csv: Csv = None) -> None:
    """Turn the data wheel: collect, curate, validate, transform, publish."""
    settings, plan = _ground()
    _turn_data(settings, plan, csv)


@app.command()
def train() -> None:
    """Try every candidate, and register the cheapest that all gates let through. Exit 1: all were refused."""
    from .lake import open_lake
    from .model.train import provenance, register_best, training_rows, trials

    settings, plan = _ground()
    objective, registry = plan.objective, _registry(settings)
    with open_lake(settings.url("lake")) as lake:
        table, rows = training_rows(lake, objective)
    tried = []
    with out.status("training") as status:
        for trial in trials(rows, registry, objective, plan):
            status.update(f"judged {trial.name}")
            tried.append(trial)
            _show_trial(trial)
        version = register_best(tried, rows, registry, provenance(table, plan, settings.root))
    if version is None:
        out.print("No candidate may serve: every one was refused, for the reasons above.")
        raise typer.Exit(1)
    out.print(f"Version {version} is the challenger. Next: `promote` makes it the champion.")


@app.command()
def promote() -> None:
    """Make the challenger the champion; a running product follows by itself."""
    from .model.promote import promote as to_champion

    settings, _ = _ground()
    champion = to_champion(_registry(settings))
    out.print(f"{champion.label} is the champion; a running product follows within {settings.refresh_seconds:g} s.")


@app.command()
def run(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    *,
    prepare: Annotated[bool, typer.Option(help="Make what is missing, then stop.")] = False,
) -> None:
    """Start the product; on the first day with the rules as champion."""
    from .serve import listen, serve

    settings, plan = _ground()
    with listen(settings.host, settings.port if port is None else port) as socket:
        _prepare(settings, plan)
        if prepare:
            return
        host, taken = socket.getsockname()[:2]
        out.print(f"The product answers on http://{host}:{taken} - press Ctrl-C to stop.")
        serve(settings, plan, _registry(settings), socket)
    out.print("Stopped.")


@app.command()
def monitor(last: Annotated[int, typer.Option(min=1, help="How many decisions to look at.")] = 1000) -> None:
    """Watch the inputs of recent decisions for drift. Exit 1: a watch failed."""
    from .lake import open_lake
    from .ledger import open_ledger
    from .operations.monitor import input_drift

    settings, plan = _ground()
    with open_lake(settings.url("lake")) as lake, open_ledger(settings.url("ledger")) as ledger:
        seen = [decision["features"] for decision in ledger.recent(last)]
        verdicts = list(input_drift(lake.frame("baseline"), seen, plan))
    for verdict in verdicts:
        _show_verdict(verdict)
    if any(verdict.status == "fail" for verdict in verdicts):
        raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Print the API's description."""
    from .serve import build

    settings, plan = _ground()
    _prepare(settings, plan)
    with build(settings, plan, _registry(settings)) as product:
        import json

        sys.stdout.write(json.dumps(product.openapi(), indent=2) + "\n")


add_tasks(app)


def main() -> None:
    """Run a command; what a person can put right is said in one line."""
    try:
        app()
    except UserError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {error}", markup=False)
        sys.exit(2)


def _ground() -> tuple[Settings, Plan]:
    settings = load_settings()
    return settings, load_plan(settings.root / "plan.toml")


def _registry(settings: Settings) -> Registry:
    from .registry import Registry

    return Registry(settings.url("registry"), settings.var / "models")


def _prepare(settings: Settings, plan: Plan) -> None:
    """Bring in the data once, and see that the registry has the rules as they are now."""
    from .lake import open_lake
    from .model.promote import install_rules

    with open_lake(settings.url("lake")) as lake:
        missing = not lake.has("training")
    if missing:
        _turn_data(settings, plan, None)
    with out.status("asking the registry"):
        version = install_rules(_registry(settings), plan)
    if version is not None:
        out.print(f"The rules are in the registry, version {version}.")


def _turn_data(settings: Settings, plan: Plan, csv: Path | None) -> None:
    from .data.pipeline import turn
    from .lake import open_lake
    from .ledger import open_ledger

    source = csv or settings.root / plan.data.source
    opened = open_lake(settings.url("lake")), open_ledger(settings.url("ledger"))
    with out.status(f"reading {source}"), opened[0] as lake, opened[1] as ledger:
        done = turn(lake, source, ledger.labelled(), plan)
    out.print(
        f"{done.usable} rows to learn from, {done.reactions} of them from reactions; "
        f"{done.quarantined} in quarantine, each with its reason."
    )


def _show_trial(trial: Trial) -> None:
    numbers: Any = Table.grid(padding=(0, 2))
    numbers.add_row(*(f"{name} {value:.4g}" for name, value in trial.metrics.items()))
    out.print(f"[bold]{trial.name}[/]" + (" [red]refused[/]" if trial.refused else ""), numbers)
    for verdict in trial.verdicts:
        _show_verdict(verdict)


def _show_verdict(verdict: Verdict) -> None:
    out.print(f"  {MARKS[verdict.status]}  {verdict.message}")
