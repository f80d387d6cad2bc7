"""Validate: check that the curated table fits the contract before it is published, in one query."""

from collections.abc import Callable, Sequence
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from ..core.checks import checks
from ..core.errors import UserError
from ..core.schema import Column
from ..stores.columns import TYPES
from ..stores.engines import has_nul
from ..stores.lake import KEY, ORIGIN, SUBJECT, TIME
from .labels import WORDS

CHECKS: dict[str, Callable[[ir.Value, Any], ir.BooleanValue]] = {
    "finite": lambda value, _: ~(value.isinf() | value.isnan()),
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
    "one_of": lambda value, limit: value.isin(limit),
    "no_nul": lambda value, _: ~has_nul(value),
    "min_length": lambda value, limit: value.length() >= limit,
    "max_length": lambda value, limit: value.length() <= limit,
    "pattern": lambda value, limit: value.re_search(limit),
}


def validate(table: ir.Table, columns: Sequence[Column]) -> None:
    """Check that a table fits the contract.

    Raises UserError: it does not; every column with a fault is named at once.
    """
    wanted = {name: pa.string() for name in (KEY, SUBJECT, ORIGIN, TIME)} | {c.name: TYPES[c.kind] for c in columns}
    found = {field.name: field.type for field in table.schema().to_pyarrow()}
    faults = [
        f"{name}: the type is {found.get(name)}, not {kind}" for name, kind in wanted.items() if found.get(name) != kind
    ]
    faults += [f"{name}: not a column of the contract" for name in found if name not in wanted]
    if not faults:
        tests = {f"{KEY}: missing": table[KEY].isnull(), f"{ORIGIN}: unknown": ~table[ORIGIN].isin([*WORDS])}
        for column in columns:
            value = table[column.name]
            for check, limit in checks(column).items():
                tests[f"{column.name}: not {column.expected} ({check})"] = ~CHECKS[check](value, limit)
            tests |= {} if column.optional else {f"{column.name}: missing": value.isnull()}
        counts = {str(place): test.sum() for place, test in enumerate(tests.values())}
        [row] = table.aggregate(**counts).to_pyarrow().to_pylist()
        faults = [f"{fault} in {row[str(place)]} rows" for place, fault in enumerate(tests) if row[str(place)]]
    if faults:
        raise UserError(f"the curated table does not fit the contract: {'; '.join(faults)}; correct the data wheel")
