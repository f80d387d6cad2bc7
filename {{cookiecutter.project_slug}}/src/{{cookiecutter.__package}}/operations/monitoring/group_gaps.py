"""Group gaps on labels: whether the groups of a protected column are treated alike by the product as it is in use."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult, fail_if
from ...stores.decision_columns import Decisions
from .labels import OPEN, find_truth, independent_truth, with_labels

MAX_DISTINCT_VALUES = 10  # a protected number with more is cut into quarters
PRIOR = 1.0  # successes, and as many failures, are added to a rate (Agresti and Caffo, American Statistician 54, 2000)


def group_gaps(labelled: Decisions, problem: Problem, plan: Plan) -> Iterator[GateResult]:
    """Compare each rate that the plan limits between groups: by independent labels, and by open reviews apart.

    A gap fails if the interval of the difference of two groups, which holds for all pairs at once (Bonferroni), lies
    above the limit. Gaps by open reviews are shown and never fail: who saw the answer tends to accept it.
    """
    truths = {"": independent_truth(labelled, plan.labels), " by open reviews": find_truth(labelled, OPEN)}
    for suffix, truth in truths.items():
        decisions, codes = with_labels(labelled, truth, problem)
        for column in problem.columns:
            if not column.protected or column.personal:
                continue
            groups = _groups(decisions.features[column.name])
            for rate, limit in plan.groups.limits.items():
                found = _measure(rate, decisions, codes, groups, problem, plan)
                yield _result(f"gap.{column.name}.{rate}{suffix}", f"{column.name}: {rate}{suffix}", found, limit, plan)


def _measure(
    rate: str, decisions: Decisions, truth: NDArray[Any], groups: NDArray[Any], problem: Problem, plan: Plan
) -> dict[str, Any]:
    """Return the rate of each group that is large enough, and the largest gap with its interval."""
    if not len(truth):
        return {"rates": {}}
    choices = problem.objective.encode(decisions.answers)
    values, counted = problem.objective.rate(rate, truth, choices)
    found = {}
    for group in sorted({*groups.tolist()}):
        kept = values[counted & (groups == group)]
        if len(kept) >= plan.groups.minimum_rows:
            found[group] = _estimate(kept, is_share=rate.endswith("_rate"))
    pairs = list(combinations(found, 2))
    z = float(ndtri(1 - plan.drift.level / (2 * max(len(pairs), 1))))
    gaps: list[dict[str, Any]] = []
    for one, other in pairs:
        difference = abs(found[one][0] - found[other][0])
        reach = z * float(np.hypot(found[one][1], found[other][1]))
        gaps.append({"groups": [one, other], "gap": difference, "low": difference - reach, "high": difference + reach})
    rates = {group: {"rate": mean, "error": error, "rows": rows} for group, (mean, error, rows) in found.items()}
    return {"rates": rates} | ({"worst": max(gaps, key=lambda gap: gap["low"])} if gaps else {})


def _estimate(values: NDArray[np.float64], *, is_share: bool) -> tuple[float, float, int]:
    """Return the mean, its standard error and the number of values."""
    rows = len(values)
    if not is_share:
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(rows)), rows
    share = (values.sum() + PRIOR) / (rows + 2 * PRIOR)
    return float(values.mean()), float(np.sqrt(share * (1 - share) / (rows + 2 * PRIOR))), rows


def _result(gate: str, name: str, found: dict[str, Any], limit: float, plan: Plan) -> GateResult:
    worst, evidence = found.get("worst"), {**found, "limit": limit}
    if worst is None:
        minimum = plan.groups.minimum_rows
        text = f"{name}: {len(found['rates'])} groups have {minimum} labels, two are needed to compare"
        return GateResult(gate, "inconclusive", text, evidence)
    text = f"{name} differs by {worst['gap']:.3g} between {worst['groups'][0]} and {worst['groups'][1]}"
    text += f" ({worst['low']:.3g} to {worst['high']:.3g}, limit {limit:g})"
    fails = worst["low"] > limit and not gate.endswith("reviews")
    return GateResult(gate, fail_if(fails), text, evidence)


def _groups(values: Sequence[Any]) -> NDArray[Any]:
    """Return the group of each row as text; numbers with many values are cut into quarters."""
    known = [value for value in values if isinstance(value, int | float)]
    found = ["not stated" if value is None else str(value) for value in values]
    if len({*known}) > MAX_DISTINCT_VALUES:
        cuts = np.unique(np.quantile(known, [0.25, 0.5, 0.75]))
        edges = ["lowest", *(f"above {cut:.4g}" for cut in cuts)]
        places = np.searchsorted(cuts, np.array([np.nan if v is None else v for v in values], dtype=float), side="left")
        found = [text if text == "not stated" else edges[place] for text, place in zip(found, places, strict=True)]
    return np.array(found, dtype=object)
