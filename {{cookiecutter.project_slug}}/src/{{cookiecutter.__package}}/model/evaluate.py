"""Evaluate: every model predicts the same rows, none of which it was trained on."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter

from ..core.errors import UserError, in_one_line
from ..core.objective import Evaluation, evaluate
from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.lake import FOLD, KEY, SUBJECT, TIME, WEIGHT
from .assignments import assign_folds, find_units

MAX_DISTINCT_VALUES = 10  # a protected number with more is cut into quarters
# columns with few values or one: quantiles coincide, and scaling or fitting says so for each column
EXPECTED_WARNINGS = "Bins whose width are too small|Feature .* is constant|Skipping features without any observed"


def no_values() -> NDArray[Any]:
    """Return an empty array, in the place of which `Rows` puts its default."""
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Rows:
    """The training table, taken apart: n rows in one order."""

    features: pd.DataFrame  # what models see
    groups: pd.DataFrame  # the protected columns as text, for audits and fairness constraints
    truth: NDArray[Any]  # labels, encoded by the objective
    folds: NDArray[np.int64]  # the fold that holds each row out
    # what follows may be left out: units, of which rows that belong together share one, and weights, which are over 0
    units: NDArray[np.int64] = field(default_factory=no_values)
    weights: NDArray[np.float64] = field(default_factory=no_values)
    repeats: tuple[NDArray[np.int64], ...] = ()  # further assignments of the rows to folds
    keys: NDArray[np.uint64] | None = None  # hashes of the keys
    times: NDArray[np.float64] = field(default_factory=no_values)  # ranks of decisions by time; 0 for rows of the file
    copied: float = 0.0  # the share of rows that are copies of another one

    def __post_init__(self) -> None:
        """Give each row a unit of its own, the weight 1 and no time, where they were left out."""
        rows = len(self.truth)
        defaults = {"units": np.arange(rows), "weights": np.ones(rows), "times": np.zeros(rows)}
        for name, values in defaults.items():
            if len(getattr(self, name)) != rows:
                object.__setattr__(self, name, values)


def split_columns(table: pd.DataFrame, problem: Problem, plan: Plan | None = None, *, learnable: bool = True) -> Rows:
    """Split the training table into the inputs of models and the protected columns; rows of weight 0 are left out.

    Under a plan, rows are assigned to folds several times. Raises UserError: the table lacks a column, or has no row,
    or, if rows have to be `learnable`, an answer is in too few folds to be learned and judged.
    """
    wanted = [*(column.name for column in problem.stored), problem.target.name, FOLD]
    if missing := [name for name in wanted if name not in table.columns]:
        raise UserError(f"the training table lacks {', '.join(missing)}; run `data`, so that it follows contract.py")
    with in_one_line("the training table does not follow contract.py", "run `data`, so that it does"):
        truth = problem.objective.encode(table[problem.target.name])
    if WEIGHT in table:
        truth, table = truth[table[WEIGHT] > 0], table[table[WEIGHT] > 0].reset_index(drop=True)
    if learnable:
        _check_folds(table, problem)
    elif table.empty:
        raise UserError("the training table has no row whose label counts; bring rows, then run `data`")
    groups = {column.name: _groups(table[column.name]) for column in problem.columns if column.protected}
    features = table[[column.name for column in problem.inputs]]
    names = (table[KEY] if KEY in table else table.index.to_series()).astype(str)
    subjects = table[SUBJECT].fillna(names) if SUBJECT in table else names
    time, number = (plan.data.time, plan.gates.assignments) if plan else ("", 1)
    if plan and plan.data.group:
        subjects = table[plan.data.group].astype(str).where(table[plan.data.group].notna(), names)
    units, copied = find_units(subjects, features)
    order = table[time] if time else None
    folds, *repeats = assign_folds(table[FOLD].to_numpy(), units, subjects, number=number, time=order)
    return Rows(
        features=features,
        groups=pd.DataFrame(groups, index=table.index),
        truth=truth,
        folds=folds,
        repeats=tuple(repeats),
        units=units,
        weights=table[WEIGHT].to_numpy(dtype=float) if WEIGHT in table else no_values(),
        keys=pd.util.hash_array(names.to_numpy(dtype=object)),
        times=np.asarray(table[TIME].rank().fillna(0.0), dtype=float) if TIME in table else no_values(),
        copied=copied,
    )


def _groups(values: Any) -> Any:
    """Return the group of each row as text; numbers with many values are cut into quarters."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > MAX_DISTINCT_VALUES:
        values = pd.qcut(values, 4, duplicates="drop")
    elif pd.api.types.is_numeric_dtype(values):
        values = values.map("{:g}".format, na_action="ignore")
    return values.astype(object).where(values.notna(), "not stated").astype(str)


def _check_folds(table: pd.DataFrame, problem: Problem) -> None:
    if len(table[FOLD].unique()) <= 1:
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
    """Return a fitted copy; groups and weights are passed to a last step, named `model`, whose `fit` takes them."""
    kept = np.ones(len(rows.truth), dtype=bool) if kept is None else kept
    last = model[-1] if hasattr(model, "steps") else model
    audit: dict[str, Any] = {}
    if has_fit_parameter(last, "sensitive_features"):
        audit["model__sensitive_features"] = rows.groups[kept]
    if np.ptp(rows.weights) and takes_weights(model):
        audit["model__sample_weight" if last is not model else "sample_weight"] = rows.weights[kept]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", EXPECTED_WARNINGS, UserWarning)
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        return clone(model).fit(rows.features[kept], rows.truth[kept], **audit)


def takes_weights(model: Any) -> bool:
    """Return whether rows can have weights when a model, or the last step of a pipeline, is fitted."""
    return bool(has_fit_parameter(model[-1] if hasattr(model, "steps") else model, "sample_weight"))


def cross_evaluate(
    model: Any, rows: Rows, problem: Problem, on_fold: Callable[[int, int], None] = lambda *_: None
) -> Evaluation:
    """Return what a model predicts for every row when it was fitted without that row's fold, in every assignment.

    `on_fold` is called before each fold, with the number of folds that are done and the number of all.
    """
    found, assignments = [], (rows.folds, *rows.repeats)
    total = sum(len(np.unique(folds)) for folds in assignments)
    done = 0
    for folds in assignments:
        predictions: Any = None
        for fold in np.unique(folds):
            on_fold(done, total)
            done += 1
            out = folds == fold
            predicted = problem.objective.predict(fit(model, rows, ~out), rows.features[out])
            if predictions is None:
                predictions = np.empty((len(rows.truth), *predicted.shape[1:]))
            predictions[out] = predicted
        found.append(evaluate(problem.objective, rows.truth, predictions))
    return replace(found[0], repeats=tuple(found[1:]))


def evaluate_stored(model: Any, rows: Rows, problem: Problem) -> Evaluation:
    """Return what a model predicts as it is stored, also for rows that it was trained on."""
    return evaluate(problem.objective, rows.truth, problem.objective.predict(model, rows.features))


def metrics(evaluation: Evaluation, problem: Problem) -> dict[str, float]:
    """Return the cost of a decision and the objective's measures of quality, averaged over all assignments."""
    cost, quality = evaluation.mean_cost, problem.objective.metrics
    every = [quality(one.truth, one.predictions, one.choices) for one in evaluation.assignments]
    means = {name: float(np.mean([one[name] for one in every])) for name in every[0]}
    return {"cost": float(cost.mean()), "total_cost": float(cost.sum()), **means}
