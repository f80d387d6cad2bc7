"""Formulate: what the costs in the plan imply for this table, before any model is trained."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.choice import ChoiceObjective
from ..core.objective import Evaluation
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.quantile import QuantileObjective
from ..core.result import GateResult
from .evaluate import Rows, evaluate_stored
from .gates.table import answers_gate
from .intervals import constant_variance, estimate_means, mean_interval, single_intervals
from .sample_size import Size, Variation, find_detectable, find_size, measure_variation

SHARES = (0.05, 0.1)  # of the rules' cost: differences that are shown beside the plan's least benefit
QUANTILES = (0.1, 0.5, 0.9)  # of a number, that are shown
STATEMENTS = ("decision", "intended_uses", "excluded_uses", "metrics")  # of the plan's product, which may be missing


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, by the plan's confidence."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Formulation:
    """What the costs imply: by themselves, and for the n rows of a table."""

    rows: int
    units: int  # of which rows that belong together share one
    implied: dict[str, Any]  # by the costs alone: threshold and break-even precision, matrix, or quantile
    answers: list[Estimate]  # shares of the answers, or quantiles of a number
    costs: list[Estimate]  # of a decision: by each constant answer, by the rules, and at best
    precision: Estimate | None  # of the last of two answers, where the rules give it
    review: Estimate  # the share of decisions that people look at
    sizes: list[Size]  # empty if the rules make no mistake
    detectable: float | None  # the smallest difference that these rows can tell, as a share of the rules' cost
    missing: list[str]  # what the plan does not say of the product
    results: list[GateResult]


def formulate(rows: Rows, problem: Problem, plan: Plan) -> Formulation:
    """Return what the plan's costs imply for the rows of a training table."""
    rules = evaluate_stored(problem.rules.fit(), rows, problem)
    constants = dict(constant_costs(rows, problem))
    costs = [_mean_cost(name, cost, rows, plan) for name, cost in constants.items()]
    found = measure_variation(rules.cost, plan, units=rows.units, weights=rows.weights)
    by_rules = _mean_cost("the rules", rules.cost, rows, plan)
    sizes = [find_size(found, share, by_rules.value, plan) for share in _shares(plan)] if found else []
    review = np.array(problem.objective.needs_review(rules.predictions), dtype=float)
    best = min(costs, key=lambda one: one.value).name
    return Formulation(
        rows=len(rows.truth),
        units=len(np.unique(rows.units)),
        implied=describe_costs(problem),
        answers=_describe_answers(rows, problem, plan),
        costs=[*costs, by_rules, Estimate("no mistake", 0.0, 0.0, 0.0)],
        precision=_measure_precision(rows, rules, problem, plan),
        review=_estimate_shares({"to people": review}, rows, plan)[0],
        sizes=sizes,
        detectable=find_detectable(found, plan) if found else None,
        missing=[name for name in STATEMENTS if not getattr(plan.product, name)],
        results=[*_judge(rows, rules, best, constants[best], found, problem, plan)],
    )


def describe_costs(problem: Problem) -> dict[str, Any]:
    """Return what the costs imply by themselves.

    Of two answers, the last one is given from the threshold on; it costs less than the other one where more than the
    break-even precision of such answers are right. The two are the same number (Elkan, IJCAI 2001).
    """
    objective = problem.objective
    if isinstance(objective, QuantileObjective):
        return {"quantile": objective.quantile}
    if objective.threshold is not None:
        return {"threshold": objective.threshold, "break_even_precision": objective.threshold}
    names = objective.categories
    return {"matrix": {name: dict(zip(names, row, strict=True)) for name, row in _rows_of(objective)}}


