"""The answers to learn, and what is at stake: the figures of a plan that fit the table."""

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.costs import Costs
from ..core.errors import UserError
from .columns.categories import find_denied
from .findings.targets import count_answers
from .findings.wording import in_sentence
from .table import Profile

# whole numbers with at most so many values are classes; with up to SEVERAL, if these occur about equally often
FEW, SEVERAL = 5, 10
DEAREST = 50  # a mistake costs at most so many times another
STEPS = (1, 2, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class Stakes:
    """Figures of a plan: costs, and limits in their unit."""

    costs: Costs
    review: dict[str, float]
    max_cost_increase: float
    limits: dict[str, float]  # of gaps between groups
    max_quarantined_share: float


def are_classes(target: Profile) -> bool:
    """Return whether the whole numbers of a target are answers to choose from, not a number."""
    if target.kind != "integer":
        return False
    counts = np.unique(target.values.drop_null().to_numpy(), return_counts=True)[1]
    return len(counts) <= FEW or (len(counts) <= SEVERAL and 2 * counts.min() >= counts.mean())


def as_answer(target: Profile, order: Sequence[str]) -> Profile:
    """Return the target as models learn it: categories, of two the rarer one last, or a number.

    Raises UserError: `order` does not have the answers of the table.
    """
    if target.kind == "category":
        return replace(target, categories=_in_order(target, order))
    if order:
        raise UserError(f"--outcome-order is for categories; {target.name} is {target.kind}: leave it out")
    return replace(target, kind="number", example=float(target.example))


def make_stakes(target: Profile, *, has_groups: bool) -> Stakes:
    """Return figures to start with: a rare answer costs as much in total as a common one, limits follow the costs."""
    share = math.ceil(1000 * target.missing / target.rows) / 1000
    quarantined = round(share + 0.005, 3)
    if not target.categories:
        values = target.values.drop_null().to_numpy()
        error = float(np.abs(values - np.median(values)).mean())
        above = {"above": _significant(float(np.quantile(values, 0.95)))}
        limits = {"mean_error": round_step(error / 5)} if has_groups else {}
        return Stakes(Costs(too_low=1, too_high=1), above, round_step(error / 20), limits, quarantined)
    counts = np.array([count_answers(target).get(answer, 0) for answer in target.categories])
    shares = counts / counts.sum()
    costs = _costs(target, shares)
    cheapest = float((shares @ costs.matrix(target.categories)).min())  # of the constant answers
    is_pair = len(target.categories) == 2  # noqa: PLR2004
    band = {"band": 0.05 if is_pair else round_step(cheapest / 10)}
    limits = {"false_positive_rate" if is_pair else "error_rate": 0.1} if has_groups else {}
    return Stakes(costs, band, round_step(cheapest / 20), limits, quarantined)


def ask(target: Profile) -> str:
    """Return the question that a target answers, in words."""
    words = target.description.rstrip("?")
    if set(target.categories) == {"no", "yes"}:
        return f"{words}: yes or no?"
    words = in_sentence(words)
    if not target.categories:
        return f"What is the {words}?"
    *first, last = target.categories
    return f"Which {words}: {', '.join(first)} or {last}?" if len(first) < 5 else f"Which {words}?"  # noqa: PLR2004


def round_step(value: float) -> float:
    """Return the nearest of ... 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, ... to a positive number."""
    if value <= 0:
        return 0.01
    power = 10.0 ** math.floor(math.log10(value))
    step = min(STEPS, key=lambda step: abs(step - value / power))
    return float(f"{step * power:.6g}")


def nearest(name: str, names: Sequence[str]) -> str:
    """Return words that suggest the nearest of some names, or list them."""
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in names], n=1, cutoff=0.6)
    if close:
        return f"did you mean {next(each for each in names if each.lower() == close[0])}?"
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")  # noqa: PLR2004
    return f"there are {shown}"


def _in_order(target: Profile, order: Sequence[str]) -> tuple[str, ...]:
    known = target.categories
    spelt = {target.source.values.get(answer, answer): answer for answer in order}
    if order:
        if unknown := [spelt[answer] for answer in spelt if answer not in known]:
            raise UserError(f"--outcome-order: {target.name} is never {unknown[0]}; {nearest(unknown[0], known)}")
        if left := [answer for answer in known if answer not in spelt]:
            raise UserError(f"--outcome-order: {', '.join(left)} of {target.name} is missing; name every answer once")
        return tuple(spelt)
    if len(known) == 2 and set(known) != {"no", "yes"}:  # noqa: PLR2004
        counts, denied = count_answers(target), find_denied(known)
        # the rarer one is predicted, but not what is said of all others, as `No Churn`
        return tuple(sorted(known, key=lambda answer: (answer != denied, -counts[answer])))
    return ("no", "yes") if set(known) == {"no", "yes"} else known


def _costs(target: Profile, shares: Any) -> Costs:
    """Return costs by which every answer's mistakes cost as much in total, farther ones of an order more."""
    weights = [min(round_step(max(shares) / share), DEAREST) for share in shares]
    if len(shares) == 2:  # noqa: PLR2004
        return Costs(false_negative=weights[1], false_positive=weights[0])
    places = range(len(shares))
    return Costs(
        confusion={
            target.categories[truth]: {
                target.categories[answer]: weights[truth]
                * (int(truth != answer) if target.is_nominal else abs(truth - answer))
                for answer in places
            }
            for truth in places
        }
    )


def _significant(value: float) -> float:
    return float(f"{value:.2g}")
