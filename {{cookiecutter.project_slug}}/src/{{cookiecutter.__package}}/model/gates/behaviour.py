"""The behaviour gates: what any fitted model has to do before it serves, derived from the contract.

After the three kinds of Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL 2020:
minimum functionality, invariance and direction.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.errors import UserError, in_one_line
from ...core.problem import Problem
from ...core.result import GateResult, fail_if
from ...core.schema import Column
from ...stores.models import digest_of, dump_model, load_model
from ..evaluate import Rows

GATE = "behaviour."
MAX_ROWS = 200
STEPS = (0.05, 0.25)  # of the range that a rising column has, by which it is raised
TOLERANCE = 1e-6
REAL_RANGE = (-1e9, 1e9)  # of numbers whose bounds the contract does not give
Predict = Callable[[Any], NDArray[Any]]


def behaviour_gates(model: Any, rows: Rows, problem: Problem) -> Iterator[GateResult]:
    """Yield whether a fitted model answers every row that the contract allows, the same however it is asked.

    It fails a candidate that raises, or predicts what is no answer, for a row at the contract's limits; that predicts
    something else after it was stored and loaded, or for a row among others; or that predicts less where a RISING
    column is larger.
    """
    sample = rows.features.iloc[:: (len(rows.truth) - 1) // MAX_ROWS + 1]

    def predict(features: Any) -> NDArray[Any]:
        return problem.objective.predict(model, features)

    yield _answers_limits(predict, sample, problem)
    usual = predict(sample)
    content = dump_model(model)
    stored = problem.objective.predict(load_model(content, digest_of(content)), sample)
    yield _is_same("stored", "after it was stored and loaded", usual, stored)
    single = [predict(_as_lists(sample.iloc[place : place + 1])) for place in range(len(sample))]
    yield _is_same("alone", "for a row by itself", usual, np.concatenate(single))
    yield from _rises(predict, sample, problem)


def find_limits(problem: Problem) -> dict[str, dict[str, Any]]:
    """Return rows at the limits of the contract, by name: lowest, highest, and as much missing as is allowed."""
    inputs = problem.inputs
    return {
        "the example": {column.name: column.example for column in inputs},
        "every lowest value": {column.name: _limit(column, 0) for column in inputs},
        "every highest value": {column.name: _limit(column, -1) for column in inputs},
        "nothing but what is required": {c.name: None if c.optional else c.example for c in inputs},
    }


def _answers_limits(predict: Predict, sample: pd.DataFrame, problem: Problem) -> GateResult:
    faults = []
    for name, row in find_limits(problem).items():
        try:
            with in_one_line(name, "correct it in candidates.py"):
                predict({str(column): [row[str(column)]] for column in sample})
        except UserError as error:
            faults.append(str(error))
    message = "; ".join(faults) or "it answers rows at all limits of the contract"
    return GateResult(f"{GATE}limits", fail_if(faults), f"behaviour: {message}", {"faults": faults})


def _is_same(name: str, when: str, usual: NDArray[Any], other: NDArray[Any]) -> GateResult:
    difference = float(np.abs(usual - other).max())
    scale = max(1.0, float(np.abs(usual).max()))
    message = f"behaviour: its predictions {when} differ by {difference:.3g} at most"
    is_other = not difference <= TOLERANCE * scale
    return GateResult(f"{GATE}{name}", fail_if(is_other), message, {"difference": difference})


def _rises(predict: Predict, sample: pd.DataFrame, problem: Problem) -> Iterator[GateResult]:
    """Yield for each rising column how many rows have a lower score where it is larger.

    Of several answers no direction follows from the contract.
    """
    if len(problem.target.categories) > 2:  # noqa: PLR2004
        return
    score = problem.objective.comparable_scores
    before = score(predict(sample))
    for column in problem.inputs:
        if column.rising:
            falls = np.zeros(len(sample), dtype=bool)
            for step in STEPS:
                raised = sample.copy()
                raised[column.name] = _raise(sample[column.name], column, step)
                falls |= score(predict(raised)) < before - TOLERANCE * max(1.0, float(np.abs(before).max()))
            message = (
                f"behaviour: of {len(sample)} rows, {falls.sum()} have a lower score where {column.name} is larger"
            )
            evidence = {"column": column.name, "rows": len(sample), "falls": int(falls.sum())}
            yield GateResult(f"{GATE}rising.{column.name}", fail_if(falls.any()), message, evidence)


def _raise(values: pd.Series, column: Column, step: float) -> Any:
    """Return larger values: of categories the next one, of numbers by a share of their range; missing ones stay."""
    if column.categories:
        following = dict(zip(column.categories, [*column.categories[1:], column.categories[-1]], strict=True))
        return values.map(following, na_action="ignore")
    raised = values + step * float(values.max() - values.min())
    raised = np.ceil(raised) if column.kind == "integer" else raised
    return raised.clip(upper=column.high) if column.high is not None else raised


def _limit(column: Column, end: int) -> Any:
    """Return the first or the last value that the contract allows in a column."""
    if column.categories:
        return column.categories[end]
    if column.kind == "text":
        return column.example
    bound = (column.low, column.high)[end]
    return REAL_RANGE[end] if bound is None else bound


def _as_lists(features: pd.DataFrame) -> dict[str, list[Any]]:
    """Return rows as the product has them."""
    return {str(name): values.tolist() for name, values in features.astype(object).items()}
