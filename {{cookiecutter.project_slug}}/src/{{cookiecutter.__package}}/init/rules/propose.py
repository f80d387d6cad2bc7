"""The first rules of a problem, learned from its rows: few, each with one condition, for a person to edit.

A decision list that is grown one rule at a time (Rivest, "Learning Decision Lists", Machine Learning 2, 1987). How
many rules it has is decided by cross-validation: as few as are not clearly worse than the best number (the rule of
one standard error; Breiman et al., "Classification and Regression Trees", 1984). None, if none helps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.costs import Costs
from ..findings.arrays import take_rows
from ..findings.wording import in_sentence, percent, write_value
from ..table import Profile
from .conditions import Conditions, list_conditions
from .outcomes import Classes, Outcomes, read_outcomes

MOST_RULES = 5
MOST_ROWS = 20_000
LEAST_ROWS = 10
LEAST_SHARE = 0.03
FOLDS = 5
WORDS = {">": "is over {}", ">=": "is {} or more", "<": "is under {}", "<=": "is {} or less", "==": "is {}"}


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that was found: a condition, and which of n rows it matches."""

    conditions: Conditions
    place: int  # of the condition
    matches: NDArray[np.bool_]


def propose_rules(
    inputs: Sequence[Profile], target: Profile, *, costs: Costs
) -> tuple[list[tuple[str, str, Any, Any, str]], Any]:
    """Return RULES and OTHERWISE, as `problem/rules.py` has them; no rule if none is better than one answer for all.

    Raises UserError: the costs are of another kind of answer.
    """
    known = np.flatnonzero(target.values.is_valid().to_numpy(zero_copy_only=False))
    rows = np.sort(np.random.default_rng(0).permutation(known)[:MOST_ROWS])
    target, *inputs = take_rows([target, *inputs], rows)
    outcomes = read_outcomes(target, costs)
    conditions = [listed for profile in inputs if (listed := list_conditions(profile)).written]
    found = _grow(conditions, outcomes, np.ones(len(rows), dtype=bool), _count_rules(conditions, outcomes))
    groups = _group(found, len(rows))
    rules = [_write(rule, groups == place, outcomes, target) for place, rule in enumerate(found)]
    return rules, outcomes.write(outcomes.predict(groups == len(found)))


def _grow(conditions: Sequence[Conditions], outcomes: Outcomes, rows: NDArray[np.bool_], most: int) -> list[Found]:
    """Return up to `most` rules, learned from some rows; each takes enough of those left, and leaves enough."""
    found: list[Found] = []
    least = max(LEAST_ROWS, LEAST_SHARE * rows.sum())
    for _ in range(most):
        choices = [_best_condition(each, outcomes, rows, least) for each in conditions]
        (gain, _), place, chosen = max(choices, key=lambda choice: choice[0], default=((0.0, 0.0), 0, None))
        if chosen is None or gain <= 0:
            break
        matches = (chosen.bins >= 0) & chosen.holds[place][chosen.bins]
        found.append(Found(chosen, place, matches))
        rows = rows & ~matches
    return found


def _best_condition(
    conditions: Conditions, outcomes: Outcomes, rows: NDArray[np.bool_], least: float
) -> tuple[tuple[float, float], int, Conditions]:
    """Return the best condition on a column: what it gains, minus the rows it takes, and its place."""
    answers = outcomes.count(rows)
    bins, width = conditions.holds.shape[1], len(answers)
    seen = rows & (conditions.bins >= 0)
    cells = np.bincount(conditions.bins[seen] * width + outcomes.codes[seen], minlength=bins * width)
    taken = conditions.holds @ cells.reshape(bins, width).astype(float)
    sizes = taken.sum(axis=1)
    gains = outcomes.losses(answers) - outcomes.losses(taken) - outcomes.losses(answers - taken)
    gains = np.where((sizes >= least) & (rows.sum() - sizes >= least), gains, -np.inf).round(9)
    # of two conditions that split the rows alike, the one that takes fewer is the exception, and reads better
    place = int(np.lexsort((sizes, -gains))[0])
    return (float(gains[place]), -float(sizes[place])), place, conditions


def _count_rules(conditions: Sequence[Conditions], outcomes: Outcomes) -> int:
    """Return how many rules are worth having, by loss and cost on rows that they were not learned from."""
    rows = len(outcomes.codes)
    folds = np.random.default_rng(0).permutation(rows) % FOLDS
    losses, costs = np.zeros((2, MOST_RULES + 1, rows))
    for fold in range(FOLDS):
        learned, held_out = folds != fold, np.flatnonzero(folds == fold)
        found = _grow(conditions, outcomes, learned, MOST_RULES)
        for count in range(MOST_RULES + 1):
            groups = _group(found[:count], rows)
            predictions = [outcomes.predict(learned & (groups == place)) for place in range(len(found[:count]) + 1)]
            scores = outcomes.score(held_out, np.array(predictions)[groups[held_out]])
            losses[count, held_out], costs[count, held_out] = scores
    best = losses.mean(axis=1).argmin()
    worse = losses - losses[best]
    enough = int((worse.mean(axis=1) <= worse.std(axis=1) / np.sqrt(rows)).argmax())
    return enough if costs[enough].mean() <= costs[0].mean() else 0


def _group(found: Sequence[Found], rows: int) -> NDArray[np.int64]:
    """Return the place of the first rule that matches each of n rows; the number of rules where none does."""
    return np.asarray(np.argmax([*(rule.matches for rule in found), np.ones(rows, dtype=bool)], axis=0))


def _write(rule: Found, rows: NDArray[np.bool_], outcomes: Outcomes, target: Profile) -> tuple[str, str, Any, Any, str]:
    """Return a rule as a tuple of column, comparison, value, prediction and reason."""
    profile, (comparison, value) = rule.conditions.profile, rule.conditions.written[rule.place]
    prediction = outcomes.write(outcomes.predict(rows))
    condition = f"{_describe(profile)} {WORDS[comparison].format(write_value(value))}"
    if isinstance(outcomes, Classes):
        shares = outcomes.count(rows) / rows.sum()
        # of several answers, the one that is more frequent here than elsewhere by most
        code = 1 if len(shares) == 2 else (shares - outcomes.count(~rows) / max((~rows).sum(), 1)).argmax()  # noqa: PLR2004
        seen = f"{target.categories[code]} in {percent(shares[code])}"
    else:
        seen = f"at most {write_value(prediction)} in {percent(outcomes.quantile)}"
    value = int(value) if profile.kind == "integer" else value
    return profile.field, comparison, value, prediction, f"{condition}: {seen} of {rows.sum():,} rows"


def _describe(profile: Profile) -> str:
    return in_sentence(profile.description.strip(" .") or profile.name)
