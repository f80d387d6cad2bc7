"""Leaks: columns that give the answer away, because they are known only after it or are a function of it.

A model of one column should not be almost perfect (Kaufman, Rosset and Perlich, "Leakage in Data Mining",
KDD 2011). In a small table one honest measurement can be: such a column is asked about, and left out only where
there are enough rows.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..table import Finding, Profile
from .arrays import is_category, to_floats
from .univariate import EXACT, Answers, correlate, prediction_error, read_answers
from .vocabulary import OUTCOMES
from .wording import has_words, percent

LEAST_ROWS = 50
CLEAR_ROWS = 300  # without a mistake in as many, the share of mistakes is below 1 % (rule of three)
SURE, SUSPICIOUS = 0.005, 0.03  # share of mistakes
SURE_OF_NUMBER, SUSPICIOUS_OF_NUMBER = 0.002, 0.01  # share of variance that is not explained
MANY_NUMBERS = 20
HOPELESS = 5  # times the error that is suspicious: a column that is no leak
SERIES = 0.9  # correlation of a number with that of the row before
LEFT_OUT = "it is a function of the answer, or known only after it"
ASKED = "keep it only if it is known before the answer, else leave it out with --drop"


def find_leaks(profiles: Sequence[Profile], target: Profile, seen: str) -> list[Finding]:
    """Return the columns of which one alone predicts the target almost perfectly; `seen`: the rows, in words."""
    if len(target.values) < LEAST_ROWS:
        return []
    answers = read_answers(target)
    found = (_find_leak(profile, answers, seen) for profile in profiles)
    return [finding for finding in found if finding is not None]


def _find_leak(profile: Profile, answers: Answers, seen: str) -> Finding | None:
    suspicious = SUSPICIOUS_OF_NUMBER if answers.is_number else SUSPICIOUS
    error = prediction_error(profile, answers, HOPELESS * suspicious)
    if error > suspicious:
        return None
    right = percent(1 - error)
    evidence = (
        f"it alone explains {right} of the variance" if answers.is_number else f"it alone gives {right} of the answers"
    )
    named = has_words(profile.name, OUTCOMES)
    evidence = f"{evidence} in {seen}{', and its name speaks of an outcome' if named else ''}"
    if named or _is_certain(error, profile, answers):
        return Finding("leak", (profile.name,), f"{evidence}: {LEFT_OUT}", "left out")
    return Finding("leak", (profile.name,), f"{evidence}: {ASKED}", "asked")


def _is_certain(error: float, profile: Profile, answers: Answers) -> bool:
    """Return whether no honest column predicts as well, given the rows that were seen."""
    if answers.is_number and error <= EXACT and len(np.unique(answers.values)) >= MANY_NUMBERS:
        return True
    is_recoded = is_category(profile) and not answers.is_number and profile.distinct == len(np.unique(answers.values))
    if error > (SURE_OF_NUMBER if answers.is_number else SURE) or (len(answers.values) < CLEAR_ROWS and not is_recoded):
        return False
    # two numbers that both grow with time go together without being a function of each other
    return not (
        answers.is_number
        and _is_series(answers.values)
        and not is_category(profile)
        and _is_series(to_floats(profile.values))
    )


def _is_series(values: NDArray[np.float64]) -> bool:
    known = values[~np.isnan(values)]
    return abs(correlate(known[1:], known[:-1])) > SERIES
