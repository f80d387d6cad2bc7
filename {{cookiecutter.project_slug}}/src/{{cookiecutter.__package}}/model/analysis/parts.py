"""Parts of the rows: pairs of columns, and intersections of protected groups, that single columns do not show."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.objective import Evaluation
from ...core.result import GateResult
from ..evaluate import cross_evaluate
from ..gates.groups import group_gates
from ..gates.slices import slice_gate, slices
from .candidate import Candidate

MAX_PAIRS = 600  # the largest ones; intervals hold for all at once, and so would be too wide for more


def compare_pairs(candidate: Candidate) -> Iterator[GateResult]:
    """Yield the pair of parts of two columns in which a candidate does worst beside the rules.

    After Chung et al., "Slice Finder: Automated Data Slicing for Model Validation", ICDE 2019.
    """
    problem, rows = candidate.problem, candidate.rows
    texts = [column.name for column in problem.inputs if column.kind == "text"]
    table = pd.concat([rows.features.drop(columns=texts), rows.groups], axis="columns")
    rules: Evaluation = cross_evaluate(problem.rules, replace(rows, repeats=()), problem)
    cut = _pairs(table, candidate.plan.slices.minimum_rows)
    yield slice_gate(
        cut,
        candidate.evaluation.mean_cost - rules.cost,
        rules.cost,
        candidate.plan,
        units=rows.units,
        weights=rows.weights,
        names=("pairs", "the rules' cost"),
    )


def compare_intersections(candidate: Candidate) -> Iterator[GateResult]:
    """Yield the gaps between intersections of every two protected columns, by the limits of groups.

    After Buolamwini and Gebru, "Gender Shades", FAT* 2018.
    """
    rows, plan = candidate.rows, candidate.plan
    crossed = {
        f"{one} and {other}": rows.groups[one] + ", " + rows.groups[other]
        for one, other in combinations(rows.groups.columns, 2)
    }
    if crossed and plan.groups.limits:
        groups = pd.DataFrame(crossed, index=rows.groups.index)
        evaluations = candidate.evaluation.assignments
        yield from group_gates(replace(rows, groups=groups), evaluations, candidate.problem.objective, plan)


def _pairs(table: pd.DataFrame, minimum_rows: int) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the largest intersections of two parts of different columns that have enough rows, by name."""
    parts = [(name, column, rows) for column in table for name, rows in slices(table[[column]], minimum_rows)]
    found = [
        (f"{one} and {other}", rows & others)
        for (one, column, rows), (other, another, others) in combinations(parts, 2)
        if column != another
    ]
    # a pair that is a whole part is not news
    sizes = [int(rows.sum()) for _, rows in found]
    order = sorted(range(len(found)), key=lambda place: -sizes[place])
    return [found[place] for place in order if sizes[place] >= minimum_rows][:MAX_PAIRS]
