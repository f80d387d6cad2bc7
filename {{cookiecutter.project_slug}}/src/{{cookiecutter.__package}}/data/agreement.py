"""Agreement: whether labellers who look at the same case give the same label.

Krippendorff (2011), Computing Krippendorff's alpha-reliability: any number of labellers, and labels may be missing.
Categories are compared as nominal data, numbers by their squared difference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.result import GateResult, compare_interval
from ..core.schema import Column

MINIMUM_CASES = 20  # with two or more labels; an interval from fewer is too narrow
REASON = "{found}, below labelling.minimum_agreement = {limit:g}: these labels depend on who gives them"
NEXT_STEP = "make the question clearer and label more, or name a labeller in labelling.left_out"


@dataclass(frozen=True, slots=True)
class Cases:
    """What alpha needs of each of u cases that m labellers labelled: the sums of their labels as vectors."""

    sizes: NDArray[Any]  # m, shape (u,)
    sums: NDArray[Any]  # shape (u, k): of one-hot vectors of k categories, or of numbers with k = 1
    squares: NDArray[Any]  # sums of squared lengths, shape (u,)

    def alpha(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Return alpha for r samples of the cases, `counts` of shape (r, u); NaN where all labels are the same.

        The squared distances of all pairs within a group of m vectors are 2 m times their sum of squares about the
        mean, so that no pair is formed.
        """
        within = self.squares - np.square(self.sums).sum(axis=1) / self.sizes
        labels = counts @ self.sizes
        total = counts @ self.squares - np.square(counts @ self.sums).sum(axis=1) / labels
        observed = counts @ (2 * self.sizes / (self.sizes - 1) * within) / labels
        expected = 2 * total / (labels - 1)
        varies = total > 1e-12 * np.maximum(counts @ self.squares, 1)
        return np.where(varies, 1 - observed / np.where(varies, expected, 1), np.nan)


def leave_out(decisions: Iterable[Mapping[str, Any]], labellers: Sequence[str]) -> list[dict[str, Any]]:
    """Return decisions without the labels of some labellers."""
    return [
        {**row, "labels": {who: label for who, label in (row.get("labels") or {}).items() if who not in labellers}}
        for row in decisions
    ]


def explain_disagreement(decisions: Iterable[Mapping[str, Any]], target: Column, plan: Plan) -> str:
    """Return why labels of labellers do not count, or "" if they do."""
    result = check_agreement([row["labels"] for row in decisions], target, plan)
    return f"labels of labellers are left out: {result.message}" if result.status == "fail" else ""


def check_agreement(labels: Iterable[Mapping[str, Any]], target: Column, plan: Plan) -> GateResult:
    """Return whether the labels of cases, by labeller, agree as much as the plan asks for.

    The interval is the percentile interval of resampled cases: Zapf et al. (2016), BMC Medical Research Methodology 16.
    """
    shared = [each for each in labels if len(each) > 1]
    limit = plan.labelling.minimum_agreement
    if len(shared) < MINIMUM_CASES:
        message = f"{len(shared)} cases have labels of two people, and {MINIMUM_CASES} are needed to measure agreement"
        return GateResult("agreement", "inconclusive", message)
    cases = sum_labels(shared, target.categories)
    alpha = float(cases.alpha(np.ones((1, len(shared))))[0])
    if np.isnan(alpha):
        message = f"all labels of {len(shared)} cases are the same, which chance would do as well"
        return GateResult("agreement", "inconclusive", message)
    low, high = _interval(cases, plan)
    kappa = cohen_kappa(shared) if target.categories else None
    found = f"{describe_distance(shared, target)} in {len(shared)} cases; Krippendorff's alpha is {alpha:.2f}"
    found += f" ({low:.2f} to {high:.2f}; 1 is perfect, 0 is chance)"
    found += "" if kappa is None else f", Cohen's kappa {kappa:.2f}"
    status = compare_interval(-high, -low, -limit) if limit else "pass"
    message = {
        "pass": f"{found}: another labeller would give much the same labels",
        "inconclusive": f"{found}: too few cases to say whether it is {limit:g}; label more of them twice",
        "fail": f"{REASON.format(found=found, limit=limit)}; {NEXT_STEP}",
    }[status]
    return GateResult("agreement", status, message, {"alpha": alpha, "low": low, "high": high, "kappa": kappa})


def sum_labels(shared: Sequence[Mapping[str, Any]], categories: Sequence[str]) -> Cases:
    """Return the sums of the labels of cases, each with two or more of them."""
    known = {*categories} | {label for each in shared for label in each.values()} if categories else {}
    codes = {label: code for code, label in enumerate(sorted(known))}
    sums, squares = np.zeros((len(shared), len(codes) or 1)), np.zeros(len(shared))
    # numbers are measured from their mean, so that large ones lose no digits when they are squared
    origin = 0.0 if codes else float(np.mean([label for each in shared for label in each.values()]))
    for place, each in enumerate(shared):
        for label in each.values():
            value = 1.0 if codes else float(label) - origin
            sums[place, codes.get(label, 0)] += value
            squares[place] += value**2
    return Cases(np.array([len(each) for each in shared]), sums, squares)


def cohen_kappa(shared: Sequence[Mapping[str, Any]]) -> float | None:
    """Return kappa of two labellers (Cohen 1960); None of another number of them, or if both always say the same."""
    names = sorted({who for each in shared for who in each})
    if len(names) != 2:  # noqa: PLR2004
        return None
    one, other = (np.array([each[who] for each in shared], dtype=object) for who in names)
    chance = sum(float((one == label).mean() * (other == label).mean()) for label in {*one, *other})
    return None if chance == 1 else (float((one == other).mean()) - chance) / (1 - chance)


def describe_distance(shared: Iterable[Mapping[str, Any]], target: Column, labeller: str = "") -> str:
    """Return in words how far pairs of labels of a case are apart; of one labeller and the others, if it is given."""
    pairs = [
        (each[one], each[other])
        for each in shared
        for one, other in combinations(each, 2)
        if not labeller or labeller in (one, other)
    ]
    if not pairs:
        return "no case in common"
    if target.categories:
        return f"{sum(one == other for one, other in pairs) / len(pairs):.0%} of pairs of labels are the same"
    return f"pairs of labels are {np.mean([abs(one - other) for one, other in pairs]):.3g} apart on average"


def _interval(cases: Cases, plan: Plan) -> tuple[float, float]:
    count, rng = len(cases.sizes), np.random.default_rng(0)
    drawn = rng.multinomial(count, np.full(count, 1 / count), plan.gates.bootstrap_rounds)
    tail = (1 - plan.gates.confidence) / 2
    low, high = np.nanquantile(cases.alpha(drawn), [tail, 1 - tail])
    return float(low), float(high)
