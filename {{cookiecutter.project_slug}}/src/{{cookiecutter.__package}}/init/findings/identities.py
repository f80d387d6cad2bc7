"""Numbers that make up the target: it is their sum, with factors, or their product."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..table import Finding, Profile
from .arrays import is_category, to_floats
from .wording import join

MOST_TERMS = 4
ROWS_PER_TERM = 10
EXACT = 1e-9  # of the variance that is left unexplained


def find_identities(profiles: Sequence[Profile], target: Profile, seen: str) -> list[Finding]:
    """Return the columns of which the target is a sum or a product, in all rows where none of them is missing."""
    numeric = [profile for profile in profiles if not is_category(profile) and profile.distinct > 2]  # noqa: PLR2004
    if is_category(target) or len(target.values) < ROWS_PER_TERM * MOST_TERMS or not numeric:
        return []
    truth = to_floats(target.values)
    values = np.column_stack([to_floats(profile.values) for profile in numeric])
    complete = ~np.isnan(values).any(axis=0)
    forms = {"sum": (values, truth)}
    if (truth > 0).all():
        positive = np.where(values > 0, values, np.nan)
        forms["product"] = np.log(positive), np.log(truth)
    for form, (terms, whole) in forms.items():
        usable = np.flatnonzero(complete & ~np.isnan(terms).any(axis=0))
        if places := _find_terms(terms[:, usable], whole):
            names = [numeric[usable[place]].name for place in places]
            evidence = (
                f"{target.name} is a {form} of {join(names)}, with factors"
                if form == "sum"
                else f"{target.name} is a {form} of powers of {join(names)}"
            )
            evidence = f"{evidence}, in all of {seen}: together they give the answer away"
            return [Finding("leak", tuple(names), evidence, "left out")]
    return []


def _find_terms(terms: NDArray[np.float64], whole: NDArray[np.float64]) -> list[int]:
    """Return the columns that explain a number exactly, found one by one (orthogonal matching pursuit); else none."""
    if not terms.shape[1] or np.ptp(whole) == 0:
        return []
    spread = terms.std(axis=0)
    scaled = (terms - terms.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    rest = whole = (whole - whole.mean()) / whole.std()
    chosen: list[int] = []
    for _ in range(min(MOST_TERMS, terms.shape[1])):
        chosen.append(int(np.abs(scaled.T @ rest).argmax()))
        rest = _subtract(scaled[:, chosen], whole)
        if np.mean(rest**2) < EXACT:
            needed = [
                term for term in chosen if np.mean(_subtract(scaled[:, _without(chosen, term)], whole) ** 2) > EXACT
            ]
            return needed or chosen[-1:]
    return []


def _subtract(terms: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is left of a number after its best linear fit."""
    factors, *_ = np.linalg.lstsq(terms, whole, rcond=None)
    return np.asarray(whole - terms @ factors)


def _without(terms: list[int], term: int) -> list[int]:
    return [other for other in terms if other != term]
