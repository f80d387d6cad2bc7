"""Curate: give every column its type, drop what is personal, and set unusable rows aside with their reason."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from ..core.checks import INTEGER, INTEGER_LIMIT, NUMBER, Check, checks, missing_words
from ..core.errors import UserError
from ..core.schema import Column
from .collect import FILE, INCOMPLETE, KEY, ORIGIN, REASON

SHOWN = 3
CHECKS: dict[str, Callable[[ir.Value, Any], ir.BooleanValue]] = {
    "finite": lambda value, _: ~(value.isinf() | value.isnan()),
    "whole": lambda value, _: value == value.floor(),
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
    "one_of": lambda value, limit: value.isin(limit),
}


def curate(table: ir.Table, columns: Sequence[Column]) -> ir.Table:
    """Return typed columns with the key, the origin, and the reason why a row cannot be used, or "".

    Personal columns are dropped here.

    Raises
    ------
    UserError
        In a file, a text stands where a number belongs, or a category is unknown: the file and the
        contract disagree, and a person has to decide which is right.
    """
    kept = [column for column in columns if not column.personal]
    cells = {column.name: read_cell(table, column) for column in kept}
    values = {column.name: type_cell(cells[column.name], column) for column in kept}
    _refuse_contradictions(table, kept, cells, values)
    faults = [_fault(table, column, cells[column.name], values[column.name]) for column in kept]
    key = table[KEY].strip().nullif("")
    repeats = table.count().over(group_by=key)
    faults.append(ibis.cases((key.isnull(), "the key is empty"), (repeats > 1, "the key is not unique"), else_=""))
    reason = functools.reduce(operator.add, (_ended(fault) for fault in faults)).re_replace("; $", "")
    return table.select(**{KEY: key, ORIGIN: table[ORIGIN], **values, REASON: reason})


def split_usable(curated: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    usable = curated[REASON] == ""
    return curated.filter(usable).drop(REASON), curated.filter(~usable)


def check_share(usable: ir.Table, quarantine: ir.Table, limit: float) -> int:
    """Return how many rows are usable. Rows recorded before a required column was added do not count as faults.

    Raises
    ------
    UserError
        The share of unusable rows is over the plan's limit, or no usable row is left.
    """
    quarantine = quarantine.filter(quarantine[ORIGIN] != INCOMPLETE)
    good, bad = (int(rows.count().to_pyarrow().as_py()) for rows in (usable, quarantine))
    if good == 0 or bad / (good + bad) > limit:
        rows = quarantine.limit(SHOWN).to_pyarrow().to_pylist()
        shown = "; ".join(f"{row[KEY]}: {row[REASON]}" for row in rows)
        message = (
            f"{bad} of {good + bad} rows are unusable, the plan allows {limit:.1%} (data.max_quarantined_share): "
            f"{shown}; correct the source"
        )
        raise UserError(message)
    return good


def read_cell(table: ir.Table, column: Column) -> ir.StringValue:
    """Return the text of a column without spaces around it; a spelling of a missing value is null."""
    text = table[column.name].strip()
    return text.isin(missing_words(column)).ifelse(ibis.null("string"), text)


def type_cell(text: ir.StringValue, column: Column) -> ir.Value:
    """Return a column in its type; null where the text is not of that type or does not pass its checks' type."""
    if not column.is_numeric:
        return text
    number = text.re_search(NUMBER).ifelse(text, ibis.null("string")).try_cast("float64")
    number = number.isinf().ifelse(ibis.null("float64"), number)
    if column.kind == "number":
        return number
    # digits go straight to an integer, because a float would round those over 2**53
    digits = text.re_search(INTEGER).ifelse(text, ibis.null("string")).try_cast("int64")
    whole = (number == number.floor()) & (number.abs() < float(INTEGER_LIMIT))
    return ibis.coalesce(digits, whole.ifelse(number, ibis.null("float64")).cast("int64"))


def _refuse_contradictions(
    table: ir.Table, columns: Sequence[Column], cells: dict[str, ir.StringValue], values: dict[str, ir.Value]
) -> None:
    found = ibis.array([_contradiction(column, cells[column.name], values[column.name]) for column in columns])
    rows = table.filter(table[ORIGIN] == FILE).select(key=table[KEY], fault=found.unnest())
    rows = rows.filter(rows.fault.notnull()).order_by("key", "fault").limit(SHOWN + 1).to_pyarrow().to_pylist()
    if rows:
        shown = "; ".join(f"{row['key']}: {row['fault']}" for row in rows[:SHOWN])
        more = "; and more" if len(rows) > SHOWN else ""
        message = f"{shown}{more}; correct the source, or widen contract.py"
        raise UserError(message)


def _contradiction(column: Column, text: ir.StringValue, value: ir.Value) -> ir.StringValue:
    """Return what is wrong with a text that is not of the column's type or no category, else null."""
    wrong = ~value.isin(column.categories) if column.categories else value.isnull()
    fault = ibis.literal(f"{column.name} is '") + text + f"', expected {column.expected}"
    return (text.notnull() & wrong).ifelse(fault, ibis.null("string"))


def _fault(table: ir.Table, column: Column, text: ir.StringValue, value: ir.Value) -> ir.StringValue:
    """Return why a value cannot be used, or "". Contradictions are left only in rows of the ledger."""
    cases: list[Any] = []
    if not column.optional:
        before = f"recorded before {column.name} was added"
        cases += [(text.isnull() & (table[ORIGIN] == INCOMPLETE), before), (text.isnull(), f"{column.name} is empty")]
    wrong = [value.isnull(), *(~_passes(value, check) for check in checks(column))]
    fault = ibis.literal(f"{column.name} is ") + text + f", expected {column.expected}"
    cases += [(text.notnull() & each, fault) for each in wrong]
    return ibis.cases(*cases, else_="")


def _passes(value: ir.Value, check: Check) -> ir.BooleanValue:
    return CHECKS[check.name](value, check.limit)


def _ended(fault: ir.StringValue) -> ir.StringValue:
    return (fault == "").ifelse("", fault + "; ")
