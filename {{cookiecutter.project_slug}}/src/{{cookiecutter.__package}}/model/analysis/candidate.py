"""What every analysis reads: a candidate with its evaluation, the rows, and what the plan asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...core.errors import in_one_line
from ...core.objective import Evaluation
from ...core.plan import Plan
from ...core.problem import Problem
from ...stores.lake import TIME, WEIGHT
from ...stores.registry import Registry
from ..evaluate import Rows, cross_evaluate, split_columns
from ..reference import evaluate_reference, recipe_digest

MAX_ROWS = 20_000  # of more rows, every k-th is taken
DAYS = "days"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate on n rows that it was not trained on."""

    name: str
    model: Any  # unfitted
    rows: Rows
    evaluation: Evaluation
    problem: Problem
    plan: Plan
    times: NDArray[np.float64]  # of each row, NaN where it is unknown
    time_unit: str  # days, or units of a column of numbers
    of: int  # rows of the training table
    report: Callable[[str], None]  # is called with a line of progress
    champion: Mapping[str, Evaluation] = field(default_factory=dict)  # by its label, as `add_champion` finds it

    def evaluate(self, model: Any = None, features: pd.DataFrame | None = None) -> Evaluation:
        """Return what a model, or this one with other features, predicts in the first assignment of rows to folds."""
        rows = replace(self.rows, repeats=(), features=self.rows.features if features is None else features)
        return cross_evaluate(self.model if model is None else model, rows, self.problem)


def evaluate_candidate(
    name: str, model: Any, table: pd.DataFrame, problem: Problem, plan: Plan, report: Callable[[str], None]
) -> Candidate:
    """Return a candidate with its predictions for the training table, or for every k-th row of a large one.

    Raises UserError: the table does not follow the contract, or the candidate cannot be evaluated.
    """
    table = table[table[WEIGHT] > 0] if WEIGHT in table else table
    sample = table.iloc[:: max(len(table) - 1, 0) // MAX_ROWS + 1].reset_index(drop=True)
    rows = split_columns(sample, problem, plan)

    def report_fold(done: int, folds: int) -> None:
        report(f"{done} of {folds} folds evaluated")

    with in_one_line(f"{name} cannot be evaluated", "correct it in candidates.py"):
        evaluation = cross_evaluate(model, rows, problem, report_fold)
    times, unit = _read_times(sample, plan)
    return Candidate(name, model, rows, evaluation, problem, plan, times, unit, len(table), report)


def add_champion(candidate: Candidate, registry: Registry) -> Candidate:
    """Return a candidate with what the champion answers to rows that it was not trained on.

    There is nothing to add while the rules answer, or if the champion has the candidate's recipe.
    """

    def report_folds(name: str) -> Callable[[int, int], None]:
        return lambda done, folds: candidate.report(f"{name}: {done} of {folds} folds evaluated")

    champion = evaluate_reference(candidate.rows, registry, candidate.problem, report_folds)
    if champion.digest in {"", recipe_digest(candidate.model)}:
        return candidate
    return replace(candidate, champion={champion.label: champion.answering(candidate.problem)})


def _read_times(table: pd.DataFrame, plan: Plan) -> tuple[NDArray[np.float64], str]:
    """Return when each row was decided on, by the plan's column or as the ledger recorded it, and in which unit."""
    name = plan.data.time or TIME
    if name not in table:
        return np.full(len(table), np.nan), DAYS
    if pd.api.types.is_numeric_dtype(table[name]):
        return table[name].to_numpy(dtype=float), f"units of {name}"
    found = pd.to_datetime(table[name], utc=True, errors="coerce", format="ISO8601")
    days = (found - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return np.asarray(days, dtype=float), DAYS
