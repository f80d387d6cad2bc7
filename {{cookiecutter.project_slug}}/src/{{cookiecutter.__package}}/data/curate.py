"""Curate: give every column its type, and set unusable rows aside with their reason."""

import re
from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from ..core.checks import INTEGER, NUMBER, SHOWN_CHARACTERS, missing_words
from ..core.errors import UserError
from ..core.schema import Column
from .collect import FILE, KEY, ORIGIN, REASON
from .validate import fits

SHOWN = 3
TEXT = "_text_"  # before the name of a column: its cells as text


def curate(table: ir.Table, columns: Sequence[Column], stage: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """Return typed columns with the key, the origin, and the reason why a row cannot be used, or "".

    `stage`: computes a table. Every step refers to plain columns of the one before, because the time to compile
      nested expressions grows with their depth and the number of columns.

    Raises UserError: in a file, a text stands where a number belongs, or a category is unknown: the file and
    the contract disagree, and a person has to decide which is right.
    """
    own = [KEY, ORIGIN, REASON]
    key = table[KEY].strip().nullif("")
    cells = stage(table.select(key.name(KEY), ORIGIN, REASON, *(read_cell(table, column) for column in columns)))
    texts = {TEXT + column.name: cells[column.name] for column in columns}
    spelled = stage(cells.select(*own, **texts, **{column.name: read_number(cells, column) for column in columns}))
    typed = stage(spelled.select(*own, *texts, **{column.name: type_cell(spelled, column) for column in columns}))
    _refuse_contradictions(typed, columns)
    repeats = typed.count().over(group_by=KEY)
    of_key = ibis.cases((typed[KEY].isnull(), "the key is empty"), (repeats > 1, "the key is not unique"))
    found = ibis.array([*(_fault(typed, column) for column in columns), of_key]).join("; ")
    reason = ibis.coalesce(typed[REASON], found, "")
    return stage(typed.select(KEY, ORIGIN, *(column.name for column in columns), **{REASON: reason}))


def split_usable(curated: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return the usable rows, and the quarantine: the others, with their reasons."""
    usable = curated[REASON] == ""
    return curated.filter(usable).drop(REASON), curated.filter(~usable)


def check_share(curated: ir.Table, limit: float) -> int:
    """Return how many rows are usable.

    The limit holds for the rows of files: the contract may have changed since the others were recorded.

    Raises UserError: the share of unusable rows is over the plan's limit, or no usable row is left.
    """
    usable, of_file = curated[REASON] == "", curated[ORIGIN] == FILE
    counts = {"good": usable.sum(), "bad": (~usable & of_file).sum(), "rows": of_file.sum()}
    [found] = curated.aggregate(**counts).to_pyarrow().to_pylist()
    good, bad, rows = (found[name] or 0 for name in counts)
    if not good or bad > limit * rows:
        unusable = curated.filter(~usable).order_by(of_file.desc(), KEY).limit(SHOWN).to_pyarrow().to_pylist()
        shown = "; ".join(f"{row[KEY]}: {row[REASON]}" for row in unusable)
        message = (
            f"{bad} of {rows} rows are unusable, the plan allows {limit:.1%} (data.max_quarantined_share): "
            f"{shown}; correct the source"
        )
        raise UserError(message)
    return int(good)


def read_cell(table: ir.Table, column: Column) -> ir.StringValue:
    """Return the text of a column; a spelling of a missing value is null. Only free text keeps spaces around it."""
    text = table[column.name] if column.kind == "text" else table[column.name].strip()
    words = "|".join(re.escape(word) for word in missing_words(column))
    return text.re_search(f"^({words})$").ifelse(ibis.null("string"), text).name(column.name)


def read_number(cells: ir.Table, column: Column) -> ir.Value:
    """Return the numbers that texts spell; the texts themselves in a column that is not numeric."""
    text = cells[column.name]
    return text.re_search(NUMBER).ifelse(text, ibis.null("string")).try_cast("float64") if column.is_numeric else text


def type_cell(spelled: ir.Table, column: Column) -> ir.Value:
    """Return a column in its type; null where the text is not of that type, or no category."""
    value = spelled[column.name]
    if column.categories:
        return value.isin(column.categories).ifelse(value, ibis.null("string"))
    if column.kind != "integer":
        return value
    # digits go straight to an integer, because a float would round those over 2**53
    text = spelled[TEXT + column.name]
    digits = text.re_search(INTEGER).ifelse(text, ibis.null("string")).try_cast("int64")
    whole = value.try_cast("int64")
    return ibis.coalesce(digits, (whole.cast("float64") == value).ifelse(whole, ibis.null("int64")))


def _refuse_contradictions(typed: ir.Table, columns: Sequence[Column]) -> None:
    """Refuse texts in files that have no value in their column's type."""
    rows = typed.filter(typed[ORIGIN] == FILE)
    counts = {name: rows[name].count() for column in columns for name in (column.name, TEXT + column.name)}
    [found] = rows.aggregate(**counts).to_pyarrow().to_pylist()
    wrong = [column for column in columns if found[column.name] < found[TEXT + column.name]]
    if not wrong:
        return
    faults = ibis.union(*(_contradictions(rows, column) for column in wrong))
    shown = [
        f"{row[KEY]}: {row['fault']}" for row in faults.order_by(KEY, "fault").limit(SHOWN + 1).to_pyarrow().to_pylist()
    ]
    more = "; and more" if len(shown) > SHOWN else ""
    message = f"{'; '.join(shown[:SHOWN])}{more}; correct the source, or widen contract.py"
    raise UserError(message)


def _contradictions(rows: ir.Table, column: Column) -> ir.Table:
    text = rows[TEXT + column.name]
    return rows.filter(text.notnull() & rows[column.name].isnull()).select(KEY, fault=_describe(text, column))


def _fault(typed: ir.Table, column: Column) -> ir.StringValue:
    """Return why a value cannot be used, else null."""
    value, text = typed[column.name], typed[TEXT + column.name]
    empty = [] if column.optional else [(text.isnull(), f"{column.name} is empty")]
    return ibis.cases(*empty, (~fits(value, column), _describe(text, column)))


def _describe(text: ir.StringValue, column: Column) -> ir.StringValue:
    return ibis.literal(f"{column.name} is '") + text.left(SHOWN_CHARACTERS) + f"', expected {column.expected}"
