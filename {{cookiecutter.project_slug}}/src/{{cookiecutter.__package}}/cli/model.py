"""Commands of the model wheel."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from ..core.rules import RuleModel
    from ..model.train import Trial
    from .composition import Project

commands = typer.Typer()


@commands.command()
def train(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the full evidence as JSON, and nothing else.")] = False,
) -> None:
    """Try every candidate, and register the cheapest one that passes all gates. Exit 1: all were refused."""
    from rich.markup import escape

    from ..core.markdown import make_table
    from ..model.evaluate import split_columns
    from ..model.notes import notes
    from ..model.provenance import provenance
    from ..model.summary import describe_trials, find_reason, tabulate_trials
    from ..model.train import register_best, run_trials
    from .composition import load_project, out
    from .data import print_labels
    from .job_summary import summarise
    from .promotion import read_runs, warn_of_changes

    out.quiet = as_json

    project = load_project()
    with project.lake() as lake:
        table, runs = lake.frame("training"), read_runs(lake)
        print_labels(lake)
    rows = split_columns(table, project.problem, project.plan)
    prepare(project)
    project.registry.check()
    warn_of_changes(project)
    for note in notes(rows, project.problem, project.plan):
        out.print(f"{note}.", markup=False)
    trials = []
    with out.status("evaluating the champion") as status:

        def report(progress: str) -> None:
            status.update(escape(progress))

        for trial in run_trials(rows, project.registry, project.problem, project.plan, report):
            trials.append(trial)
            _show_trial(trial)
        tags = provenance(table, rows, project.problem, project.plan, project.settings.root)
        tags |= {"data_run": runs[-1]} if runs else {}
        tags["champion"] = json.dumps({"label": trials[0].name, "metrics": trials[0].metrics})
        status.update("fitting the cheapest candidate that passed to all rows")
        version, fitted = register_best(trials, rows, project.registry, project.problem, tags)
    for trial in fitted:
        _show_fitted(trial)
    trials = [*({trial.name: trial for trial in trials} | {trial.name: trial for trial in fitted}).values()]
    if as_json:
        typer.echo(json.dumps({"challenger": version, "trials": describe_trials(trials)}, indent=2))
    if version is None:
        text = f"No candidate may serve; the champion stays. {find_reason(trials)}."
    else:
        text = f"The challenger is version {version}: `rollout start` lets it answer step by step under guards, and "
        text += "`promote` makes it the champion at once."
    out.print(text, markup=False)
    summarise("Training", f"{make_table(*tabulate_trials(trials))}\n\n{text}")
    if version is None:
        raise typer.Exit(1)


@commands.command()
def promote(
    *,
    force: Annotated[
        str | None, typer.Option(help="Why to promote it although something speaks against it, for `history`.")
    ] = None,
) -> None:
    """Make the challenger the champion at once; a running product follows by itself. `rollout` does it in steps.

    What the registry has of it is read again: results, contract, plan, data, commit, and who moved the alias.
    """
    from ..core.errors import UserError
    from ..model.promote import promote as promote_challenger
    from ..stores.rollouts import read_current
    from .composition import load_project, out
    from .promotion import check_promotion

    project = load_project()
    with project.ledger() as ledger:
        if (live := read_current(ledger)) is not None:
            raise UserError(f"a rollout is {live.title}; `rollout back` ends it, `rollout advance` goes on")
    if (version := project.registry.version("challenger")) is not None:
        check_promotion(project, version, "promote", force)
    champion, contract_changed = promote_challenger(project.registry, project.problem, version)
    what_follows = f"; a running product follows within {project.settings.refresh_seconds:g} s."
    if contract_changed:
        what_follows = (
            ", and contract.py has changed: a product that was started before the change does not follow, its old "
            "model or the rules keep answering. Start a new one beside it (`run --port`), send requests there, then "
            "stop the old one: it finishes what it has begun."
        )
    out.print(f"{champion.label} is the champion{what_follows}")


@commands.command()
def reproduce(version: Annotated[str, typer.Argument(help="A version, or an alias.")] = "champion") -> None:
    """Make a version again from what is on it, and compare the predictions. Exit 1: something differs."""
    from ..model.reproduce import reproduce as make_again
    from .composition import load_project, out

    project = load_project()
    prepare(project)
    number = project.registry.version(version) or version
    project.registry.check_version("reproduce", number)
    with project.lake() as lake:
        table = lake.frame("training")
    made = make_again(number, table, project.registry, project.problem, project.plan, project.settings.root)
    text = f"{made.label} was made again from {made.rows:,} rows; the largest difference of a prediction is "
    out.print(f"{text}{made.difference:.3g}.", markup=False)
    for change in made.changes:
        out.print(f"  differs: {change}", markup=False)
    if not made.is_same:
        raise typer.Exit(1)


def prepare(project: "Project") -> None:
    """Register the rules as they are now, if they are not registered yet."""
    from ..model.promote import register_rules
    from .composition import out

    with out.status("opening the registry"):
        version = register_rules(project.registry, project.problem, project.plan, lambda: _fit_rules(project))
    if version is not None:
        out.print(f"The rules are in the registry, version {version}.")
    for alias, number in project.registry.find_edited_aliases().items():
        message = f"The {alias} was pointed to version {number} by hand, in MLflow, which no product follows. "
        out.print(f"{message}Point it back; to let that version answer, make it the challenger and run `promote`.")


def _fit_rules(project: "Project") -> "RuleModel":
    """Return the rules, with a background of the training table where there is one of their contract."""
    from sklearn.base import clone

    from ..core.background import add_background
    from ..core.encoder import encoded
    from ..stores.lake import draw_rows

    rules: RuleModel = clone(project.problem.rules).fit()
    read = encoded(project.problem.columns)
    with project.lake() as lake:
        if not lake.has("training"):
            return rules
        table = lake.read("training")
        fits = [
            column.name in table.columns and table[column.name].type().is_numeric() == column.is_numeric
            for column in read
        ]
        rows = draw_rows(table).select([column.name for column in read]).to_pandas() if read and all(fits) else ()
    if len(rows):
        add_background(rules, rows, project.problem.columns)
    return rules


def _show_fitted(trial: "Trial") -> None:
    """Print what was found of a model that was fitted to all rows."""
    from rich.markup import escape

    from ..model.gates.behaviour import GATE
    from .composition import out, show

    out.print(f"[bold]{escape(trial.name)}[/], fitted to all rows{' [red]refused[/]' if trial.refused else ''}")
    for result in trial.results:
        if result.gate.startswith(GATE) or result.blocks:
            show(result)


def _show_trial(trial: "Trial") -> None:
    """Print the metrics of a model and the results of its gates."""
    from rich.markup import escape

    from .composition import out, show

    numbers = "  ".join(f"{name} {value:.4g}" for name, value in trial.metrics.items())
    seconds = f"  ({trial.seconds:.1f} s)" if trial.seconds else ""
    out.print(f"[bold]{escape(trial.name)}[/]{' [red]refused[/]' if trial.refused else ''}{seconds}")
    if numbers:
        out.print(f"  {numbers}")
    for result in trial.results:
        show(result)
