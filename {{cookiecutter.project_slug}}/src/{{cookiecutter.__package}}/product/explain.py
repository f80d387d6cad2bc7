"""Why a model answered as it did: its encoded inputs, what each column did to the score, and what would turn it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from ..core.background import read_background
from ..core.problem import Problem
from ..core.shapley import Inputs, shapley_values
from .counterfactual import find_counterfactual

SURE = 1e-9  # probabilities nearer to 0 or 1 count as this: a rule may give 0 or 1, whose log-odds are infinite
# of a decision that cannot be explained
UNEXPLAINED: dict[str, Any] = {
    "encoded": {},
    "reasons": [],
    "base_score": None,
    "effect_unit": None,
    "counterfactual": None,
}
ROUNDING = 1e-9  # an effect that is not larger is none


def explain(model: Any, problem: Problem, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a learned model as numbers, None for missing values, its reasons and a counterfactual."""
    encoded: dict[str, float | None] = {}
    if hasattr(model, "steps") and hasattr(model[0], "columns"):
        names = [name for name, _ in model[0].columns]
        [row] = model[0].transform({name: [features.get(name)] for name in names}).tolist()
        encoded = {name: None if math.isnan(value) else value for name, value in zip(names, row, strict=True)}
    return {
        "encoded": encoded,
        **find_reasons(model, problem, features),
        "counterfactual": find_counterfactual(model, problem, features),
    }


def find_reasons(model: Any, problem: Problem, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each column did to the score, the largest effect first, with the unit and the score they start from.

    Effects are Shapley values: with the `base_score`, the mean of the model's background, they add up to the score. It
    is the log-odds of the last of two answers, or of the one of several that was given; or the number itself. Rules
    also give the reason that they have in words, first, without a column and an effect.
    """
    row = {column.name: features.get(column.name) for column in problem.inputs}
    given = problem.objective.predict(model, {name: [value] for name, value in row.items()})

    def score(inputs: Inputs) -> NDArray[np.float64]:
        # the row comes first, because its answer is the one that all are compared by
        rows = {name: [row[name], *values] for name, values in inputs.items()}
        scores = problem.objective.comparable_scores(problem.objective.predict(model, rows))[1:]
        return logit(np.clip(scores, SURE, 1 - SURE)) if problem.target.categories else scores

    background = read_background(model, problem.columns)
    effects, base = shapley_values(score, row, background, getattr(model, "read", None))
    shown = {name: "not given" if value is None else value for name, value in row.items()}
    found: list[dict[str, Any]] = [
        {"column": column.name, "effect": effects[column.name], "text": f"{column.description}: {shown[column.name]}"}
        for column in problem.inputs
        if abs(effects[column.name]) > ROUNDING
    ]
    found.sort(key=lambda reason: -abs(reason["effect"]))
    if hasattr(model, "reasons"):
        [text] = model.reasons({name: [value] for name, value in row.items()})
        found.insert(0, {"column": "", "effect": 0.0, "text": text})
    return {"reasons": found, "base_score": base, "effect_unit": _unit(problem, given)}


def _unit(problem: Problem, given: NDArray[Any]) -> str:
    """Return the unit of effects, in words: `log-odds of yes`, or the name of the number."""
    answers = problem.target.categories
    if not answers:
        return problem.target.name
    is_pair = len(answers) == 2  # noqa: PLR2004
    return f"log-odds of {answers[-1] if is_pair else problem.objective.answers(given)[0]}"
