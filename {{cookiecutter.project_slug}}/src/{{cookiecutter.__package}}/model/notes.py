"""Notes: what people should know of a training table and a contract before they read the figures of models."""

from collections.abc import Iterator

import numpy as np

from ..core.plan import Plan
from ..core.problem import Problem
from .evaluate import Rows, takes_weights


def notes(rows: Rows, problem: Problem, plan: Plan) -> Iterator[str]:
    """Yield one sentence each: what mistakes cost, which columns no model reads, which limits limit nothing."""
    yield problem.objective.describe(problem.target.name)
    if texts := [column.name for column in problem.inputs if column.kind == "text"]:
        yield f"models do not read {', '.join(texts)}: the contract's encoder leaves text out"
    if plan.groups.limits and rows.groups.empty:
        limits = ", ".join(plan.groups.limits)
        yield f"groups.limits ({limits}) in plan.toml limits nothing: contract.py marks no column PROTECTED"
    unweighted = [name for name, model in problem.candidates().items() if not takes_weights(model)]
    if np.ptp(rows.weights) and unweighted:
        yield f"{', '.join(unweighted)} cannot weigh rows when fitted: all labels count alike there"
