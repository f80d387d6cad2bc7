"""Profiles of columns made by hand, as those of a table that was read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from {{ cookiecutter.__package }}.core.source import SourceColumn
from {{ cookiecutter.__package }}.init.table import Profile


def column(name: str, values: Any, **changes: Any) -> Profile:
    """Return the profile of n values: numbers, or texts; None and NaN are missing."""
    given = [None if pd.isna(value) else value for value in np.asarray(values, dtype=object).tolist()]
    known = [value for value in given if value is not None]
    is_text = any(isinstance(value, str) for value in known)
    whole = not is_text and all(float(value).is_integer() for value in known)
    distinct = len(set(known))
    kind = "empty" if not known else "integer" if whole else "number"
    if is_text:
        kind = "category" if distinct <= 20 else "text"
    array = pa.array(given, pa.string()) if is_text or not known else pa.array(map(_number, given), pa.float64())
    found = {
        "name": name,
        "field": name.lower().replace(" ", "_"),
        "kind": kind,
        "source": SourceColumn(name=name),
        "values": array,
        "rows": len(given),
        "missing": array.null_count,
        "distinct": distinct,
        "low": None if is_text or not known else float(min(known)),
        "high": None if is_text or not known else float(max(known)),
        "categories": tuple(sorted(set(known))) if kind == "category" else (),
        "description": name.replace("_", " ").capitalize(),
    }
    return Profile(**(found | changes))


def table(**columns: Any) -> list[Profile]:
    """Return the profiles of columns by name."""
    return [column(name, values) for name, values in columns.items()]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
