"""Evaluate: every model predicts the same rows, none of which it was trained on."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from ..core.errors import UserError, in_one_line
from ..core.objective import Evaluation, evaluate
from ..core.problem import Problem
from ..stores.lake import FOLD

MAX_DISTINCT_VALUES = 10  # a protected number with more is cut into quarters
# columns with few values or one: quantiles coincide, and scaling or fitting says so for each column
EXPECTED_WARNINGS = "Bins whose width are too small|Feature .* is constant|Skipping features without any observed"


@dataclass(frozen=True, slots=True)
class Rows:
    """The training table, taken apart: n rows in one order."""

    features: pd.DataFrame  # what models see
    groups: pd.DataFrame  # the protected columns as text, for audits and fairness constraints
    truth: NDArray[Any]  # labels, encoded by the objective
    folds: NDArray[np.int64]  # the fold that holds each row out
    units: NDArray[np.int64]  # codes of the independent units: rows of one subject share a code
    weights: NDArray[np.float64]  # of each row, over 0


def split_columns(table: pd.DataFrame, problem: Problem) -> Rows:
    """Split the training table into the inputs of models and the protected columns.

    Raises UserError: the table lacks a column, or an answer is in too few folds to be learned and judged.
    """
    wanted = [*(column.name for column in problem.stored), problem.target.name, FOLD]
    if missing := [name for name in wanted if name not in table.columns]:
        raise UserError(f"the training table lacks {', '.join(missing)}; run `data`, so that it follows contract.py")
    with in_one_line("the training table does not follow contract.py", "run `data`, so that it does"):
        truth = problem.objective.encode(table[problem.target.name])
    _check_folds(table, problem)
    groups = {column.name: _groups(table[column.name]) for column in problem.columns if column.protected}
    return Rows(
        features=table[[column.name for column in problem.inputs]],
        groups=pd.DataFrame(groups, index=table.index),
        truth=truth,
        folds=table[FOLD].to_numpy(),
        units=np.arange(len(table)),
        weights=np.ones(len(table)),
    )


def _groups(values: Any) -> Any:
    """Return the group of each row as text; numbers with many values are cut into quarters."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_DISTINCT_VALUES:
        values = pd.qcut(values, 4, duplicates="drop")
    elif pd.api.types.is_numeric_dtype(values):
        values = values.map("{:g}".format, na_action="ignore")
    return values.astype(object).where(values.notna(), "not stated").astype(str)


def _check_folds(table: pd.DataFrame, problem: Problem) -> None:
    if len(table[FOLD].unique()) == 1:
        raise UserError(f"the training table has {len(table)} rows in one fold; bring more rows, then run `data`")
    folds = table.groupby(problem.target.name)[FOLD].nunique()
    learnable = [answer for answer in problem.target.categories if folds.get(answer, 0) > 1]
    if problem.target.categories and len(learnable) < 2:  # noqa: PLR2004
        counts = table[problem.target.name].value_counts()
        found = ", ".join(f"{answer} in {counts.get(answer, 0)}" for answer in problem.target.categories)
        raise UserError(
            f"{problem.target.name} is {found} of {len(table)} rows of the training table; two answers have to occur "
            "in at least 2 folds each: bring more such rows"
        )


def fit(model: Any, rows: Rows, kept: NDArray[np.bool_] | None = None) -> Any:
    """Return a fitted copy; pass the groups if the last step, named `model`, has `fit(sensitive_features=...)`."""
    kept = np.ones(len(rows.truth), dtype=bool) if kept is None else kept
    last = model[-1] if hasattr(model, "steps") else model
    audit = {"model__sensitive_features": rows.groups[kept]} if has_fit_parameter(last, "sensitive_features") else {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", EXPECTED_WARNINGS, UserWarning)
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        return clone(model).fit(rows.features[kept], rows.truth[kept], **audit)


def cross_evaluate(
    model: Any, rows: Rows, problem: Problem, on_fold: Callable[[int, int], None] = lambda *_: None
) -> Evaluation:
    """Return what a model predicts for every row when it was fitted without that row's fold.

    `on_fold` is called before each fold, with the number of folds that are done and the number of all.
    """
    predict, predictions, folds = problem.objective.predict, None, np.unique(rows.folds)
    for done, fold in enumerate(folds):
        on_fold(done, len(folds))
        out = rows.folds == fold
        found = predict(fit(model, rows, ~out), rows.features[out])
        if predictions is None:
            predictions = np.empty((len(rows.truth), *found.shape[1:]))
        predictions[out] = found
    return evaluate(problem.objective, rows.truth, np.asarray(predictions))


def metrics(evaluation: Evaluation, problem: Problem) -> dict[str, float]:
    """Return the cost of a decision and the objective's measures of quality."""
    found = problem.objective.metrics(evaluation.truth, evaluation.predictions, evaluation.choices)
    return {"cost": float(evaluation.cost.mean()), "total_cost": float(evaluation.cost.sum()), **found}
