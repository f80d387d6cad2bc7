"""Attention: whether people who see the model's answer read it, or accept it because that is the easy click.

Such reviews suffer from automation bias: if wrong answers are accepted, they become labels that say the model is
right. The overrides alone would be a biased sample, because they are only the cases in which it was wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import bdtr, pdtr

from ..core.labels import OPEN, OVERRIDE, choose_label
from ..core.plan import Labels

LEVEL = 0.05  # of the test
# decisions with a blind review or an outcome that are enough to estimate an error rate, and wrong answers among them
MINIMUM_REFERENCE, MINIMUM_WRONG = 30, 5
MINIMUM_DOUBT = 0.05  # a score of 0 or 1 is not taken for certain where decisions are compared by their doubt
ALL_ACCEPTED = 40  # of so many answers, all of them numbers, somebody who reads overrides at least one
NEXT_STEP = "raise review.blind_share or take outcomes, or set labels.minimum_attention = 0"


@dataclass(slots=True)
class Reviews:
    """Open reviews, and the reference: decisions with a blind review or an outcome.

    `doubt`: sum of the probabilities, by the models' own scores, that the given answers are wrong.
    `open_risk`, `reference_risk`: the same sums, each probability at least MINIMUM_DOUBT.
    """

    opened: int = 0
    overrides: int = 0
    doubt: float = 0.0
    open_risk: float = 0.0
    reference: int = 0
    wrong: int = 0  # of the reference
    reference_risk: float = 0.0

    @property
    def is_conclusive(self) -> bool:
        """Whether the reference is enough: so many wrong answers are in it, or would be if the scores are right."""
        return self.reference >= MINIMUM_REFERENCE and max(self.wrong, self.reference_risk) >= MINIMUM_WRONG


def count_reviews(decisions: Iterable[Mapping[str, Any]], labels: Labels, categories: Sequence[str]) -> Reviews:
    """Count reviews that saw the answer, and wrong answers among decisions with a blind review or an outcome."""
    found, independent = Reviews(), [statement for statement in labels.order if statement != "reaction"]
    for decision in decisions:
        doubt = _doubt(decision, categories) if categories else 1.0
        risk = max(doubt, MINIMUM_DOUBT)
        if decision["verdict"] in OPEN:
            found.opened += 1
            found.overrides += decision["verdict"] == OVERRIDE
            found.doubt += doubt
            found.open_risk += risk
        if label := choose_label(decision, independent):
            found.reference += 1
            found.wrong += label[1] != decision["answer"]
            found.reference_risk += risk
    return found


def explain_inattention(reviews: Reviews, labels: Labels, categories: Sequence[str]) -> str:
    """Return why open reviews do not count, or "" if they do.

    They do not count if overrides are significantly fewer than `minimum_attention` of the answers that are expected
    to be wrong (one-sided, at LEVEL). With a conclusive reference the test is the conditional one of two Poisson
    rates, which counts the uncertainty of both: of overrides and wrong answers of the reference together, the
    overrides are binomial. The rates are per unit of risk, because reviews may be of harder cases than the reference
    is (indirect standardisation). Without one, the models' own scores say how many answers are wrong.

    Numbers have no right or wrong answer, as no two people name the same: open reviews do not count if there are
    ALL_ACCEPTED or more and none is an override.

    Przyborowski and Wilenski (1940), Homogeneity of results in testing samples from Poisson series.
    """
    minimum = labels.minimum_attention
    if not minimum or not reviews.opened or "reaction" not in labels.order:
        return ""
    if not categories:
        is_inattentive, evidence = reviews.overrides == 0 and reviews.opened >= ALL_ACCEPTED, ""
    elif reviews.is_conclusive:
        share = minimum * reviews.open_risk / (minimum * reviews.open_risk + reviews.reference_risk)
        is_inattentive = bdtr(reviews.overrides, reviews.overrides + reviews.wrong, share) < LEVEL
        expected = reviews.open_risk * reviews.wrong / reviews.reference_risk
        evidence = f" where about {expected:,.0f} are wrong by {reviews.reference:,} blind reviews and outcomes"
    else:
        is_inattentive = pdtr(reviews.overrides, minimum * reviews.doubt) < LEVEL
        evidence = f" where about {reviews.doubt:,.0f} are wrong by the models' own probabilities"
    if not is_inattentive:
        return ""
    found = f"{reviews.overrides:,} of {reviews.opened:,} answers were overridden{evidence}"
    nothing = "" if reviews.reference else ", so nothing can be learnt from these reactions"
    return f"open reviews are left out: {found}{nothing}; {NEXT_STEP}"


def _doubt(decision: Mapping[str, Any], categories: Sequence[str]) -> float:
    """Return the probability that a given answer is wrong; of two answers, the score is that of the last one."""
    score = min(max(float(decision["score"]), 0.0), 1.0)
    is_first_of_two = len(categories) == 2 and decision["answer"] != categories[-1]  # noqa: PLR2004
    return score if is_first_of_two else 1 - score
