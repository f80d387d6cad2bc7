"""Validate: hold a curated table against the contract once more, in one query, whoever made it."""

from collections.abc import Callable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from ..core.checks import checks
from ..core.errors import UserError
from ..core.schema import Column
from .collect import FILE, KEY, ORIGIN, REACTION

TYPES = {"number": "float64", "integer": "int64", "category": "string", "text": "string"}
CHECKS: dict[str, Callable[[ir.Value, Any], ir.BooleanValue]] = {
    "finite": lambda value, _: ~(value.isinf() | value.isnan()),
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
    "one_of": lambda value, limit: value.isin(limit),
    "no_nul": lambda value, _: ~value.contains("\x00"),
    "min_length": lambda value, limit: value.length() >= limit,
    "max_length": lambda value, limit: value.length() <= limit,
    "pattern": lambda value, limit: value.re_search(limit),
}


def validate(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return the table when it fits the contract.

    Raises UserError: it does not; every column with a fault is named at once.
    """
    kept = [column for column in columns if not column.personal]
    wanted = {KEY: "string", ORIGIN: "string"} | {column.name: TYPES[column.kind] for column in kept}
    found = {name: str(kind).lstrip("!") for name, kind in table.schema().items()}
    faults = [
        f"{name}: the type is {found.get(name)}, not {kind}" for name, kind in wanted.items() if found.get(name) != kind
    ]
    faults += [f"{name}: not a column of the contract" for name in found if name not in wanted]
    if not faults:
        tests = {f"{KEY}: missing": table[KEY].isnull(), f"{ORIGIN}: unknown": ~table[ORIGIN].isin([FILE, REACTION])}
        for column in kept:
            value = table[column.name]
            tests |= {f"{column.name}: not {column.expected}": value.notnull() & ~fits(value, column)}
            tests |= {} if column.optional else {f"{column.name}: missing": value.isnull()}
        counts = {str(place): test.sum() for place, test in enumerate(tests.values())}
        [row] = table.aggregate(**counts).to_pyarrow().to_pylist()
        faults = [f"{fault} in {row[str(place)]} rows" for place, fault in enumerate(tests) if row[str(place)]]
    if faults:
        message = f"the curated table does not fit the contract: {'; '.join(faults)}; correct data/curate.py"
        raise UserError(message)
    return table


def fits(value: ir.Value, column: Column) -> ir.BooleanValue:
    """Return whether values of the column's type pass its checks; it means nothing for missing values."""
    passed: ir.BooleanValue = ibis.literal(value=True)
    for name, limit in checks(column).items():
        passed &= CHECKS[name](value, limit)
    return passed
