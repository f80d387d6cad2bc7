"""Why a model answered as it did: its encoded inputs, and the columns that changed the score most."""

import math
from collections.abc import Mapping
from typing import Any

from ..core.problem import Problem

MAX_REASONS = 5


def explain(model: Any, problem: Problem, features: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a learned model as numbers, None for missing values, and the reasons for its answer."""
    encoded: dict[str, float | None] = {}
    if hasattr(model, "steps") and hasattr(model[0], "columns"):
        names = [name for name, _ in model[0].columns]
        [row] = model[0].transform({name: [features.get(name)] for name in names}).tolist()
        encoded = {name: None if math.isnan(value) else value for name, value in zip(names, row, strict=True)}
    return {"encoded": encoded, "reasons": find_reasons(model, problem, features)}


def find_reasons(model: Any, problem: Problem, features: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns that changed the score most, each with its effect and a text.

    The effect is the score less the score with the contract's example in place of the value; of several
    answers, the score of the one that was given. One column at a time: an effect that two columns only
    have together is not found. Rules give their own reasons.
    """
    if hasattr(model, "reasons"):
        [text] = model.reasons({column.name: [features.get(column.name)] for column in problem.inputs})
        return [{"column": "", "effect": 0.0, "text": text}]
    changed = [column for column in problem.inputs if column.example not in (None, features.get(column.name))]
    rows = [features, *({**features, column.name: column.example} for column in changed)]
    inputs = {column.name: [row.get(column.name) for row in rows] for column in problem.inputs}
    scores = problem.objective.comparable_scores(problem.objective.predict(model, inputs))
    shown = {name: "not given" if values[0] is None else values[0] for name, values in inputs.items()}
    found = [
        {"column": column.name, "effect": effect, "text": f"{column.description}: {shown[column.name]}"}
        for column, effect in zip(changed, (scores[0] - scores[1:]).tolist(), strict=True)
        if effect
    ]
    found.sort(key=lambda reason: -abs(reason["effect"]))
    return found[:MAX_REASONS]