def constant_costs(rows: Rows, problem: Problem) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield what each row costs under one answer for all: each category, or the best number."""
    objective = problem.objective
    if isinstance(objective, ChoiceObjective):
        for code, name in enumerate(objective.categories):
            yield f"always {name}", objective.cost(rows.truth, np.full(len(rows.truth), code))
    else:
        best = _quantile(rows, objective.quantile)
        yield f"always {objective.answers(np.array([best]))[0]}", objective.cost(rows.truth, np.full(1, best))


def _rows_of(objective: ChoiceObjective) -> Iterator[tuple[str, list[float]]]:
    yield from zip(objective.categories, objective.matrix.tolist(), strict=True)


def _shares(plan: Plan) -> list[float]:
    return sorted({plan.gates.least_benefit, *SHARES} - {0})


def _mean_cost(name: str, cost: NDArray[Any], rows: Rows, plan: Plan) -> Estimate:
    low, high = mean_interval(cost, plan, units=rows.units, weights=rows.weights)
    return Estimate(name, float(np.average(cost, weights=rows.weights)), low, high)


def _describe_answers(rows: Rows, problem: Problem, plan: Plan) -> list[Estimate]:
    if isinstance(problem.objective, ChoiceObjective):
        codes = enumerate(problem.target.categories)
        return _estimate_shares({name: (rows.truth == code).astype(float) for code, name in codes}, rows, plan)
    reach = NormalDist().inv_cdf((1 + plan.gates.confidence) / 2)
    found = []
    for level in sorted({*QUANTILES, problem.objective.quantile}):
        # by the interval of a share (Woodruff, Journal of the American Statistical Association 47, 1952)
        error = reach * math.sqrt(level * (1 - level) / len(np.unique(rows.units)))
        low, high = (_quantile(rows, min(max(level + side * error, 0), 1)) for side in (-1, 1))
        found.append(Estimate(f"quantile {level:.3g}", _quantile(rows, level), low, high))
    return found


def _quantile(rows: Rows, level: float) -> float:
    """Return the smallest number that at least a share of the weights is at or below."""
    order = np.argsort(rows.truth)
    shares = np.cumsum(rows.weights[order]) / rows.weights.sum()
    place = min(int(np.searchsorted(shares, level - 1e-9)), len(order) - 1)
    return float(rows.truth[order][place])


def _estimate_shares(columns: dict[str, NDArray[Any]], rows: Rows, plan: Plan, kept: Any = None) -> list[Estimate]:
    """Return the shares of k events in n rows, or in those of them that are `kept`."""
    kept = np.ones(len(rows.truth), dtype=bool) if kept is None else kept
    values = np.stack([*columns.values()], axis=1)[kept]
    means = estimate_means(values, units=rows.units[kept], weights=rows.weights[kept])
    low, high = single_intervals(means.widen(constant_variance(means.units)), plan)
    bounds = zip(columns, means.centres.tolist(), low.clip(0, 1).tolist(), high.clip(0, 1).tolist(), strict=True)
    return [Estimate(*each) for each in bounds]


def _measure_precision(rows: Rows, rules: Evaluation, problem: Problem, plan: Plan) -> Estimate | None:
    """Return how often the last of two answers is right where the rules give it; None: they never do."""
    given = rules.choices == 1
    if len(problem.target.categories) != 2 or not given.any():  # noqa: PLR2004
        return None
    return _estimate_shares({problem.target.categories[1]: (rows.truth == 1).astype(float)}, rows, plan, given)[0]


def _judge(
    rows: Rows,
    rules: Evaluation,
    best: str,
    constant: NDArray[Any],
    found: Variation | None,
    problem: Problem,
    plan: Plan,
) -> Iterator[GateResult]:
    """Yield what to know before training: few rows, rules that a constant answer replaces, answers without rows."""
    if problem.target.categories:
        yield answers_gate(rows, problem, plan)
    yield judge_rules(rules.cost - constant, best, rows, plan)
    if found:
        yield judge_size(found, plan)


def judge_rules(difference: NDArray[Any], best: str, rows: Rows, plan: Plan) -> GateResult:
    """Judge the rules' cost minus that of the best constant answer, for each of n rows."""
    one = _mean_cost("difference", difference, rows, plan)
    interval = f"{one.value:+.3g} a decision ({plan.gates.confidence:.0%} interval {one.low:+.3g} to {one.high:+.3g})"
    evidence = {"difference": one.value, "low": one.low, "high": one.high, "constant": best}
    if one.high < 0:
        return GateResult("rules", "pass", f"rules: cheaper than the answer {best!r}: {interval}", evidence)
    words = "dearer than" if one.low > 0 else "not shown to be cheaper than"
    message = f"rules: {words} the answer {best!r}: {interval}; edit rules.py, or the costs in plan.toml"
    return GateResult("rules", "inconclusive", message, evidence)


def judge_size(found: Variation, plan: Plan) -> GateResult:
    """Judge whether the rows can tell the difference that matters: the least benefit, or the smallest one shown."""
    share = plan.gates.least_benefit or SHARES[0]
    size, detectable = find_size(found, share, 1.0, plan), find_detectable(found, plan)
    message = f"size: {found.rows:,} rows tell a difference of {detectable:.1%} of the rules' cost"
    evidence = {"rows": found.rows, "needed": size.rows, "share": share, "detectable": detectable}
    if size.rows <= found.rows:
        return GateResult("size", "pass", f"{message}; {share:.1%} matters (gates.least_benefit)", evidence)
    saved = plan.gates.least_benefit + detectable
    message += f", and {share:.1%} needs {size.rows:,} ({size.low:,} to {size.high:,}); to pass the cost gate, a first "
    message += f"model has to save about {saved:.0%}, or less if it seldom differs from the rules"
    message += "; bring rows first" if saved >= 1 else ""
    return GateResult("size", "inconclusive", message, evidence)
