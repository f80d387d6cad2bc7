"""Columns of numbers: units, missing values, whole numbers or not, bounds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...core.checks import INTEGER_LIMIT, shorten
from ...core.source import Source
from ...stores.convert import has_signs_behind, put_signs_first
from ..reading.missing import find_words
from ..reading.numbers import NumberFormat, find_unit, read_numbers
from ..table import Profile
from .bounds import choose_bounds
from .cells import Cells
from .names import words_of

LEADING_ZEROS = "^0[0-9]+$"
MANY_DIGITS = "^[-+]?[0-9]{19,}$"
ONE_ZERO = r"\.0$"  # as pandas writes whole numbers of a column with gaps
MOST_OTHERS, MOST_OTHER_ROWS, LEAST_NUMBERS = 3, 0.05, 20  # texts among numbers that are taken for missing values
SENTINELS = [-9, -99, -999, -9999, -99999, -999999, 99, 999, 9999, 99999, 999999]  # numbers that mean a missing value
LOOKED_AT = 1000  # different texts, of which a unit is found
MOST_SPELLINGS = 100  # different texts, that missing values may have
LEAST_SENTINELS, FAR = 2, 3  # rows that have one; ranges of the other values between them and it
CODES = {
    "code",
    "codes",
    "id",
    "zip",
    "zipcode",
    "plz",
    "type",
    "kind",
    "category",
    "region",
    "district",
    "cluster",
    "group",
}
MOST_CODES, LEAST_ROWS = 50, 2  # codes, and rows of each on average
FEW = 20  # different whole numbers, which could be codes


def is_code(name: str, cells: Cells) -> bool:
    """Return whether few whole numbers are codes, because the name of the column says so."""
    is_short = pc.all(pc.match_substring_regex(cells.texts, "^[0-9]{1,6}$")).as_py()
    repeats = len(cells.rows) - cells.rows.null_count >= LEAST_ROWS * len(cells.texts)
    return bool(words_of(name) & CODES) and is_short and repeats and 1 < len(cells.texts) <= MOST_CODES


def profile_number(empty: Profile, cells: Cells, source: Source) -> Profile | None:
    """Return a column of numbers; None if not all of its cells are, or they are codes."""
    number = NumberFormat(source.decimal, source.thousands)
    accounting = has_signs_behind(cells.texts)
    if accounting:
        cells = replace(cells, texts=put_signs_first(cells.texts))
    plain = read_numbers(cells.texts, number)
    unit = find_unit(cells.texts.filter(pc.is_null(plain)).slice(0, LOOKED_AT), number)
    if unit:
        plain = read_numbers(cells.texts, number, unit)
    others = cells.texts.filter(pc.is_null(plain)).to_pylist() if _are_numbers(plain) else None
    if others is None or _has_codes(plain) or not _are_missing(others, cells, plain):
        return None
    floats = plain.cast(pa.float64())
    sentinels = pa.array(_find_sentinels(floats.to_numpy(zero_copy_only=False), cells.counts))
    missing = [*others, *(cells.texts.filter(pc.is_in(floats, sentinels)).to_pylist() if len(sentinels) else [])]
    notes = [f"the unit {unit} is removed"] if unit else []
    notes += ["numbers in brackets, or with a minus behind them, are negative"] if accounting else []
    if missing:
        notes.append(describe_missing(missing, cells))
        cells = cells.without(missing)
        plain = read_numbers(cells.texts, number, unit)
        floats = plain.cast(pa.float64())
    source_column = empty.source.model_copy(update={"missing": tuple(missing), "unit": unit, "accounting": accounting})
    base = replace(empty, source=source_column, notes=(*empty.notes, *notes))
    whole = _is_whole(plain, floats.to_numpy(), cells)
    return describe_values(base, cells.expand(floats), whole=whole, distinct=len(pc.unique(plain)) if whole else None)


def describe_values(
    base: Profile, values: pa.Array, *, whole: bool, distinct: int | None = None, note: bool = True
) -> Profile:
    """Return a column of numbers with its bounds and its example."""
    given = values.drop_null().to_numpy()
    distinct = distinct or int(pc.count_distinct(values).as_py())
    low, high = float(given.min()), float(given.max())
    bounds = choose_bounds(base.name, low, high, distinct, whole=whole, unit=base.source.unit)
    few = f"whole numbers with {distinct} values are read as a number; if they are codes, make them categories"
    return replace(
        base,
        kind="integer" if whole else "number",
        values=values,
        missing=values.null_count,
        distinct=distinct,
        low=float(bounds[0]),
        high=float(min(bounds[1], INTEGER_LIMIT) if whole else bounds[1]),
        example=_example(given, whole=whole),
        notes=(*base.notes, few) if note and whole and 1 < distinct <= FEW else base.notes,
    )


def describe_missing(spellings: Sequence[str], cells: Cells) -> str:
    """Return which texts of a column are taken for missing values, and in how many rows."""
    places = pc.index_in(pa.array(spellings), cells.texts).to_numpy()
    return f"missing values are spelt {', '.join(map(shorten, spellings))} ({int(cells.counts[places].sum())} rows)"


def describe_codes(cells: Cells, source: Source) -> str:
    """Return why texts that look like numbers are none; empty if they do not."""
    plain = read_numbers(cells.texts, NumberFormat(source.decimal, source.thousands))
    numeric = int(cells.counts[pc.is_valid(plain).to_numpy(zero_copy_only=False)].sum())
    rows = int(cells.counts.sum())
    if numeric == rows:
        return "codes with leading zeros, or with more digits than numbers of 64 bits have, are texts"
    if numeric > rows / 2:
        wrong = cells.texts.filter(pc.is_null(plain))[0].as_py()
        return f"{rows - numeric} of {rows} cells are no numbers, as {shorten(wrong)}: correct them to get a number"
    return ""


def _are_numbers(plain: pa.Array) -> bool:
    """Return whether at least one text is a number, and the others are not too many to be listed."""
    return bool(plain.null_count < len(plain) and plain.null_count <= MOST_SPELLINGS)


def _has_codes(plain: pa.Array) -> bool:
    """Return whether digits are codes: their zeros in front would be lost, or they have more than 64 bits."""
    if pc.any(pc.match_substring_regex(plain, LEADING_ZEROS)).as_py():
        return True
    long = plain.filter(pc.match_substring_regex(plain, MANY_DIGITS))
    return any(abs(int(text)) > INTEGER_LIMIT for text in long.to_pylist())


def _are_missing(others: Sequence[str], cells: Cells, plain: pa.Array) -> bool:
    """Return whether the texts among numbers are spellings of a missing value, or so few that they can be."""
    unknown = [text for text in others if text not in find_words(others)]
    if not unknown:
        return True
    if len(unknown) > MOST_OTHERS or len(plain) - len(others) < LEAST_NUMBERS:
        return False
    rows = cells.counts[pc.index_in(pa.array(unknown), cells.texts).to_numpy()].sum()
    return bool(rows <= MOST_OTHER_ROWS * cells.counts.sum())


def _find_sentinels(numbers: np.ndarray, counts: np.ndarray) -> list[float]:
    """Return the numbers that stand for a missing value, because they stand far from all others."""
    found: list[float] = []
    for sentinel in np.intersect1d(SENTINELS, numbers).tolist():
        rest = numbers[~np.isnan(numbers) & ~np.isin(numbers, [sentinel, *found])]
        if counts[numbers == sentinel].sum() < LEAST_SENTINELS or len({*rest[:LEAST_SENTINELS]}) < LEAST_SENTINELS:
            continue
        low, high = rest.min(), rest.max()
        gap = low - sentinel if sentinel < 0 else sentinel - high
        is_alone = sentinel < SENTINELS[0] and low >= 0  # the only negative number
        if gap > FAR * (high - low) or (gap > 0 and is_alone):
            found.append(float(sentinel))
    return found


def _is_whole(plain: pa.Array, numbers: np.ndarray, cells: Cells) -> bool:
    """Return whether numbers are whole, and not only by chance: floats of a column without gaps are no counts."""
    if not np.array_equal(numbers, np.floor(numbers)):
        return False
    has_point = pc.match_substring(plain, ".")
    if not cells.is_float and not pc.any(has_point).as_py():
        return True
    is_artefact = pc.all(pc.match_substring_regex(plain.filter(has_point), ONE_ZERO)).as_py() is not False
    return bool(is_artefact and cells.rows.null_count)


def _example(given: np.ndarray, *, whole: bool) -> Any:
    """Return the median: a value that is there, with no more digits than a person would type."""
    middle = float(np.quantile(given, 0.5, method="nearest"))
    short = float(f"{middle:.4g}")
    return int(middle) if whole else short if given.min() <= short <= given.max() else middle
