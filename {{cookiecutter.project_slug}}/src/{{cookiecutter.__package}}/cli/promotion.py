"""What `promote` and `rollout start` check of a version before it may answer."""

from typing import TYPE_CHECKING

from ..core.errors import UserError

if TYPE_CHECKING:  # imported by the commands, so that --help answers at once
    from ..stores.lake import Lake
    from .composition import Project

STATISTICS = "statistics"  # the lake's table with a row for each run of `data`, column and bin


def check_promotion(project: "Project", version: str, command: str, force: str | None) -> None:
    """Check a version by what the registry has of it. Raises UserError: something speaks against it.

    `force`: the reason of a person to do it all the same; the event in the ledger keeps it.
    """
    from ..model.provenance import digest_training_plan, lacks_commit
    from ..model.veto import Present, find_objections
    from .composition import out

    if force is not None and not force.strip():
        raise UserError("--force: give the reason, which `history` shows")
    registry = project.registry
    found = registry.evidence(version)
    with project.lake() as lake:
        runs = read_runs(lake)
    present = Present(
        contract=project.problem.fingerprint,
        training_plan=digest_training_plan(project.plan),
        champion=registry.label(registry.version("champion") or ""),
        fallback=registry.label(registry.version("fallback") or ""),
        runs=frozenset(runs),
        edited=registry.find_edited_aliases(),
        needs_commit=project.plan.gates.clean_commit,
        lacks_commit=lacks_commit(project.settings.root, found["tags"].get("commit", "none")),
    )
    if not (objections := find_objections(version, found, present)):
        return
    if force is None:
        next_step = f'correct that and run `train`, or give the reason for it: `{command} --force "REASON"`'
        raise UserError(f"{found['label']} may not answer: {'; '.join(objections)}; {next_step}")
    for objection in objections:
        out.print(f"Forced, although {objection}.", markup=False)


def warn_of_changes(project: "Project") -> None:
    """Print that what is trained now cannot be promoted, if it is trained from files that no commit has."""
    from ..model.provenance import read_commit
    from .composition import out

    if project.plan.gates.clean_commit and not read_commit(project.settings.root)[1]:
        next_step = "commit first: `promote` asks for a clean commit (gates.clean_commit)"
        out.print(f"Some files are in no commit; {next_step}.", markup=False)


def read_runs(lake: "Lake") -> list[str]:
    """Return the times of all runs of `data` that the lake has on record, the latest last."""
    if not lake.has(STATISTICS):
        return []
    runs = lake.read(STATISTICS).select("run", "time").distinct().order_by("run")
    return [str(row["time"]) for row in runs.to_pyarrow().to_pylist()]
