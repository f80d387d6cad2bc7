"""A population with columns as tables of applications have them, and windows of it, for tests of watches."""

from __future__ import annotations

from typing import Any

import numpy as np

from {{ cookiecutter.__package }}.core.binning import QUANTILES, make_bins
from {{ cookiecutter.__package }}.core.reference import read_reference
from {{ cookiecutter.__package }}.core.schema import Column

ROWS = 2_400
AIRPORTS = tuple(f"A{place:03d}" for place in range(104))
YES = ("no", "yes")
CATEGORIES = {"bad_credit": (YES, 0.07), "group": (YES, 0.14), "insured": (YES, 0.02), "single": (YES, 0.4)}
NUMBERS = ("income", "ratio", "loan", "visits")


def make_columns() -> list[Column]:
    """Return the contract's columns; four of them are optional."""
    found = [Column(name, "category", "", "no", categories=names) for name, (names, _) in CATEGORIES.items()]
    found.append(Column("airport", "category", "", AIRPORTS[0], categories=AIRPORTS))
    found += [Column(name, "number", "", 1.0, optional=True) for name in NUMBERS]
    return [*found, Column("remark", "text", "", "text", optional=True)]


def draw(rows: int, seed: Any) -> dict[str, list[Any]]:
    """Return rows of the population by columns: categories depend on a number, and one number is often missing."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=rows)
    found: dict[str, list[Any]] = {}
    for name, (_, share) in CATEGORIES.items():
        tilted = np.clip(share * np.exp(0.5 * common - 0.125), 0, 1)
        found[name] = np.where(rng.random(rows) < tilted, "yes", "no").tolist()
    weights = 1 / np.arange(1, len(AIRPORTS) + 1)
    found["airport"] = rng.choice(AIRPORTS, rows, p=weights / weights.sum()).tolist()
    found["income"] = np.exp(0.6 * common + 0.5 * rng.normal(size=rows)).tolist()
    found["ratio"] = np.round(0.33 + 0.1 * rng.standard_t(4, rows) + 0.03 * common, 2).tolist()
    found["loan"] = rng.beta(2, 4, rows).tolist()
    found["visits"] = rng.poisson(2.5, rows).astype(float).tolist()
    is_missing = rng.random(rows) < 0.2
    found["loan"] = [None if missing else value for value, missing in zip(found["loan"], is_missing, strict=True)]
    found["remark"] = ["text"] * rows
    return found


def describe(sample: dict[str, list[Any]], columns: list[Column]) -> Any:
    """Return the reference that the data wheel would make of a training table."""
    baseline, rows = [], len(next(iter(sample.values())))
    for column in columns:
        values = sample[column.name]
        known = [value for value in values if value is not None]
        cuts = np.quantile(known, QUANTILES).tolist() if column.is_numeric else []
        for each in make_bins(column, cuts):
            is_in = [_contains(each, value) for value in values]
            parts = {name: getattr(each, name) for name in ("column", "category", "low", "high", "missing")}
            baseline.append({**parts, "share": sum(is_in) / rows})
    return read_reference(baseline, rows, sample)


def _contains(each: Any, value: Any) -> bool:
    if value is None or each.missing:
        return value is None and each.missing
    if each.category is not None:
        return bool(value == each.category)
    return (each.low is None or value > each.low) and (each.high is None or value <= each.high)
