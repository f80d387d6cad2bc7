"""The command that shows what the plan's costs imply."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from ..core.plan import Plan
    from ..model.formulate import Estimate, Formulation

commands = typer.Typer()


@commands.command()
def formulate(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON, and nothing else.")] = False,
) -> None:
    """Show what the plan's costs imply: threshold, costs of constant answers and of the rules, rows that are needed."""
    from ..model.evaluate import split_columns
    from ..model.formulate import formulate as find_formulation
    from .composition import load_project, out, show
    from .data import prepare

    out.quiet = as_json
    project = load_project()
    problem, plan = project.problem, project.plan
    prepare(project)
    with project.lake() as lake:
        table = lake.frame("training")
    found = find_formulation(split_columns(table, problem, plan, learnable=False), problem, plan)
    if as_json:
        stated = {"question": plan.product.question, "confidence": plan.gates.confidence}
        typer.echo(json.dumps(stated | asdict(found), indent=2, ensure_ascii=False))
        return
    out.print(plan.product.question, plan.product.decision, markup=False)
    out.print(f"{problem.objective.describe(problem.target.name)}.", markup=False)
    _show_implied(found, problem.objective.describe_review())
    _show_estimates("share" if problem.target.categories else "answer", found.answers, plan)
    _show_estimates("cost of a decision", found.costs, plan)
    _show_sizes(found)
    for result in found.results:
        show(result)
    if found.missing:
        out.print(f"plan.toml does not say of the product: {', '.join(found.missing)}.")


def _show_implied(found: "Formulation", review_rule: str) -> None:
    """Print what the costs imply for single answers, and how many answers people look at."""
    from .composition import out

    implied, precision, review = found.implied, found.precision, found.review
    if "threshold" in implied:
        right = f"of the rules' own, {_share(precision)} are" if precision else "the rules never give it"
        needed = f"more than {implied['break_even_precision']:.1%} have to be right"
        out.print(f"Break-even precision: of the answers {found.answers[-1].name}, {needed}; {right}.", markup=False)
    for truth, row in implied.get("matrix", {}).items():
        each = ", ".join(f"{answer} costs {cost:g}" for answer, cost in row.items())
        out.print(f"Where {truth} is true, {each}.", markup=False)
    out.print(f"A person looks {review_rule}; of the rules' answers, at {_share(review)}.", markup=False)


def _share(estimate: "Estimate") -> str:
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"


def _show_estimates(what: str, estimates: "list[Estimate]", plan: "Plan") -> None:
    from rich.markup import escape
    from rich.table import Column, Table

    from .composition import out

    headers = (what, f"{plan.gates.confidence:.0%} interval")
    table = Table(Column("", overflow="fold"), *(Column(name, justify="right") for name in headers))
    for each in estimates:
        table.add_row(escape(each.name), f"{each.value:.4g}", f"{each.low:.4g} to {each.high:.4g}")
    out.print(table)


def _show_sizes(found: "Formulation") -> None:
    """Print how many rows differences in cost need."""
    from rich.table import Column, Table

    from ..model.sample_size import ASSUMED
    from .composition import out

    if not found.sizes:
        out.print("The rules make no mistake on these rows: no model can be cheaper.")
        return
    names = ("of the rules' cost", "a decision", "rows needed", "interval")
    table = Table(*(Column(name, justify="right") for name in names), caption=f"There are {found.rows:,} rows.")
    for size in found.sizes:
        table.add_row(f"{size.share:.1%}", f"{size.difference:.3g}", f"{size.rows:,}", f"{size.low:,} to {size.high:,}")
    out.print("Rows that a difference needs:", ASSUMED, highlight=False)
    out.print(table)
