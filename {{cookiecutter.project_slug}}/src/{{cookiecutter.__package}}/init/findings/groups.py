"""Groups of rows that belong together: the rows of one subject, and the order of rows in time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..table import Finding, Profile
from .arrays import is_category, to_codes, to_floats
from .vocabulary import SUBJECTS, TIMES
from .wording import has_words, join, percent

LEAST_GROUPS = 10
MANY_GROUPS = 20  # of which a text without a telling name may be a subject
LEAST_CONSTANT = 2  # columns that are the same in all rows of a subject
NEARLY_ALL = 0.98
BY_CHANCE = 0.5
LOOKED_AT = 20_000
YEARS = (1800, 2100)


def find_groups(profiles: Sequence[Profile], target: str) -> list[Finding]:
    """Return the column whose values are subjects with several rows each, if there is one."""
    others = [profile for profile in profiles if profile.name != target and profile.kind != "empty"]
    named = [profile for profile in others if _may_be_subject(profile)]
    found = [(profile, _constant_columns(profile, others)) for profile in named]
    fit = [(profile, same) for profile, same in found if len(same) >= LEAST_CONSTANT or _is_named(profile)]
    if not fit:
        return []
    subject, same = max(fit, key=lambda each: (_is_named(each[0]), len(each[1])))
    known = subject.rows - subject.missing
    seen = f"{subject.distinct:,} values in {known:,} rows, {known / subject.distinct:.3g} rows each"
    seen = f"{seen}; {join(same)} {'is' if len(same) == 1 else 'are'} the same in all rows of one" if same else seen
    advice = "rows of one in training and test would make results too good, so rows of one share a fold"
    return [Finding("group", (subject.name,), f"{seen}: {advice}")]


def find_times(profiles: Sequence[Profile], target: Profile, time: str | None) -> list[Finding]:
    """Return the columns that tell when a row was made, and how the answers changed meanwhile."""
    return [
        Finding("time", (profile.name,), _describe_time(profile, target, is_given=profile.name == time))
        for profile in profiles
        if profile.missing < profile.rows and (profile.name == time or (time is None and _is_time(profile)))
    ]


def _may_be_subject(profile: Profile) -> bool:
    known = profile.rows - profile.missing
    # a few whole numbers are rather a measurement: years at school, not schools
    least = LEAST_GROUPS if is_category(profile) and _is_named(profile) else MANY_GROUPS
    is_identifying = is_category(profile) or (profile.kind == "integer" and _is_named(profile))
    return least <= profile.distinct <= known / 2 and is_identifying and not _is_time(profile)


def _is_named(profile: Profile) -> bool:
    return has_words(profile.name, f"{SUBJECTS}|id")


def _is_time(profile: Profile) -> bool:
    if profile.kind == "date":
        return True
    if is_category(profile) or not has_words(profile.name, TIMES) or profile.distinct < LEAST_GROUPS / 2:
        return False
    values = to_floats(profile.values)
    return bool(np.nanmin(values) >= YEARS[0] and np.nanmax(values) <= YEARS[1])


def _constant_columns(subject: Profile, others: Sequence[Profile]) -> list[str]:
    """Return the columns that hardly ever change within a subject, and would by chance."""
    codes = to_codes(subject.values.slice(0, LOOKED_AT))
    order = np.argsort(codes, kind="stable")
    together = codes[order][1:] == codes[order][:-1]
    if not together.any():
        return []
    found = []
    for other in others:
        values = to_codes(other.values.slice(0, LOOKED_AT))
        same = values[order][1:] == values[order][:-1]
        shares = np.bincount(values) / len(values)
        if other is not subject and same[together].mean() >= NEARLY_ALL and (shares**2).sum() <= BY_CHANCE:
            found.append(other.name)
    return found


def _describe_time(profile: Profile, target: Profile, *, is_given: bool) -> str:
    values = to_floats(profile.values)
    order = np.argsort(values, kind="stable")[: profile.rows - profile.missing]
    fifth = max(len(order) // 5, 1)
    first, last = (_describe_answers(target, rows) for rows in (order[:fifth], order[-fifth:]))
    low, high = (_write_time(values[row], is_date=profile.kind == "date") for row in order[[0, -1]])
    seen = f"from {low} to {high}; in the first fifth of the rows {first}, in the last {last}"
    if is_given:
        return f"{seen}: rows are held out in blocks of time"
    return f"{seen}: if the world changes, hold rows out in blocks of time (--time {profile.name!r})"


def _write_time(value: float, *, is_date: bool) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=value):%Y-%m-%d}" if is_date else f"{value:g}"


def _describe_answers(target: Profile, rows: NDArray[np.int64]) -> str:
    answers = target.values.take(pa.array(rows)).drop_null()
    if not len(answers):
        return "no answer is known"
    if not is_category(target):
        return f"the mean answer is {np.mean(to_floats(answers)):.3g}"
    last = target.categories[-1]
    return f"{percent(answers.to_pylist().count(last) / len(answers))} of the answers are {last}"
