"""Learning curve: what a candidate costs when it is fitted to some of the rows, and whether more would help."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...core.objective import evaluate
from ...core.result import Finding
from ..evaluate import fit
from ..intervals import mean_interval
from .candidate import Candidate

SHARES = (0.125, 0.25, 0.5, 1.0)


def draw_learning_curve(candidate: Candidate) -> Iterator[Finding]:
    """Yield the cost of a decision by how many rows the candidate is fitted to, and what the last doubling saved.

    Each smaller set is part of the next larger one, and all are evaluated on the same rows, so that differences are
    paired. Shares are of units, as of the subjects that rows are about.
    """
    rows, plan = candidate.rows, candidate.plan
    order = np.random.default_rng(0).permutation(int(rows.units.max()) + 1)
    rank = order[rows.units] / len(order)
    costs = {}
    for share in SHARES:
        candidate.report(f"fitting {share:.0%} of the rows")
        costs[share] = candidate.evaluation.cost if share == 1 else _cost_of(candidate, rank < share)
    fitted = len(rows.truth) * (1 - 1 / len(np.unique(rows.folds)))
    points = [
        {"rows": round(share * fitted), "cost": float(np.average(cost, weights=rows.weights))}
        for share, cost in costs.items()
    ]
    last = costs[SHARES[-2]] - costs[SHARES[-1]]
    low, high = mean_interval(last, plan, units=rows.units, weights=rows.weights)
    saved = float(np.average(last, weights=rows.weights))
    words = "more rows will probably help" if low > 0 else "that more rows would help is not shown"
    message = (
        f"rows: twice as many rows, {points[-1]['rows']:,} instead of {points[-2]['rows']:,}, saved {saved:+.4f} a "
        f"decision ({plan.gates.confidence:.0%} interval {low:+.4f} to {high:+.4f}); {words}"
    )
    yield Finding("rows", message, {"points": points, "saved": saved, "low": low, "high": high})


def _cost_of(candidate: Candidate, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the cost of each row by models that were fitted to the chosen rows of the other folds."""
    rows, objective = candidate.rows, candidate.problem.objective
    cost = np.empty(len(rows.truth))
    for fold in np.unique(rows.folds):
        out = rows.folds == fold
        predictions = objective.predict(fit(candidate.model, rows, ~out & chosen), rows.features[out])
        cost[out] = evaluate(objective, rows.truth[out], predictions).cost
    return cost
