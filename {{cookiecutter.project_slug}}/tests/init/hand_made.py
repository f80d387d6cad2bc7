"""Profiles of columns, made by hand, with the names and texts that tables of other people have."""

import pyarrow as pa

from {{ cookiecutter.__package }}.core.source import SourceColumn
from {{ cookiecutter.__package }}.init.table import Profile

ROWS = 60
NASTY = (
    'double "quotes"',
    "single 'quotes' and \"double\" ones",
    "back\\slash \\n \\",
    "two\nlines",
    "tab\tand\x00nul",
    "Größe in µm",
    "\u5e74\u9f62\uff08\u6b73\uff09",
    "\u0632\u0628\u0627\u0646",
    "\u2019 \u2013 \u2018 smart",
    "\x7bbraces} \x7b{ twice }}",
    "%s %(x)s $HOME",
    "# comment",
    "0.0.0.0",  # noqa: S104
    "/tmp/file",  # noqa: S108
    "password",
    "long " * 40,
    "x" * 200,
    "SELECT * FROM t WHERE a = 1",
    '"""',
    "\u202ebidi\u200b",
    "é" * 60,
    "\u5e74" * 70,
    "lambda",
    "TODO: fix",
    "noqa: E501",
    "type: ignore",
)


def number(field, name=None, kind="number", low=0.0, high=100.0, missing=0, **more):
    """Return the profile of numbers, evenly spread between the bounds."""
    values = [low + (high - low) * place / (ROWS - 1) for place in range(ROWS)]
    values = [round(value) if kind == "integer" else value for value in values]
    values[:missing] = [None] * missing
    example = float(values[ROWS // 2]) if kind == "number" else int(values[ROWS // 2])
    return Profile(
        name=name or field,
        field=field,
        kind=kind,
        source=SourceColumn(name=name or field),
        values=pa.array(values, pa.float64()),
        rows=ROWS,
        missing=missing,
        distinct=len(set(values) - {None}),
        low=low,
        high=high,
        description=more.pop("description", field.replace("_", " ").capitalize()),
        example=example,
        **more,
    )


def category(field, categories, name=None, missing=0, **more):
    """Return the profile of categories that occur about equally often."""
    values = [categories[place % len(categories)] for place in range(ROWS)]
    values[:missing] = [None] * missing
    return Profile(
        name=name or field,
        field=field,
        kind="category",
        source=more.pop("source", SourceColumn(name=name or field)),
        values=pa.array(values, pa.string()),
        rows=ROWS,
        missing=missing,
        distinct=len(categories),
        categories=tuple(categories),
        description=more.pop("description", field.replace("_", " ").capitalize()),
        example=categories[-1],
        **more,
    )
