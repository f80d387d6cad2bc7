"""The command that chooses hyperparameters."""

import json
import math
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

commands = typer.Typer()
SHOWN = 5  # trials


@commands.command()
def search(
    name: Annotated[
        str, typer.Argument(help="A candidate in SPACES of candidates.py; without a name, all of them.")
    ] = "",
    *,
    jobs: Annotated[
        int, typer.Option(help="Processes that fit at the same time; -1: as many as there are cores.")
    ] = -1,
) -> None:
    """Choose hyperparameters of candidates, on rows that they are not compared on; goes on where it was interrupted."""
    from ..core.errors import UserError
    from ..core.search_space import check_spaces
    from ..core.settings import sqlite_url
    from ..model.assignments import find_search_rows
    from ..model.evaluate import split_columns
    from ..model.recency import take
    from ..model.search import open_study
    from ..model.search import search as run_search
    from .composition import load_project, out
    from .model import prepare

    project = load_project()
    problem, plan = project.problem, project.plan
    candidates, spaces = problem.candidates(), problem.spaces()
    check_spaces(spaces, candidates)
    if not spaces or (name and name not in spaces):
        known = f"it has {', '.join(spaces)}" if spaces else "name a candidate and its parameters there"
        raise UserError(f"candidates.py: SPACES has no {name or 'candidate'}; {known}")
    with project.lake() as lake:
        rows = split_columns(lake.frame("training"), problem, plan)
    prepare(project)
    project.registry.check()
    rows = take(rows, find_search_rows(rows.units, rows.keys, plan.search.share))
    storage = sqlite_url(project.settings.var / "search.db")
    with out.status("searching") as status, _workers(project.settings.dask_scheduler, jobs):
        for each in [name] if name else spaces:
            study = open_study(each, spaces[each], rows, plan, storage)
            show = partial(_show_progress, status, each)
            trials = run_search(study, candidates[each], spaces[each], rows, problem, plan, show)
            _keep(project, each, trials)


def _show_progress(status: Any, name: str, text: str) -> None:
    from rich.markup import escape

    status.update(f"{escape(name)}: {escape(text)}")


def _keep(project: Any, name: str, trials: list[Any]) -> None:
    """Record a search, and write what it has chosen to problem/parameters.json."""
    from ..core.search_space import Chosen, digest_space
    from ..model.search import draw_search
    from ..stores.files import write_text
    from ..stores.searches import record_search
    from .composition import PARAMETERS, out

    best = trials[0]
    run = record_search(project.registry, name, trials, best.parameters, draw_search(name, trials))
    digest = digest_space(project.problem.spaces()[name])
    chosen = Chosen(parameters=best.parameters, cost=best.cost, trials=len(trials), run=run, space=digest)
    every = {**_read(PARAMETERS), name: chosen.model_dump()}
    write_text("problem/parameters.json", PARAMETERS, json.dumps(every, indent=2, sort_keys=True) + "\n")
    out.print(f"{name}: {len(trials)} trials; a decision costs least with", markup=False)
    for trial in trials[:SHOWN]:
        shown = trial.reason if math.isnan(trial.cost) else f"{trial.cost:.4f}"
        out.print(f"  {shown}  {trial.parameters}{' (as it was)' if trial.number == 0 else ''}", markup=False)
    out.print("What was chosen is in problem/parameters.json: commit it, then `train`.")


def _read(path: Path) -> dict[str, Any]:
    from ..core.search_space import read_chosen

    return {name: one.model_dump() for name, one in read_chosen(path).items()}


def _workers(scheduler: str, jobs: int) -> Any:
    """Return where joblib works: in processes of this machine, or by the workers of a Dask scheduler."""
    import joblib

    from ..core.errors import UserError, in_one_line

    if not scheduler:
        return joblib.parallel_config(n_jobs=jobs)
    try:
        from dask.distributed import Client
    except ImportError:
        raise UserError("APP_DASK_SCHEDULER: Dask is not installed; run `uv add 'dask[distributed]'`") from None
    with in_one_line(f"APP_DASK_SCHEDULER: {scheduler}", "start it, or unset APP_DASK_SCHEDULER"):
        client: Any = Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call,unused-ignore]
    return joblib.parallel_config("dask", client=client, n_jobs=-1)
