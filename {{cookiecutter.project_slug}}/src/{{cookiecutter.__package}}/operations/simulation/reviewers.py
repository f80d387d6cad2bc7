"""Reviewers: people who look at some of the decisions, err, and accept too easily what they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.schema import Column

AGREEMENT = 0.1  # how far, as a share of the person's own number, an answer may be from it to be accepted
SPREAD = 0.5  # standard deviation of the logarithm of a wrong number


@dataclass(frozen=True, slots=True)
class Reviewers:
    """How people react.

    `rate`: share of decisions that somebody reviews. `error`: probability that a person's own answer is wrong.
    `bias`: probability that a person accepts what is shown without thinking (automation bias; Parasuraman and Manzey,
    "Complacency and Bias in Human Use of Automation", Human Factors 52, 2010). It has no effect on blind reviews.
    """

    rate: float = 0.5
    error: float = 0.05
    bias: float = 0.3

    def react(
        self, decision: Mapping[str, Any], truth: Any, target: Column, rng: np.random.Generator
    ) -> dict[str, Any] | None:
        """Return the reaction to a decision as the API takes it, or None if nobody reviews it."""
        is_reviewed, is_wrong, is_careless = rng.random(3) < (self.rate, self.error, self.bias)
        own = make_mistake(truth, target, rng) if is_wrong else truth
        if not is_reviewed:
            return None
        if decision["blind"]:
            return {"verdict": "blind", "answer": own}
        if is_careless or agrees(own, decision["answer"]):
            return {"verdict": "accept"}
        return {"verdict": "override", "answer": own}


def agrees(own: Any, answer: Any) -> bool:
    """Return whether an answer is a person's own one; of numbers, whether it is within a tenth of it."""
    if isinstance(own, str):
        return bool(own == answer)
    return bool(abs(own - answer) <= AGREEMENT * abs(own))


def make_mistake(truth: Any, target: Column, rng: np.random.Generator) -> Any:
    """Return another answer than the true one, which the label can have."""
    if target.categories:
        others = [category for category in target.categories if category != truth]
        return others[int(rng.integers(len(others)))]
    low = -np.inf if target.low is None else target.low
    high = np.inf if target.high is None else target.high
    wrong = float(np.clip((truth or 1) * np.exp(rng.normal(0, SPREAD)), low, high))
    return int(np.clip(round(wrong), low, high)) if target.kind == "integer" else wrong
