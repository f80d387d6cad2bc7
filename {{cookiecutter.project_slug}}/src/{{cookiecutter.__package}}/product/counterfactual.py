"""Counterfactuals: the smallest change of actionable columns that turns an answer (Wachter et al., 2018).

One column is tried first, then two. Among changes of as many columns, the one with the smallest sum of shares of the
columns' ranges is taken; a nominal category is a whole range away from any other.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from ..core.background import read_background
from ..core.problem import Problem
from ..core.schema import Column

MAX_ROWS = 4096  # rows that are tried for pairs of columns
STEPS = 20  # values of a number between its ends, at least; ten times as many at most
UNTURNED = "no change of one or two of the values that a person could change turns the answer"
Step = tuple[float, str, Any]  # the share of the column's range, the column, and its new value


def find_counterfactual(model: Any, problem: Problem, features: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the changed values and a text; no values if no change turns the answer, None if nothing is actionable.

    Of two or more answers, another one turns it; of a number, whether a person should look at it. A value that is not
    given is not changed, and none is taken away.
    """
    columns = [column for column in problem.inputs if column.directions]
    if not columns:
        return None
    background = read_background(model, problem.columns)
    steps = {column.name: _steps(column, features.get(column.name), background[column.name]) for column in columns}
    singles = [(step,) for each in steps.values() for step in each]
    found = _first_that_turns(model, problem, features, singles)
    if found is None and (found := _first_that_turns(model, problem, features, _pairs(list(steps.values())))):
        # that was on a coarse grid: try again within it
        nearer = [[step for step in steps[name] if step[0] <= share] for share, name, _ in found]
        found = _first_that_turns(model, problem, features, _pairs(nearer)) or found
    if found is None:
        return {"changes": {}, "text": UNTURNED}
    change = {name: value for _, name, value in found}
    return {"changes": change, "text": _describe(model, problem, features, change)}


def _steps(column: Column, given: Any, background: Sequence[Any]) -> list[Step]:
    """Return the values that a column could have instead, the nearest first."""
    if given is None:
        return []
    if column.categories:
        place = column.categories.index(given)
        span = 1.0 if column.nominal else len(column.categories) - 1.0
        offsets = [(float(code - place), category) for code, category in enumerate(column.categories)]
    else:
        values, span = _numbers(column, given, [value for value in background if value is not None])
        offsets = [(value - given, value) for value in values]
    taken = [(off, value) for off, value in offsets if np.sign(off) in column.directions]
    return sorted((min(abs(off) / span, 1.0), column.name, value) for off, value in taken)


def _numbers(column: Column, given: float, background: Sequence[float]) -> tuple[list[Any], float]:
    """Return round numbers between the ends of a column, and the distance of the ends.

    The ends are those of the background; where that is a single row, those of the contract.
    """
    bounds = [] if len(set(background)) > 1 else [column.low, column.high]
    ends = [value for value in (given, *background, *bounds) if value is not None]
    low, high = min(ends), max(ends)
    if low == high:
        return [], 1.0
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS))
    step = max(step, 1.0) if column.kind == "integer" else step
    grid = np.arange(math.ceil(low / step), math.floor(high / step) + 1)
    # dividing by a power of ten gives the float that is written like the number: 0.3, not 0.30000000000000004
    values = (grid / round(1 / step) if step < 1 else grid * step).tolist()
    inside = [value for value in values if low <= value <= high]
    return [int(value) for value in inside] if column.kind == "integer" else inside, high - low


def _pairs(steps: Sequence[Sequence[Step]]) -> list[tuple[Step, ...]]:
    """Return changes of two columns, of fewer values each where there are many pairs of columns."""
    pairs = list(itertools.combinations(filter(None, steps), 2))
    size = max(2, int(math.sqrt(MAX_ROWS / max(len(pairs), 1))))
    return [change for pair in pairs for change in itertools.product(*(_thin(each, size) for each in pair))]


def _thin(steps: Sequence[Step], size: int) -> list[Step]:
    """Return at most so many steps, the nearest and the farthest among them."""
    return [steps[place] for place in np.unique(np.linspace(0, len(steps) - 1, size).astype(int))]


def _first_that_turns(
    model: Any, problem: Problem, features: Mapping[str, Any], changes: Sequence[tuple[Step, ...]]
) -> tuple[Step, ...] | None:
    """Return the smallest change that turns the answer and that the contract takes."""
    ordered = sorted(changes, key=lambda change: sum(share for share, *_ in change))
    rows = [features, *({**features, **{name: value for _, name, value in change}} for change in ordered)]
    turning = _predict(model, problem, rows)[1 - bool(problem.target.categories)]
    turned = (place for place, value in enumerate(turning) if value != turning[0])
    return next((ordered[place - 1] for place in turned if _fits(problem, rows[place])), None)


def _predict(model: Any, problem: Problem, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[bool]]:
    """Return the answers to n rows, and whether a person should look at each."""
    inputs = {column.name: [row.get(column.name) for row in rows] for column in problem.inputs}
    predictions = problem.objective.predict(model, inputs)
    return problem.objective.answers(predictions), problem.objective.needs_review(predictions)


def _fits(problem: Problem, row: Mapping[str, Any]) -> bool:
    """Return whether the contract takes a row, which may have validators of its own; examples stand in for the rest."""
    whole = {column.name: row.get(column.name, column.example) for column in problem.columns}
    try:
        problem.features.model_validate(whole)
    except ValidationError:
        return False
    return True


def _describe(model: Any, problem: Problem, features: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """Return a counterfactual in words."""
    [answer], [review] = _predict(model, problem, [{**features, **change}])
    descriptions = {column.name: column.description for column in problem.inputs}
    parts = [f"{descriptions[name]}: {value} instead of {features[name]}" for name, value in change.items()]
    turned = f"the answer would be {answer}"
    if not problem.target.categories:
        turned += f", which {'a person should' if review else 'no person has to'} look at,"
    return f"{turned} with {'; '.join(parts)}"
