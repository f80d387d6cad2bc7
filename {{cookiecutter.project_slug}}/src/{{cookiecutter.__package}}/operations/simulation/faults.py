"""Faults of simulated traffic, by name: each changes what it says, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core.errors import UserError
from ...core.problem import Problem
from ...core.schema import Column
from .cases import Case, CaseSource

Change = Callable[[Case, float], Case]  # of a case at a progress from 0 to 1
UNKNOWN = "a category that the contract does not have"
FACTOR = 100  # between a share and a percentage, or euros and cents
FEW = 0.2  # share of the cases of a fault that the product refuses, so that the other decisions go on


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what `--help` says of it, and a function that makes the change, or None if it is about reviewers."""

    description: str
    make: Callable[[CaseSource, str], Change] | None
    share: float = 1.0  # of the cases


def make_changes(names: Sequence[str], source: CaseSource, column: str = "") -> list[Change]:
    """Return what some faults do to a case; `column` is the one that they change, by default the first that they can.

    Raises UserError: there is no such fault, or no column that it can change.
    """
    changes = []
    for number, name in enumerate(names):
        if name not in FAULTS:
            raise UserError(f"--fault: there is no {name!r}; use one of {', '.join(FAULTS)}")
        make, share = FAULTS[name].make, FAULTS[name].share
        if make is not None:
            changes.append(_limit(make(source, column), share, (source.seed, number)))
    return changes


def _limit(change: Change, share: float, seed: tuple[int, int]) -> Change:
    """Return a change of a share of the cases, the same ones for a seed."""
    return lambda case, progress: (
        change(case, progress) if np.random.default_rng((*seed, case.place, 1)).random() < share else case
    )


def choose_column(problem: Problem, wanted: str, is_fit: Callable[[Column], bool], kind: str, fault: str) -> Column:
    """Return the column that a fault changes. Raises UserError: it is unknown, or of another kind, or there is none."""
    columns = [column for column in problem.stored if is_fit(column)]
    found = [column for column in columns if column.name == wanted] if wanted else columns[:1]
    if not found:
        names = ", ".join(column.name for column in columns)
        where = f"--column: {wanted!r} is no such column; use one of {names}" if names else "the contract has none"
        raise UserError(f"--fault {fault} needs {kind}: {where}")
    return found[0]


def _drift(source: CaseSource, wanted: str) -> Change:
    return _shift(source, wanted, "drift", lambda _: 1.0)


def _slow_drift(source: CaseSource, wanted: str) -> Change:
    return _shift(source, wanted, "slow-drift", lambda progress: progress)


def _shift(source: CaseSource, wanted: str, fault: str, size: Callable[[float], float]) -> Change:
    """Move a number up by `size` standard deviations, or to the first half of its cases another category."""
    column = choose_column(
        source.problem, wanted, lambda c: c.is_input and c.kind != "text", "a number or a category", fault
    )
    if column.is_numeric:
        values = source.column(column.name)
        deviation = float(values.std()) or 1.0

        def move(case: Case, progress: float) -> Case:
            return _change_number(case, column, lambda value: value + size(progress) * deviation)

        return move

    def replace_category(case: Case, progress: float) -> Case:
        is_hit = np.random.default_rng((source.seed, case.place, 2)).random() < size(progress) / 2
        return _change(case, column, column.categories[-1]) if is_hit else case

    return replace_category


def _change_unit(source: CaseSource, wanted: str) -> Change:
    """Write a number in another unit: a hundred times as large, or as small where the contract allows no other."""
    column = choose_column(source.problem, wanted, lambda c: c.is_input and c.is_numeric, "a number", "unit-change")
    values = source.column(column.name)
    middle = float(np.median(values)) if len(values) else 1.0
    is_larger = column.high is None or middle * FACTOR <= column.high
    return lambda case, _: _change_number(case, column, lambda value: value * FACTOR if is_larger else value / FACTOR)


def _write_unknown_category(source: CaseSource, wanted: str) -> Change:
    column = choose_column(source.problem, wanted, lambda c: bool(c.categories), "a category", "new-category")
    return lambda case, _: _change(case, column, UNKNOWN)


def _leave_out(source: CaseSource, wanted: str) -> Change:
    column = choose_column(source.problem, wanted, lambda c: c.optional and c.is_input, "an optional column", "missing")
    return lambda case, _: _change(case, column, None)


def _write_bad_number(source: CaseSource, wanted: str) -> Change:
    column = choose_column(source.problem, wanted, lambda c: c.kind != "text", "a number or a category", "bad-input")
    return lambda case, _: _change(case, column, float("nan"))


def _flip_labels(source: CaseSource, wanted: str) -> Change:
    """Give the cases of one group another answer than the true one: the most frequent group of a column."""
    columns = [column for column in source.problem.stored if column.categories]
    columns.sort(key=lambda column: not column.protected)
    names = [wanted] if wanted else [column.name for column in columns[:1]]
    if not names:
        raise UserError("--fault label-flip needs a category, whose most frequent value is the group: there is none")
    choose_column(source.problem, names[0], lambda c: bool(c.categories), "a category", "label-flip")
    groups = [row[names[0]] for row in source.rows if row.get(names[0]) is not None]
    group, target = max(sorted({*groups}), key=groups.count), source.problem.target
    truths = sorted(row[target.name] for row in source.rows) if not target.categories else []

    def flip(case: Case, _: float) -> Case:
        if case.features.get(names[0]) != group:
            return case
        if target.categories:
            code = target.categories.index(case.truth)
            return replace(case, truth=target.categories[(code + 1) % len(target.categories)])
        return replace(case, truth=truths[0] + truths[-1] - case.truth)

    return flip


def _change_number(case: Case, column: Column, change: Callable[[float], float]) -> Case:
    """Change a number that is there; it stays within the contract, and a whole number stays whole."""
    if case.features[column.name] is None:
        return case
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    value = min(max(change(case.features[column.name]), low), high)
    return _change(case, column, round(value) if column.kind == "integer" else value)


def _change(case: Case, column: Column, value: Any) -> Case:
    features: Mapping[str, Any] = {**case.features, column.name: value}
    return replace(case, features=features)


ACCEPT_ALL = "reviewers-accept-all"
FAULTS = {
    "drift": Fault("a column moves by one standard deviation, or half of its cases to one category", _drift),
    "slow-drift": Fault("the same, little by little from the first decision to the last", _slow_drift),
    "unit-change": Fault(f"a number arrives in another unit, {FACTOR} times as large or as small", _change_unit),
    "new-category": Fault("one case in five has a category that the contract refuses", _write_unknown_category, FEW),
    "label-flip": Fault("the true answers of the largest group are others than in the table", _flip_labels),
    "missing": Fault("an optional column never has a value", _leave_out),
    "bad-input": Fault("one case in five has NaN in place of a value, which is refused", _write_bad_number, FEW),
    ACCEPT_ALL: Fault("reviewers accept every answer that they are shown", None),
}
