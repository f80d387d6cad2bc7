"""Promote: the rules take the stage first; a challenger follows when its evidence is in order."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from .. import contract
from ..errors import UserError
from ..schema import columns
from .rulebook import RuleBook
from .train import contract_fingerprint

if TYPE_CHECKING:
    from ..plan import Plan
    from ..registered import Registered
    from ..registry import Registry


def install_rules(registry: Registry, plan: Plan) -> str | None:
    """Register the rules as the fallback, and as champion if there is none.

    Returns the new version, or None when the registry already has exactly these rules. Edited rules
    replace the old ones wherever those answer.

    Raises
    ------
    UserError
        A rule cannot be used.
    """
    try:
        rules = RuleBook().fit()
    except ValueError as error:
        raise UserError(str(error)) from None
    mark = hashlib.sha256(json.dumps(rules.get_params(), sort_keys=True).encode()).hexdigest()[:16]
    fallback, champion = registry.version("fallback"), registry.version("champion")
    tags = {"rules": mark, "contract": contract_fingerprint(), "plan": plan.fingerprint}
    if fallback is not None:
        stored = registry.tags(fallback)
        if all(stored.get(key) == tags[key] for key in ("rules", "contract")):
            return None
    inputs = [column for column in columns(contract.Features) if column.seen_by_models]
    version = registry.register(rules, name="rules", inputs=inputs, metrics={}, tags=tags)
    registry.set_alias("fallback", version)
    if champion in (None, fallback):
        registry.set_alias("champion", version)
    return version


def promote(registry: Registry) -> Registered:
    """Make the challenger the champion; whatever runs follows by itself. The old champion becomes `previous`.

    Raises
    ------
    UserError
        There is no challenger, it does not load, or it was made for another contract.
    """
    if registry.version("challenger") is None:
        message = "there is no challenger to promote; run the `train` command, and read why if it refuses"
        raise UserError(message)
    challenger = registry.load("challenger")
    if challenger.tags.get("contract") != contract_fingerprint():
        message = f"{challenger.label} was made for another contract; run the `data` and `train` commands again"
        raise UserError(message)
    champion = registry.version("champion")
    if champion is not None:
        registry.set_alias("previous", champion)
    registry.set_alias("champion", challenger.version)
    registry.drop_alias("challenger")
    return challenger
