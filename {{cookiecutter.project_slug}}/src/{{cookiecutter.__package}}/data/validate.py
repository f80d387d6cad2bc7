"""Validate: hold a curated table against the contract once more, by pandera, whoever made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa
from pandera.errors import SchemaErrors

from ..core.checks import Check, checks
from ..core.errors import UserError
from ..core.schema import Column
from .collect import FILE, KEY, ORIGIN, REACTION

TYPES = {"number": dt.float64, "integer": dt.int64, "category": dt.string, "text": dt.string}
CHECKS: dict[str, Any] = {"at_least": pa.Check.ge, "at_most": pa.Check.le, "one_of": pa.Check.isin}


def table_schema(columns: Sequence[Column]) -> pa.DataFrameSchema:
    """Return the schema that the contract implies for a curated table."""
    fields = {
        column.name: pa.Column(TYPES[column.kind], checks=_checks(column), nullable=column.optional)
        for column in columns
        if not column.personal
    }
    own = {KEY: pa.Column(dt.string, nullable=False), ORIGIN: pa.Column(dt.string, pa.Check.isin([FILE, REACTION]))}
    return pa.DataFrameSchema({**own, **fields}, strict=True)


def validate(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return the table when it fits the contract.

    Raises
    ------
    UserError
        It does not; every broken column is named at once.
    """
    try:
        checked: ir.Table = table_schema(columns).validate(table, lazy=True)
    except SchemaErrors as error:
        faults = dict.fromkeys(f"{fault.schema.name or 'table'}: {fault.check}" for fault in error.schema_errors)
        message = f"the curated table does not fit the contract: {'; '.join(faults)}"
        raise UserError(message) from None
    return checked


def _checks(column: Column) -> list[Any]:
    found = [_render(check) for check in checks(column) if check.name in CHECKS]
    if column.kind == "number" and (column.low is None or column.high is None):
        # a bound refuses infinity by itself; whole numbers have none
        found.append(pa.Check(_is_finite, name="finite"))
    return found


def _is_finite(data: Any) -> ir.BooleanColumn:
    values = data.table[data.key]
    return ~(values.isinf() | values.isnan())


def _render(check: Check) -> Any:
    return CHECKS[check.name](list(check.limit) if check.name == "one_of" else check.limit)
