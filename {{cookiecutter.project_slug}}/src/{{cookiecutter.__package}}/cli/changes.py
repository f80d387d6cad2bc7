"""Commands about changes of what is in use: their history, and a drill of the way back."""

import json
from typing import Annotated

import typer

commands = typer.Typer()
SECONDS = len("2030-01-31T12:00:00")  # of a time that is shown, which a narrow terminal must not cut


@commands.command()
def history(
    last: Annotated[int, typer.Option(min=1, help="How many events to show.")] = 50,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print events and models as JSON.")] = False,
) -> None:
    """Show which model answered when, and every change of aliases, rollouts, plan and contract."""
    from rich.table import Column, Table

    from ..stores.events import read_events
    from ..stores.history import read_models
    from .composition import load_project, out

    with load_project().ledger() as ledger:
        models, events = read_models(ledger), read_events(ledger, last)[::-1]
    if as_json:
        typer.echo(json.dumps({"models": models, "events": events}, indent=2, default=str))
        return
    if not models and not events:
        out.print("Nothing has happened yet; `run` starts the product.", markup=False)
        return
    names = "at", "first decision", "last decision"
    at, *of_decisions = [Column(f"{name} (UTC)", no_wrap=True, min_width=SECONDS) for name in names]
    answered = Table("model", *of_decisions, "decisions", title="Which model answered when")
    for row in models:
        answered.add_row(row["model"], row["first"][:SECONDS], row["last"][:SECONDS], str(row["decisions"]))
    others = [Column(name, overflow="fold") for name in ("who", "what", "name", "from", "to", "why")]
    changes = Table(at, *others, title="Changes")
    for event in events:
        texts = (str(event[name]) for name in ("who", "kind", "name", "old", "new", "why"))
        changes.add_row(event["at"][:SECONDS], *texts)
    out.print(answered, changes)


@commands.command()
def drill(
    url: Annotated[str, typer.Option(help="The running product; by default where the settings say.")] = "",
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Of the traffic, for the challenger.")] = 0.02,
) -> None:
    """Roll out and back on a running product, and measure the way back. Exit 1: it took longer than the plan allows.

    Without a challenger the previous champion takes its place, or the champion itself.
    """
    from functools import partial

    from ..operations.rollouts.drill import ask_rollout, run_drill
    from .composition import load_project, out

    project = load_project()
    settings, limit = project.settings, project.plan.rollout.max_back_seconds
    champion = project.models.load("champion")
    entry = project.models.entry("champion") or {}
    keys = [key.get_secret_value() for key in settings.api_keys]
    ask = partial(ask_rollout, (url or settings.url).rstrip("/"), keys[0] if keys else "")
    ask()
    version = next(filter(None, map(project.registry.version, ("challenger", "previous"))), champion.version)
    with project.ledger() as ledger, out.status("rolling out and back"):
        found = run_drill(ledger, entry, project.registry.publish_version(version), share, ask)
    out.print(f"The product followed the rollout after {found.forth:.2f} s and the way back after {found.back:.2f} s.")
    if found.late:
        out.print(f"The last decision of the challenger was made {found.late:.2f} s after the way back.")
    if max(found.back, found.late) > limit:
        out.print(f"The plan allows {limit:g} s (rollout.max_back_seconds).")
        raise typer.Exit(1)
