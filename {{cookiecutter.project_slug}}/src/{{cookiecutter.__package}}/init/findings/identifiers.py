"""Columns that tell rows apart and nothing else, and the one that is best for the key."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..columns.dates import LIKE_A_DATE
from ..table import Finding, Profile
from .arrays import is_category, to_floats
from .people import find_personal
from .vocabulary import IDENTIFIERS, LAST_WORDS, TIMES
from .wording import has_words, percent, split_words, write_value

LEAST_VALUES = 20  # fewer can be unique by chance
NEARLY_UNIQUE = 0.95
NAME_WORDS = 4  # a longer text is no name
LEAST_DIGITS = 7  # of a number that is a code
LEAST_RUN = 300  # fewer numbers in a row, in any order, may be ranks
LOOKED_AT = 1000


def is_named_identifier(name: str) -> bool:
    """Return whether a name says that the column identifies something."""
    words = split_words(name)
    is_last = bool(words and words[-1] in LAST_WORDS.split("|"))
    return has_words(name, IDENTIFIERS) or is_last or not re.search(r"\w", name)


def explain_identifier(profile: Profile) -> str:
    """Return what shows that a column tells rows apart, in words; "" for a measurement, or if nothing does."""
    known = profile.rows - profile.missing
    if known < LEAST_VALUES or profile.distinct < NEARLY_UNIQUE * known or profile.kind in ("date", "empty"):
        return ""
    seen = f"{profile.distinct:,} different values in {known:,} rows"
    kind = _kind_of_texts(profile) if is_category(profile) else _kind_of_numbers(to_floats(profile.values.drop_null()))
    if kind == "texts":
        return ""
    if is_named_identifier(profile.name) and kind != "measurements":
        kind = "a name that says so"
    return "" if kind in ("measurements", "numbers") or has_words(profile.name, TIMES) else f"{seen}, {kind}"


def find_identifier(profile: Profile) -> Finding | None:
    """Return that a column is an identifier, from which nothing can be learned about new rows."""
    known = profile.rows - profile.missing
    if evidence := explain_identifier(profile):
        return Finding("identifier", (profile.name,), f"{evidence}: it tells rows apart and nothing else", "left out")
    if has_words(profile.name, IDENTIFIERS) and profile.kind != "number" and profile.distinct > LEAST_VALUES:
        evidence = f"{profile.distinct:,} different values in {known:,} rows, and a name that says that it identifies"
        return Finding("identifier", (profile.name,), f"{evidence}: new rows will have other values", "left out")
    return None


def choose_key(profiles: Sequence[Profile], given: str | None = None, target: str = "") -> str | None:
    """Return the column that identifies a row: the given one, else the best candidate, else None: rows are numbered."""
    if given is not None:
        return given
    fit = [
        profile
        for profile in profiles
        if profile.name != target and not profile.missing and profile.distinct == profile.rows
        if explain_identifier(profile) and not find_personal(profile)
    ]
    return min(fit, key=lambda profile: not is_named_identifier(profile.name)).name if fit else None


def check_key(profile: Profile) -> Finding:
    """Return that a column is the key, or why it cannot be: the first row where it is missing or repeats."""
    values = profile.values.to_pylist() if profile.missing or profile.distinct < profile.rows else []
    if profile.missing:
        row = values.index(None) + 1
        fault = f"has no value in {profile.missing:,} of {profile.rows:,} rows, the first is row {row}"
    elif profile.distinct < profile.rows:
        first: dict[object, int] = {}
        row = next(place for place, value in enumerate(values) if first.setdefault(value, place) != place)
        rows = f"rows {first[values[row]] + 1} and {row + 1} both have {write_value(values[row])}"
        fault = f"has {profile.distinct:,} different values in {profile.rows:,} rows, {rows}"
    else:
        return Finding("key", (profile.name,), f"{profile.rows:,} different values, none missing: it identifies a row")
    advice = "name another --key, or none: rows are then numbered"
    return Finding("key", (profile.name,), f"cannot identify a row: it {fault}; {advice}", "refused")


def find_constant(profile: Profile) -> Finding | None:
    """Return that a column is empty, or the same in all rows."""
    if profile.missing == profile.rows:
        return Finding("empty", (profile.name,), f"no value in any of {profile.rows:,} rows", "left out")
    if profile.distinct == 1 and not profile.missing:
        value = f"the same value in all {profile.rows:,} rows: {write_value(profile.values[0].as_py())}"
        return Finding("constant", (profile.name,), value, "left out")
    return None


def find_text(profile: Profile) -> Finding | None:
    """Return that a column is free text, which models do not read."""
    if profile.kind != "text":
        return None
    example = write_value(profile.values.drop_null()[0].as_py())
    seen = f"{profile.distinct:,} different texts in {profile.rows - profile.missing:,} rows, as {example}"
    like_dates = [bool(LIKE_A_DATE.fullmatch(text)) for text in profile.values.drop_null()[:LOOKED_AT].to_pylist()]
    advice = ", and dates only if all have one format" if np.mean(like_dates) > NEARLY_UNIQUE else ""
    return Finding("text", (profile.name,), f"{seen}: models here do not read text{advice}", "left out")


def _kind_of_texts(profile: Profile) -> str:
    values = [str(value) for value in profile.values.drop_null()[:LOOKED_AT].to_pylist()]
    words = float(np.mean([len(value.split()) for value in values]))
    coded = float(np.mean([bool(re.fullmatch(r"\S*\d\S*", value)) for value in values]))
    if words > NAME_WORDS:
        return "texts"
    return f"{percent(coded)} of them are codes" if coded > NEARLY_UNIQUE else "names of single rows"


def _kind_of_numbers(values: NDArray[np.float64]) -> str:
    """Return what unique numbers seem to be: numbers in a row, codes, measurements, or just whole numbers."""
    if (values != np.round(values)).any():
        return "measurements"
    span, rises = values.max() - values.min() + 1, (np.diff(values) > 0).all()
    if span <= 1.1 * len(values) and (rises or len(values) >= LEAST_RUN):
        return "numbers in a row"
    if span <= 2 * len(values) and rises:
        return "numbers that rise from row to row"
    digits = np.floor(np.log10(np.maximum(np.abs(values), 1))) + 1
    is_code = digits.min() == digits.max() >= LEAST_DIGITS and np.mean(values % 10 == 0) < 0.2  # noqa: PLR2004
    return f"codes of {digits.max():.0f} digits" if is_code else "numbers"
