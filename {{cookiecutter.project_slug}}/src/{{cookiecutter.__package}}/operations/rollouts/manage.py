"""Begin, pause, resume and end a rollout, and move the aliases when it is over."""

from collections.abc import Mapping
from typing import Any

from ...core.errors import UserError
from ...core.plan import Plan
from ...core.problem import Problem
from ...stores.ledger import Ledger
from ...stores.models import Models
from ...stores.registry import Registry
from ...stores.rollouts import Rollout, RolloutConflictError, begin, change, read_current, read_latest


def find_challenger(registry: Registry, problem: Problem, version: str | None) -> str:
    """Return the version to roll out: the one that is given, or that of the challenger.

    Raises UserError: there is no such version, or it is the champion or was made for another contract.
    """
    if version:
        registry.check_version("--challenger", version)
    version = version or registry.version("challenger")
    if version is None:
        raise UserError("there is no challenger to roll out; run the `train` command, which says why if it refuses")
    label, champion = registry.label(version), registry.models.entry("champion")
    if champion is None:
        raise UserError("no champion is published; `run --prepare` publishes the rules")
    if champion["version"] == version:
        raise UserError(f"{label} is the champion already; `train` makes another challenger")
    if registry.tags(version).get("contract") != problem.fingerprint:
        raise UserError(f"{label} was made for another contract; run the `data` and `train` commands again")
    return version


def start(ledger: Ledger, registry: Registry, version: str, plan: Plan, why: str) -> Rollout:
    """Begin a rollout of a version, with its shadow. Raises UserError: it does not load, or another rollout is live."""
    challenger, champion = registry.publish_version(version), registry.models.entry("champion") or {}
    registry.models.load("challenger", challenger)  # raises if it does not load
    try:
        return begin(ledger, champion, challenger, plan.rollout.steps, why)
    except RolloutConflictError as error:
        raise UserError(f"{error}; look at `rollout status`") from None


def live(ledger: Ledger) -> Rollout:
    """Return the rollout that is live. Raises UserError: there is none."""
    rollout = read_current(ledger)
    if rollout is None:
        raise UserError("no rollout is live; `rollout start` begins one")
    return rollout


def pause(ledger: Ledger, why: str) -> Rollout:
    """Keep a rollout at its step until it is resumed; guards that look at any moment still end it."""
    rollout = live(ledger)
    if rollout.state == "paused":
        raise UserError("the rollout is paused already; `rollout resume` goes on")
    return _change(ledger, rollout, why, state="paused")


def resume(ledger: Ledger, why: str) -> Rollout:
    """Let a paused rollout go on."""
    rollout = live(ledger)
    if rollout.state != "paused":
        raise UserError(f"the rollout is not paused; it is {rollout.title}")
    return _change(ledger, rollout, why, state="running" if rollout.step else "shadow")


def roll_back(ledger: Ledger, models: Models, why: str) -> tuple[Rollout, str | None]:
    """Give all traffic to the champion; after a rollout that is done, to the champion before it.

    Returns the rollout, and the version that has to become champion in the registry too, or None. Products follow the
    ledger and the published aliases: neither needs the registry. Raises UserError: there is nothing to roll back.
    """
    rollout = read_latest(ledger)
    if rollout is not None and rollout.is_live:
        return _change(ledger, rollout, why, state="back"), None
    champion = models.entry("champion")
    is_champion = rollout is not None and champion is not None and champion["version"] == rollout.challenger["version"]
    if rollout is None or rollout.state != "done" or not is_champion:
        raise UserError("there is nothing to roll back: no rollout is live, and the champion was not rolled out last")
    models.publish("champion", **_entry(rollout.champion))
    return _change(ledger, rollout, why, state="back"), rollout.champion["version"]


def stop(ledger: Ledger, models: Models, why: str) -> str:
    """Return everything to the rules; return their version, which has to become champion in the registry too."""
    fallback = models.entry("fallback")
    if fallback is None:
        raise UserError("no rules are published; `run --prepare` publishes them")
    models.publish("champion", **_entry(fallback))
    rollout = read_current(ledger)
    if rollout is not None:
        _change(ledger, rollout, why, state="stopped")
    return str(fallback["version"])


def finish(registry: Registry, rollout: Rollout) -> None:
    """Make the challenger the champion, and the champion `previous`. The call is idempotent."""
    version, old = rollout.challenger["version"], rollout.champion["version"]
    registry.set_alias("previous", old)
    registry.set_alias("champion", version)
    if registry.version("challenger") == version:
        registry.drop_alias("challenger")


def check_champion(models: Models, rollout: Rollout) -> str:
    """Return why a rollout cannot go on because the champion is another one by now, or ""."""
    champion = models.entry("champion") or {"name": "none", "version": ""}
    # the challenger is the champion already if finishing was interrupted
    known = rollout.champion["version"], rollout.challenger["version"]
    label = f"{champion['name']}:{champion['version']}"
    reason = f"the champion is {label} by now, and the challenger was compared with another one"
    return "" if champion["version"] in known else reason


def _change(ledger: Ledger, rollout: Rollout, why: str, **changes: Any) -> Rollout:
    try:
        return change(ledger, rollout, why=why, **changes)
    except RolloutConflictError as error:
        raise UserError(str(error)) from None


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("name", "version", "digest", "tags")}
