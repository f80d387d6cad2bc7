"""Commands of labelling: give decisions to labellers, and take their labels back."""

import re
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import UserError

NAME = re.compile(r"[\w-]{1,40}")  # of a labeller, which is a part of file names
commands = typer.Typer()
label = typer.Typer(no_args_is_help=True, help="Give decisions to people who label them, and take their labels back.")
commands.add_typer(label, name="label")


@label.command("prepare")
def prepare_sheets(
    file: Annotated[Path, typer.Argument(help="Where to write, .csv or .parquet; one sheet for each labeller.")],
    labellers: Annotated[str, typer.Option(help="Who labels: names with commas between them. Use pseudonyms.")],
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Decisions in the batch.")] = 100,
    overlap: Annotated[float | None, typer.Option(min=0, max=1, help="Share for two labellers; the plan's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 0,
) -> None:
    """Write decisions without a label for people to label, blind: uncertain and random ones, in random order."""
    import numpy as np

    from ..data import label_sheets, labelling
    from ..stores.labelling import add_tasks, read_tasks, read_unlabelled
    from .composition import load_project, out

    names = [name.strip() for name in labellers.split(",")]
    if len({*names}) < len(names) or not all(map(NAME.fullmatch, names)):
        raise UserError(f"--labellers: {labellers!r}: give different names of letters, digits, _ and -, as anna,ben")
    project = load_project()
    sheets, planned, problem = label_sheets.name_sheets(file, names), project.plan.labelling, project.problem
    with project.ledger() as ledger:
        assigned = labelling.find_ties(read_tasks(ledger), names, planned.left_out)[:rows]
        ids, scores, needs_review = read_unlabelled(ledger, planned.newest)
        order = np.array([problem.objective.margins(scores), ~needs_review])
        drawn = labelling.draw_cases(ids, order, rows - len(assigned), planned.uncertain, seed)
        assigned += labelling.assign_cases(drawn, names, planned.overlap if overlap is None else overlap)
        if not assigned:
            raise UserError("no decision waits for a label: all have one, or were given to labellers")
        tasks = labelling.make_tasks(assigned, seed)
        decisions = ledger.find_decisions([task["decision_id"] for task in tasks])
        columns = label_sheets.shown_columns(problem, show_protected=planned.show_protected)
        try:
            for who, path in sheets.items():
                own = {task["id"]: task["decision_id"] for task in tasks if task["labeller"] == who}
                cases = {each: decisions[decision]["features"] for each, decision in own.items()}
                label_sheets.write_sheet(path, cases, columns, problem.target)
            add_tasks(ledger, tasks)
        except BaseException:  # sheets that the ledger does not know cannot be taken back
            for path in sheets.values():
                path.unlink(missing_ok=True)
            raise
    for who, path in sheets.items():
        out.print(f"{path}: {sum(task['labeller'] == who for task in tasks)} cases for {who}", markup=False)


@label.command()
def take(
    file: Annotated[Path, typer.Argument(help="A sheet that `label prepare` wrote, with labels.")],
    labeller: Annotated[str, typer.Option(help="Who labelled it.")],
) -> None:
    """Record the labels of a sheet: all of them, or none. Cases without a label stay open."""
    from ..data.label_sheets import read_sheet
    from ..stores.labelling import read_tasks, record_labels
    from .composition import load_project, out

    project = load_project()
    with project.ledger() as ledger:
        tasks = {task["id"]: task for task in read_tasks(ledger)}
        if labeller not in {task["labeller"] for task in tasks.values()}:
            raise UserError(f"--labeller: nothing was given to {labeller}; `label status` lists the names")
        new, known, empty = read_sheet(file, labeller, tasks, project.problem)
        record_labels(ledger, new)
    text = f"Labels of {labeller}: {len(new)} new, {len(known)} on record already, {empty} still empty."
    out.print(text, markup=False)


@label.command()
def status() -> None:
    """Show what is labelled and open, by whom, how far labellers agree, and what answers cost."""
    from ..data.agreement import check_agreement
    from ..data.labelling import describe_cost, describe_labellers, group_labels
    from ..stores.labelling import read_tasks
    from .composition import load_project, out, show

    project = load_project()
    plan, problem = project.plan, project.problem
    with project.ledger() as ledger:
        tasks = read_tasks(ledger)
    if not tasks:
        out.print("Nothing was given to labellers yet; `label prepare` does it.", markup=False)
        return
    for line in describe_labellers(tasks, problem.target, plan):
        out.print(line, markup=False)
    show(check_agreement(group_labels(tasks, plan.labelling.left_out), problem.target, plan))
    if text := describe_cost(tasks, problem, plan):
        out.print(text, markup=False)
