"""Commands that plant traffic and faults: `simulate`, and `faulty-challenger`."""

import re
import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UserError

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from .composition import Project

commands = typer.Typer()
INTERRUPTED = 130  # exit code of a command that Ctrl-C ended
FAULTS = "drift, slow-drift, unit-change, new-category, label-flip, missing, bad-input, reviewers-accept-all"


@commands.command()
def simulate(  # noqa: PLR0913  # each is an option
    file: Annotated[str, typer.Option(help="A table to replay, by its file or URL, instead of the plan's.")] = "",
    *,
    url: Annotated[str, typer.Option(help="Address of the product; by default that of APP_HOST and APP_PORT.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many decisions to ask for.")] = 500,
    rate: Annotated[float, typer.Option(min=0, help="Decisions a second; 0 is as fast as possible.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Send the cases of this seed; by default, new ones.")] = None,
    review_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of decisions that people review.")] = 0.5,
    review_errors: Annotated[float, typer.Option(min=0, max=1, help="Share of reviews that are wrong.")] = 0.05,
    automation_bias: Annotated[
        float, typer.Option(min=0, max=1, help="Probability that people accept what is shown without thinking.")
    ] = 0.3,
    outcomes: Annotated[float, typer.Option(min=0, max=1, help="Share of cases that have an outcome.")] = 1,
    delay: Annotated[str, typer.Option(help="How late outcomes are: decisions as `100`, or seconds as `30s`.")] = "100",
    fault: Annotated[list[str] | None, typer.Option(help=f"Plant a fault; may be repeated: {FAULTS}.")] = None,
    column: Annotated[str, typer.Option(help="The column that faults change, instead of the first that fits.")] = "",
) -> None:
    """Replay the rows of a table as traffic of a running product, with reviewers and late outcomes.

    The numbers of the rows are moved a little, within the contract, so that no decision copies a row: `train` refuses
    tables with many copies. A decision has the label of its row as the truth, which reviewers and outcomes give.
    Ctrl-C ends the simulation with its summary.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from ..operations.simulation.faults import ACCEPT_ALL, make_changes
    from ..operations.simulation.reviewers import Reviewers
    from ..operations.simulation.traffic import Schedule, Traffic
    from .composition import load_project, out

    amount, in_seconds = _read_delay(delay)
    if column and not fault:
        raise UserError(f"--column: {column!r} is what a --fault changes, and none is given; use one of {FAULTS}")
    project, faults = load_project(), fault or []
    client = _connect(project, url)
    source = _read_cases(project, file, secrets.randbits(32) if seed is None else seed)
    changes = make_changes(faults, source, column)
    reviewers = Reviewers(review_rate, review_errors, 1.0 if ACCEPT_ALL in faults else automation_bias)
    schedule = Schedule(count, rate, amount, in_seconds, outcomes)
    traffic = Traffic(client, source, reviewers, schedule, f"simulated-{secrets.token_hex(4)}", changes)
    shown = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    interrupted = False
    with Progress(*shown, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=count)
        try:
            for done in traffic.send():
                progress.update(task, completed=done)
        except KeyboardInterrupt:
            interrupted = True
        except UserError:
            _print(traffic.summary.describe(project.problem.target))
            raise
    _print(traffic.summary.describe(project.problem.target))
    if interrupted:
        raise typer.Exit(INTERRUPTED)


@commands.command()
def faulty_challenger(
    kind: Annotated[str, typer.Argument(help="worse, slow or failing.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of the cases that the fault hits.")] = 1,
) -> None:
    """Register a challenger with a fault on purpose, made of the champion, to see that a rollout refuses it."""
    from ..core.faulty import make_faulty
    from .composition import load_project, out

    project = load_project()
    registry, champion = project.registry, project.registry.load("champion")
    if champion.tags.get("contract") != project.problem.fingerprint:
        raise UserError(f"{champion.label} was made for another contract; run `run --prepare` first")
    version = registry.register(
        make_faulty(kind, champion.model, share=share),
        name=f"faulty-{kind}" if share else "copy",
        inputs=project.problem.inputs,
        metrics={},
        tags={"contract": project.problem.fingerprint, "plan": project.plan.fingerprint},
    )
    registry.set_alias("challenger", version)
    out.print(f"The challenger is version {version}, with a fault on purpose: {kind}.", markup=False)


def _read_delay(text: str) -> tuple[float, bool]:
    """Return how late outcomes are, and whether that is in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s?)", text.strip())
    if found is None or (not found[2] and "." in found[1]):
        raise UserError(f"--delay: {text!r} is no delay; write decisions as 100, or seconds as 30s")
    return float(found[1]), bool(found[2])


def _connect(project: "Project", url: str) -> Any:
    """Return a client of the product, with a key of the settings. Raises UserError: it does not answer."""
    from ..operations.simulation.client import Client

    settings = project.settings
    client = Client(url or settings.url, settings.api_keys[0].get_secret_value() if settings.api_keys else "")
    client.check()
    return client


def _read_cases(project: "Project", file: str, seed: int) -> Any:
    """Return the source of cases: the usable rows of a table, read and joined as problem/sources.py declares."""
    from ..data.collect import REASON, read_file
    from ..data.labels import FILE
    from ..operations.simulation.cases import CaseSource
    from ..stores.files import find_table
    from ..stores.lake import KEY, ORIGIN, SUBJECT

    if not file and project.problem.joins:  # the table alone has not all columns of a case
        with project.lake() as lake:
            training = lake.read("training")
            rows = training.filter(training[ORIGIN] == FILE).to_pyarrow().to_pylist()
    else:
        place = find_table(file) if file else find_table(project.plan.data.source, project.settings.root)
        read = (row for batch in read_file(place, project.problem) for row in batch.to_pylist())
        rows = [row for row in read if row[REASON] is None]
    return CaseSource(rows, [row[SUBJECT] or row[KEY] for row in rows], project.problem, seed)


def _print(lines: list[str]) -> None:
    from .composition import out

    for line in lines:
        out.print(line, markup=False)
