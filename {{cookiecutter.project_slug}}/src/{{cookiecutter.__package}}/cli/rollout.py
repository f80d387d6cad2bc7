"""Commands of a rollout: replace the champion by a challenger step by step, under guards."""

import json
from typing import Annotated

import typer

HELD, ROLLED_BACK = 5, 1
commands = typer.Typer()
rollout = typer.Typer(no_args_is_help=True, help="Replace the champion by a challenger step by step, under guards.")
commands.add_typer(rollout, name="rollout")
Why = Annotated[str, typer.Option(help="Why, for `history`.")]


@rollout.command()
def start(
    challenger: Annotated[str | None, typer.Option(help="A version; the challenger by default.")] = None,
    *,
    why: Why = "",
    force: Annotated[
        str | None, typer.Option(help="Why to begin although something speaks against it, for `history`.")
    ] = None,
) -> None:
    """Begin with the shadow: the challenger scores all traffic without answering. `promote` checks the same."""
    from ..operations.rollouts import manage
    from .composition import load_project, out
    from .promotion import check_promotion

    project = load_project()
    with project.ledger() as ledger:
        version = manage.find_challenger(project.registry, project.problem, challenger)
        check_promotion(project, version, "rollout start", force)
        why = "; ".join(filter(None, [why, force and f"forced: {force}"]))
        begun = manage.start(ledger, project.registry, version, project.plan, why)
    label = f"{begun.challenger['name']}:{begun.challenger['version']}"
    out.print(f"{label} scores all traffic in the shadow; `rollout advance` looks at it.", markup=False)


@rollout.command()
def advance(
    *,
    unattended: Annotated[bool, typer.Option("--unattended", help="Exit 0 unless it goes back.")] = False,
) -> None:
    """Run the guards, then go one step further, hold, or roll back. Exit 0: further or done; 5: held; 1: back.

    With --unattended, as for a scheduler, it is no error that no rollout is live, or that it is paused or held.
    """
    from ..core.errors import UserError
    from ..operations.rollouts import manage
    from ..operations.rollouts.advance import Look, apply, look
    from ..stores.rollouts import RolloutConflictError, read_current
    from .composition import load_project, out, show
    from .job_summary import summarise, tabulate

    project = load_project()
    with project.ledger() as ledger:
        if unattended and ((latest := read_current(ledger)) is None or latest.state == "paused"):
            text = "No rollout is live." if latest is None else "The rollout is paused."
            out.print(text)
            summarise("Rollout", text)
            return
        current = manage.live(ledger)
        if current.state == "paused":
            raise UserError("the rollout is paused; `rollout resume` goes on, `rollout back` ends it")
        out.print(f"{current.challenger['name']}:{current.challenger['version']} is {current.title}", markup=False)
        if reason := manage.check_champion(project.models, current):
            found = Look([], "back", reason)
        else:
            found = look(ledger, current, project.problem, project.plan)
        for result in found.results:
            show(result)
        if found.action == "done":
            manage.finish(project.registry, current)
        try:
            new = apply(ledger, current, found)
        except RolloutConflictError as error:
            if found.action == "done":  # the alarm rolled back meanwhile
                project.registry.set_alias("champion", current.champion["version"])
            raise UserError(str(error)) from None
    sentences = {
        "next": f"Further: {new.title}.",
        "done": f"Done: {new.challenger['name']}:{new.challenger['version']} is the champion.",
        "hold": f"Held at step {new.step}: {found.reason}.",
        "back": f"Rolled back: {found.reason}.",
    }
    out.print(sentences[found.action], markup=False)
    summarise("Rollout", f"{tabulate(found.results)}\n\n{sentences[found.action]}")
    code = {"hold": 0 if unattended else HELD, "back": ROLLED_BACK}.get(found.action)
    if code:
        raise typer.Exit(code)


@rollout.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the rollout and its looks as JSON.")] = False
) -> None:
    """Show the live rollout, or how the last one ended, and what the guards say now."""
    from ..operations.rollouts.advance import look
    from ..stores.rollouts import describe_rollout, read_latest
    from .composition import load_project, out, show

    project = load_project()
    with project.ledger() as ledger:
        latest = read_latest(ledger)
        found = look(ledger, latest, project.problem, project.plan) if latest and latest.is_live else None
    if as_json:
        guards = [{"guard": r.gate, "status": r.status, "message": r.message} for r in (found.results if found else [])]
        shown = None if latest is None else describe_rollout(latest) | {"looks": latest.looks, "guards": guards}
        typer.echo(json.dumps(shown, indent=2, default=str))
    elif latest is None:
        out.print("No rollout was begun yet; `rollout start` begins one.", markup=False)
    else:
        label = f"{latest.challenger['name']}:{latest.challenger['version']}"
        out.print(f"{label} is {latest.title} since {latest.changed_at}: {latest.reason or 'no reason'}", markup=False)
        for result in found.results if found else []:
            show(result)


@rollout.command()
def pause(*, why: Why = "") -> None:
    """Stay at this step until `resume`; the alarm still rolls back."""
    from ..operations.rollouts import manage
    from .composition import load_project, out

    with load_project().ledger() as ledger:
        out.print(f"The rollout is {manage.pause(ledger, why).title}.", markup=False)


@rollout.command()
def resume(*, why: Why = "") -> None:
    """Go on after `pause`."""
    from ..operations.rollouts import manage
    from .composition import load_project, out

    with load_project().ledger() as ledger:
        out.print(f"The rollout is {manage.resume(ledger, why).title}.", markup=False)


@rollout.command()
def back(*, why: Why = "") -> None:
    """Give all traffic to the champion at once; after a rollout that is done, to the champion before it."""
    from ..operations.rollouts import manage
    from .composition import load_project, out

    project = load_project()
    with project.ledger() as ledger:
        ended, version = manage.roll_back(ledger, project.models, why)
        out.print(f"Rolled back: {ended.champion['name']}:{ended.champion['version']} answers.", markup=False)
        if version is not None:  # products follow already
            project.registry.set_alias("champion", version)


@rollout.command()
def stop(*, why: Why = "") -> None:
    """Return everything to the rules at once."""
    from ..operations.rollouts import manage
    from .composition import load_project, out

    project = load_project()
    with project.ledger() as ledger:
        version = manage.stop(ledger, project.models, why)
        out.print(f"The rules, version {version}, answer everything.", markup=False)
        # products follow already
        old = project.registry.version("champion")
        if old not in (None, version):
            project.registry.set_alias("previous", str(old))
        project.registry.set_alias("champion", version)
