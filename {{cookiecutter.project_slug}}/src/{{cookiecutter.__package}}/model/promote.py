"""Promote: the rules are registered as the first champion; a challenger that passed its gates replaces them."""

from __future__ import annotations

from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem, rules_tags
from ..stores.models import StoredModel
from ..stores.registry import Registry


def register_rules(registry: Registry, problem: Problem, plan: Plan) -> str | None:
    """Register the rules as the fallback, and as champion if there is none.

    Returns the new version, or None when the registry already has exactly these rules. Edited rules
    replace the old ones wherever those answer.
    """
    fallback, champion = registry.version("fallback"), registry.version("champion")
    tags = rules_tags(problem)
    if fallback is not None and registry.tags(fallback).items() >= tags.items():
        registry.publish_aliases()
        return None
    model, tags = problem.rules.fit(), {**tags, "plan": plan.fingerprint}
    version = registry.register(model, name="rules", inputs=problem.inputs, metrics={}, tags=tags)
    registry.set_alias("fallback", version)
    if champion in (None, fallback):
        registry.set_alias("champion", version)
    registry.publish_aliases()
    return version


def promote(registry: Registry, problem: Problem) -> tuple[StoredModel, bool]:
    """Make the challenger the champion; the old champion becomes `previous`.

    Returns the new champion, and whether it was made for another contract than the old one.

    Raises
    ------
    UserError
        There is no challenger, it does not load, or it was made for another contract.
    """
    if registry.version("challenger") is None:
        message = "there is no challenger to promote; run the `train` command, which says why if it refuses"
        raise UserError(message)
    challenger = registry.load("challenger")
    if challenger.tags.get("contract") != problem.fingerprint:
        message = f"{challenger.label} was made for another contract; run the `data` and `train` commands again"
        raise UserError(message)
    old = registry.version("champion")
    if old is not None:
        registry.set_alias("previous", old)
    registry.set_alias("champion", challenger.version)
    registry.drop_alias("challenger")
    changed = old is not None and registry.tags(old).get("contract") != problem.fingerprint
    return challenger, changed
