"""Validate: hold a table against the contract, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis.expr.datatypes as dt
import pandera.ibis as pa
from pandera.errors import SchemaErrors

from ..errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from ..schema import Column

TYPES = {"number": dt.float64, "integer": dt.int64, "category": dt.string, "text": dt.string}


def schema(columns: Sequence[Column], *, key: str) -> pa.DataFrameSchema:
    """Return the schema that the contract implies for a curated table."""
    fields = {
        column.name: pa.Column(TYPES[column.kind], checks=_checks(column), nullable=column.optional)
        for column in columns
        if not column.personal
    }
    extra = {key: pa.Column(dt.string, nullable=False), "origin": pa.Column(dt.string, pa.Check.isin(ORIGINS))}
    return pa.DataFrameSchema({**extra, **fields}, strict=True)


ORIGINS = ("collected", "reaction")


def validate(table: ir.Table, columns: Sequence[Column], *, key: str) -> ir.Table:
    """Return the table when it keeps the contract.

    Raises
    ------
    UserError
        It does not; every broken column is named at once.
    """
    try:
        checked: ir.Table = schema(columns, key=key).validate(table, lazy=True)
    except SchemaErrors as error:
        faults = dict.fromkeys(f"{fault.schema.name or 'table'}: {fault.check}" for fault in error.schema_errors)
        message = f"the curated table breaks the contract: {'; '.join(faults)}"
        raise UserError(message) from None
    return checked


def _checks(column: Column) -> list[Any]:
    checks = [pa.Check.isin(column.categories)] if column.categories else []
    checks += [pa.Check.ge(column.low)] if column.low is not None else []
    checks += [pa.Check.le(column.high)] if column.high is not None else []
    return checks
