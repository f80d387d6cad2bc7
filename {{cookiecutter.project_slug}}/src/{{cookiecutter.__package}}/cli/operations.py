"""Commands of the operations wheel."""

from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def monitor(last: Annotated[int, typer.Option(min=1, help="How many decisions to look at.")] = 1000) -> None:
    """Compare the inputs of recent decisions with the training table. Exit 1: a check failed."""
    from ..operations.drift import input_drift, read_baseline
    from .composition import load_project, show

    project = load_project()
    with project.lake() as lake, project.ledger() as ledger:
        recent = [decision["features"] for decision in ledger.recent(last)]
        baseline = read_baseline(lake.read("baseline").to_pyarrow().to_pylist())
    results = list(input_drift(baseline, recent, project.plan))
    for result in results:
        show(result)
    if any(result.status == "fail" for result in results):
        raise typer.Exit(1)
