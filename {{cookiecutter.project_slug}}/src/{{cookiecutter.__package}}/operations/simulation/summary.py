"""What happened in a simulation, counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ...core.schema import Column
from .reviewers import AGREEMENT


@dataclass
class Summary:
    """Counts of requests, reactions and outcomes, and of agreement between people and the product."""

    decided: int = 0
    refused: int = 0
    failed: int = 0
    right: int = 0  # answers that are the true one
    fallbacks: int = 0
    to_review: int = 0
    outcomes: int = 0
    agreed: int = 0  # reviews whose answer is that of the product
    models: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)  # of requests that were refused or failed

    def count_decision(self, decision: Mapping[str, Any], *, is_right: bool) -> None:
        """Count a decision."""
        self.decided += 1
        self.right += is_right
        self.fallbacks += bool(decision["fallback"])
        self.to_review += bool(decision["needs_review"])
        self.models[decision["model"]] += 1

    def count_review(self, verdict: str, *, is_agreed: bool) -> None:
        """Count a reaction."""
        self.reviews[verdict] += 1
        self.agreed += is_agreed

    def count_refusal(self, status: int, reason: str) -> None:
        """Count a request that the product refused (400 to 499), or that failed."""
        is_refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        self.refused += is_refused
        self.failed += not is_refused
        self.reasons[reason] += 1

    def describe(self, target: Column) -> list[str]:
        """Return the counts in sentences, for a label."""
        near = "have" if target.categories else f"are within {AGREEMENT:.0%} of"
        reviews, right = sum(self.reviews.values()), share(self.right, self.decided)
        lines = [
            f"Decisions: {self.decided}; {right} of them {near} the true answer, {self.to_review} ask for a review."
        ]
        if self.models:
            lines.append(f"Answered by {', '.join(f'{model} {count}' for model, count in self.models.most_common())}.")
        if self.fallbacks:
            lines.append(f"The model failed {self.fallbacks} times, and the rules answered.")
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(self.reviews.items()))
        if reviews:
            agreement = f"people agree with {share(self.agreed, reviews)} of the answers"
            lines.append(f"Reviews: {reviews} ({kinds}); {agreement}.")
        else:
            lines.append("Reviews: 0.")
        lines.append(f"Outcomes: {self.outcomes}.")
        if self.refused or self.failed:
            lines.append(f"Refused: {self.refused}; failed: {self.failed}.")
            lines += [f"  {count} times: {reason}" for reason, count in self.reasons.most_common(3)]
        return lines


def share(part: int, whole: int) -> str:
    """Return a share in percent, or a dash where there is nothing."""
    return f"{part / whole:.1%}" if whole else "-"
