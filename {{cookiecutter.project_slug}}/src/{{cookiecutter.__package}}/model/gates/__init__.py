"""Gates: what a candidate must show, on the rows the champion predicts too, before it may serve.

Every limit is in `plan.toml`. A gate judges an interval, not a point: it fails when the whole interval is over
the limit, passes when it is under, and is inconclusive in between.
"""

import pandas as pd

from ...core.objective import Evaluation
from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult
from ..evaluate import Rows
from .calibration import calibration_gate
from .cost import cost_gate
from .group_calibration import group_calibration_gate
from .groups import group_gates
from .leak import leak_gate
from .slices import slices_gate


def run_gates(
    rows: Rows,
    candidate: Evaluation,
    champion: Evaluation,
    problem: Problem,
    plan: Plan,
    cost: GateResult | None = None,
) -> list[GateResult]:
    """Return the result of every gate on two models' predictions for n rows that neither was trained on.

    `cost`: the result of the cost gate, if several candidates were compared at once.
    """
    # text is read by no default model, so that none could mend a slice of it
    texts = [column.name for column in problem.inputs if column.kind == "text"]
    table = pd.concat([rows.features.drop(columns=texts, errors="ignore"), rows.groups], axis="columns")
    difference, usual = candidate.mean_cost - champion.mean_cost, champion.mean_cost
    return [
        cost or cost_gate(difference, plan, weights=rows.weights, usual=float(usual.mean())),
        slices_gate(table, difference, usual, plan, units=rows.units, weights=rows.weights),
        calibration_gate(candidate.assignments, problem.objective, plan, units=rows.units, weights=rows.weights),
        *group_calibration_gate(rows, candidate.assignments, problem.objective, plan, champion.assignments),
        *group_gates(rows, candidate.assignments, problem.objective, plan),
        leak_gate(rows, candidate, problem, plan),
    ]
