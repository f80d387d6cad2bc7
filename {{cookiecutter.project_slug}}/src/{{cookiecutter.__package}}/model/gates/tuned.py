"""The gate of a search: the parameters of a candidate are those that the search on record chose."""

from collections.abc import Mapping
from typing import Any

from ...core.problem import Problem
from ...core.result import GateResult
from ...core.search_space import digest_space
from ...stores.registry import Registry
from ...stores.searches import read_search


def tuned_gate(name: str, model: Any, problem: Problem, registry: Registry) -> list[GateResult]:
    """Return whether a candidate has what its search chose; nothing for one without a space in `SPACES`.

    It fails when the parameters differ from those on record. It is inconclusive, and does not block, when nothing was
    searched, the space has changed since, or the record is not in this registry.
    """
    space, chosen = problem.spaces().get(name), problem.chosen.get(name)
    if space is None:
        return []
    if chosen is None:
        return [_open(name, "its parameters were never searched")]
    if chosen.space != digest_space(space):
        return [_open(name, "its space has changed since its parameters were chosen")]
    recorded = read_search(registry, chosen.run)
    if recorded is None:
        return [_open(name, f"the search {chosen.run} is not in this registry")]
    used = {parameter: model.get_params().get(parameter) for parameter in recorded}
    evidence: Mapping[str, Any] = {"recorded": recorded, "used": used, "run": chosen.run, "trials": chosen.trials}
    if used != recorded:
        message = f"tuned: it has {used}, and its search chose {recorded}; run `search {name}`"
        return [GateResult("tuned", "fail", message, evidence)]
    message = f"tuned: it has what its search of {chosen.trials} trials chose: {recorded}"
    return [GateResult("tuned", "pass", message, evidence)]


def _open(name: str, why: str) -> GateResult:
    return GateResult("tuned", "inconclusive", f"tuned: {why}; run `search {name}`")
