"""Leakage: columns that give the answer away, because they are copies or functions of it, or known only afterwards."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from ..core.binning import Bin
from ..core.errors import UserError
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.lake import FOLD
from .statistics import Counted, count_rows

# of what is uncertain about the answer; no column that is known before it takes so much away. Of categories, up to a
# quarter is left over where two answers meet within one bin
CATEGORIES_LIMIT, NUMBER_LIMIT = 0.75, 0.97
MINIMUM_ROWS = 200  # of fewer, bins of a few rows may have one answer by chance
TILES = 20  # equal parts of a number's rows, whose places stand for the number

Counts = NDArray[np.int64]


def count_answers(training: ir.Table, target: Column, bins: Sequence[Bin]) -> Counted:
    """Return how many rows each bin has, for each answer or each of `TILES` equal parts of a number's rows."""
    name = target.name
    answer = training[name] if target.categories else ibis.ntile(TILES).over(order_by=training[name])
    return count_rows(training.mutate(_answer=answer), bins, by=["_answer"])


def check_leaks(counted: Counted, problem: Problem, plan: Plan, bins: Sequence[Bin]) -> None:
    """Check that no input of the models explains nearly all of the answer.

    Of categories it is the share of their entropy that the bins of a column explain (Theil's uncertainty coefficient)
    beyond chance; of a number, the share of the variance of its ranks. `counted`: by `count_answers`, of `bins`.

    Raises UserError: columns do, and `gates.confirmed` of the plan does not name them.
    """
    target = problem.target
    counts = np.array([row for _, row in sorted(counted, key=lambda pair: str(pair[0]["_answer"]).zfill(2))])
    measure, limit = (uncertainty, CATEGORIES_LIMIT) if target.categories else (explained_variance, NUMBER_LIMIT)
    found = {}
    for column in problem.inputs:
        places = [place for place, each in enumerate(bins) if each.column == column.name]
        share = measure(counts[:, places]) if len(places) > 1 else 0.0
        if share >= limit and column.name not in plan.gates.confirmed:
            found[column.name] = share
    if found:
        shown = ", ".join(f"{column} ({share:.1%})" for column, share in found.items())
        next_step = "remove from contract.py what is known only afterwards, or name it in gates.confirmed of plan.toml"
        raise UserError(f"a column explains nearly all of {target.name}: {shown}; {next_step}")


def check_folds(training: ir.Table, name: str) -> None:
    """Check that all rows with one value of a column are in one fold. Raises UserError: they are not."""
    groups = training.filter(training[name].notnull()).group_by(name).aggregate(folds=training[FOLD].nunique())
    if crossing := groups.filter(groups["folds"] > 1).limit(1).to_pyarrow().to_pylist():
        raise UserError(f"rows with {name} {crossing[0][name]!r} are in several folds; correct data/transform.py")


def uncertainty(counts: Counts) -> float:
    """Return which share of the entropy of n answers bins explain, beyond chance; counts of shape (answers, bins).

    The mutual information of n independent values is about (answers - 1)(bins - 1) / 2n nats (Miller, "Note on the
    bias of information estimates", 1955).
    """
    total = counts.sum()
    if total < MINIMUM_ROWS:
        return 0.0
    joint = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0] / total
    answers, bins = joint.sum(axis=1), joint.sum(axis=0)
    entropy = -float((answers * np.log(answers)).sum())
    chance = (len(answers) - 1) * (len(bins) - 1) / (2 * total)
    ratio = np.divide(joint, np.outer(answers, bins), out=np.ones_like(joint), where=joint > 0)
    information = float((joint * np.log(ratio)).sum())
    return (information - chance) / (entropy - chance) if entropy > 2 * chance else 0.0


def explained_variance(counts: Counts) -> float:
    """Return which share of the variance of the answers' places bins explain; counts of shape (places, bins)."""
    total = counts.sum()
    if total < MINIMUM_ROWS:
        return 0.0
    places, rows, answers = np.arange(len(counts)), counts.sum(axis=0), counts.sum(axis=1)
    centred = places - np.average(places, weights=answers)
    means = np.divide(centred @ counts, rows, out=np.zeros(len(rows)), where=rows > 0)
    variance = np.average(centred**2, weights=answers)
    return float((rows * means**2).sum() / total / variance) if variance else 0.0
