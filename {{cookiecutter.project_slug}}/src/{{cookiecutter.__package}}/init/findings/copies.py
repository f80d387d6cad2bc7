"""Columns that say what another column says already, in other words or other units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..table import Finding, Profile
from .arrays import is_category, to_codes, to_floats

LEAST_ROWS = 20
REPEATS = 5  # rows for each value, so that values of two columns cannot go together by chance
EXACT = 1e-9  # of the variance that a linear copy leaves unexplained


def find_copies(profiles: Sequence[Profile], seen: str) -> list[Finding]:
    """Return the columns that copy an earlier one, which is kept: the same values, other words, or other units.

    `seen`: the rows that were looked at, in words.
    """
    found: dict[str, Finding] = {}
    if not profiles or len(profiles[0].values) < LEAST_ROWS:
        return []
    for first, other, how in [*_recoded(profiles), *_linear(profiles)]:
        if first.name not in found and other.name not in found:
            evidence = f"{how} in {seen}: it adds nothing"
            found[other.name] = Finding("copy", (other.name,), evidence, "left out")
    return list(found.values())


def _recoded(profiles: Sequence[Profile]) -> list[tuple[Profile, Profile, str]]:
    """Return pairs of columns whose values go together one to one, of which at least one has texts."""
    first: dict[bytes, Profile] = {}
    found = []
    for profile in (profile for profile in profiles if is_category(profile) or profile.kind == "integer"):
        codes = to_codes(profile.values)
        # values that occur once go together with those of any other column that repeats none
        repeats = len(codes) >= REPEATS * (codes.max() + 1)
        kept = first.setdefault(codes.tobytes(), profile)
        is_same = kept.values.equals(profile.values)
        if kept is not profile and (is_same or (repeats and (is_category(kept) or is_category(profile)))):
            found.append((kept, profile, f"{'the same as' if is_same else 'one value for each value of'} {kept.name}"))
    return found


def _linear(profiles: Sequence[Profile]) -> list[tuple[Profile, Profile, str]]:
    """Return pairs of numeric columns of which one is the other times a factor, plus an offset."""
    numeric = [profile for profile in profiles if not is_category(profile) and profile.distinct > 1]
    if len(numeric) < 2:  # noqa: PLR2004
        return []
    values = np.column_stack([to_floats(profile.values) for profile in numeric])
    known = ~np.isnan(values)
    scaled = _standardise(values, known)
    explained = (scaled.T @ scaled) ** 2
    found = []
    for place, other in np.argwhere(np.triu(explained > 1 - EXACT, 1)):
        if (known[:, place] == known[:, other]).all():
            first, copy = numeric[place], numeric[other]
            slope, offset = _fit_line(*values[known[:, place]][:, [place, other]].T)
            formula = f"{slope:.6g} times {first.name}{f' {offset:+.6g}' if abs(offset) > EXACT * abs(slope) else ''}"
            is_same = np.isclose(slope, 1) and np.isclose(offset, 0)
            found.append((first, copy, f"the same as {first.name}" if is_same else formula))
    return found


def _fit_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    slope = float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
    return slope, float(np.mean(y) - slope * np.mean(x))


def _standardise(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return columns of mean 0 and length 1; missing is 0."""
    centred = np.where(known, values - np.nanmean(values, axis=0), 0)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=0), np.finfo(float).tiny))
