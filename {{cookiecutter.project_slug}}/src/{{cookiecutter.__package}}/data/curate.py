"""Curate: type the text, drop what is personal, set unusable rows aside with their reason."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

import ibis

from ..errors import UserError
from .collect import EARLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from ..schema import Column

TYPES = {"number": "float64", "integer": "int64", "category": "string", "text": "string"}
SHOWN = 3


def type_columns(table: ir.Table, columns: Sequence[Column], *, key: str) -> ir.Table:
    """Give every column the contract's type; personal columns are left behind.

    Raises
    ------
    UserError
        A text stands where a number belongs, or a category is unknown: the source and the contract
        disagree, and a person has to say which is right.
    """
    kept = [column for column in columns if not column.personal]
    typed = {column.name: _typed(table, column) for column in kept}
    contradictions = table.select(
        key=table[key],
        fault=ibis.array([_contradiction(table, column, typed[column.name]) for column in kept]).unnest(),
    ).filter(lambda t: t.fault.notnull())
    found = contradictions.order_by("key", "fault").limit(SHOWN + 1).to_pyarrow().to_pylist()
    if found:
        shown = "; ".join(f"{key} {row['key']}: {row['fault']}" for row in found[:SHOWN])
        more = "; and more" if len(found) > SHOWN else ""
        message = f"{shown}{more}; correct the source, or widen contract.py"
        raise UserError(message)
    return table.select(_trim(table, key).name(key), "origin", **typed)


def judge(table: ir.Table, columns: Sequence[Column], *, key: str) -> ir.Table:
    """Add the column `reason`, which names every fault of a row that cannot be used; it is empty for the others."""
    kept = [column for column in columns if not column.personal]
    repeats = table.count().over(group_by=key)
    faults = [_fault(table, column) for column in kept]
    faults.append(table[key].isnull().ifelse(f"{key} is empty", ibis.null("string")))
    faults.append((table[key].notnull() & (repeats > 1)).ifelse(f"{key} is not unique", ibis.null("string")))
    reason = functools.reduce(operator.add, (ibis.coalesce(fault + "; ", "") for fault in faults))
    return table.mutate(reason=reason.re_replace("; $", ""))


def split(judged: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    return judged.filter(judged.reason == "").drop("reason"), judged.filter(judged.reason != "")


def check_share(usable: ir.Table, quarantine: ir.Table, limit: float) -> tuple[int, int]:
    """Return how many rows are usable and how many are not; early ones are nobody's fault, and do not count.

    Raises
    ------
    UserError
        The share of unusable rows is over the plan's limit, or no usable row is left.
    """
    quarantine = quarantine.filter(quarantine.origin != EARLY)
    good, bad = (int(t.count().to_pyarrow().as_py()) for t in (usable, quarantine))
    if good == 0 or bad / (good + bad) > limit:
        reasons = quarantine.limit(SHOWN).to_pyarrow().to_pylist()
        shown = "; ".join(f"{next(iter(row.values()))}: {row['reason']}" for row in reasons)
        message = (
            f"{bad} of {good + bad} rows are unusable, the plan allows {limit:.1%} (data.max_quarantined_share): "
            f"{shown}; correct the source"
        )
        raise UserError(message)
    return good, bad


def _trim(table: ir.Table, name: str) -> ir.Column:
    return table[name].strip().nullif("")


def _typed(table: ir.Table, column: Column) -> ir.Column:
    if column.kind != "integer":
        return _trim(table, column.name).try_cast(TYPES[column.kind])
    # straight to an integer, some backends would round
    number = _trim(table, column.name).try_cast("float64")
    return (number == number.round()).ifelse(number, ibis.null("float64")).cast("int64")


def _contradiction(table: ir.Table, column: Column, typed: ir.Column) -> ir.Column:
    text = _trim(table, column.name)
    wrong = ~typed.isin(column.categories) if column.categories else typed.isnull()
    said = ibis.literal(f"{column.name} is '") + text + f"', expected {column.expected}"
    return (text.notnull() & wrong).ifelse(said, ibis.null("string"))


def _fault(table: ir.Table, column: Column) -> ir.Column:
    value, cases = table[column.name], []
    if not column.optional:
        early = ibis.literal(f"was asked before {column.name} was")
        cases.append((value.isnull() & (table.origin == EARLY), early))
        cases.append((value.isnull(), ibis.literal(f"{column.name} is empty")))
    bounds = [value < column.low] if column.low is not None else []
    bounds += [value > column.high] if column.high is not None else []
    said = ibis.literal(f"{column.name} is ") + value.cast("string") + f", expected {column.expected}"
    cases += [(outside, said) for outside in bounds]
    return ibis.cases(*cases, else_=ibis.null("string")) if cases else ibis.null("string")
