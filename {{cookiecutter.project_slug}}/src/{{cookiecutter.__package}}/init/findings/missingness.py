"""Missing values that follow the answer: a column that is filled in only for some outcomes."""

from collections.abc import Sequence

import numpy as np

from ..table import Finding, Profile
from .univariate import Answers, read_answers
from .wording import percent, write_value

LEAST_EXPECTED = 20  # rows of other answers that should be among them, if it was chance
SURE, SUSPICIOUS = 0.005, 0.05  # share of the expected ones that are


def find_missingness(profiles: Sequence[Profile], target: Profile, seen: str) -> list[Finding]:
    """Return the columns that have a value, or have none, only where the answer is one and the same.

    `seen`: the rows that were looked at, in words.
    """
    answers = read_answers(target)
    found = (_find_state(profile, target, answers, seen) for profile in profiles)
    return [finding for finding in found if finding is not None]


def _find_state(profile: Profile, target: Profile, answers: Answers, seen: str) -> Finding | None:
    missing = profile.values.is_null().to_numpy(zero_copy_only=False)
    for rows, state in ((~missing, "has a value"), (missing, "is missing")):
        values, first, counts = np.unique(answers.values[rows], return_index=True, return_counts=True)
        if missing.all() or not missing.any():
            continue
        most = counts.argmax()
        expected = np.mean(answers.values != values[most]) * rows.sum()
        share = (rows.sum() - counts[most]) / max(expected, 1)
        if expected >= LEAST_EXPECTED and share <= SUSPICIOUS:
            answer = target.values[int(np.flatnonzero(rows)[first[most]])].as_py()
            shown = write_value(answer)
            place = f"it {state} in {rows.sum():,} of {seen}"
            evidence = f"{place}, and the answer is {shown} in {percent(counts[most] / rows.sum())} of them"
            if share <= SURE:
                return Finding("leak", (profile.name,), f"{evidence}: it is filled in after the answer", "left out")
            return Finding(
                "leak",
                (profile.name,),
                f"{evidence}: keep it only if it is filled in before, else leave it out with --drop",
                "asked",
            )
    return None
