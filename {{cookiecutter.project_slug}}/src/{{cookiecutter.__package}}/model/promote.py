"""Promote: the rules are registered as the first champion; a challenger that passed its gates replaces them."""

from collections.abc import Callable

from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem, rules_tags
from ..stores.models import StoredModel
from ..stores.registry import Registry


def register_rules(registry: Registry, problem: Problem, plan: Plan, fit: Callable[[], object]) -> str | None:
    """Register the rules as the fallback, and as champion if there is none.

    Returns the new version, of the model that `fit` makes, or None when the registry already has these rules, whole.
    Edited rules replace the old ones wherever those answer. A call that was interrupted is completed by the next one.
    """
    tags, version, fallback = rules_tags(problem), None, registry.version("fallback")
    is_current = fallback is not None and registry.tags(fallback).items() >= tags.items()
    if fallback is None or not is_current or not registry.is_intact(fallback):
        tags = {**tags, "plan": plan.fingerprint}
        version = fallback = registry.register(fit(), name="rules", inputs=problem.inputs, metrics={}, tags=tags)
        registry.set_alias("fallback", version)
    champion = registry.version("champion")
    if champion != fallback and (champion is None or registry.tags(champion).get("name") == "rules"):
        _replace_champion(registry, fallback)
    registry.publish_aliases()
    return version


def promote(registry: Registry, problem: Problem, version: str | None) -> tuple[StoredModel, bool]:
    """Make a version, that of the challenger, the champion; the old champion becomes `previous`.

    Returns the new champion, and whether it was made for another contract than the last champion.

    Raises UserError: there is no challenger, it does not load, or it was made for another contract.
    """
    if version is None:
        raise UserError("there is no challenger to promote; run the `train` command, which says why if it refuses")
    challenger = registry.load_version(version, "challenger")
    if challenger.tags.get("contract") != problem.fingerprint:
        raise UserError(f"{challenger.label} was made for another contract; run the `data` and `train` commands again")
    # after a change of the contract, the new rules may be champion already: compare with the one before them
    is_rules = registry.version("champion") == registry.version("fallback")
    old = registry.version("previous" if is_rules else "champion")
    changed = old is not None and registry.tags(old).get("contract") != problem.fingerprint
    _replace_champion(registry, challenger.version)
    registry.drop_alias("challenger")
    return challenger, changed


def _replace_champion(registry: Registry, version: str) -> None:
    old = registry.version("champion")
    if old not in (None, version):
        registry.set_alias("previous", str(old))
    registry.set_alias("champion", version)
