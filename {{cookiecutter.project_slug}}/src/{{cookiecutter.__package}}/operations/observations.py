"""What was observed of a rollout: counts, costs and times of both arms, step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EMPTY: Floats = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Arm:
    """One model's decisions in a step. A unit is a subject, or a decision without one.

    A label that arrives late belongs to the step in which its decision was made.
    """

    units: int = 0
    decisions: int = 0
    failed: int = 0  # units with a decision that the rules made, because the model failed
    adverse: int = 0  # units with a failure or an override
    reviewed: int = 0  # decisions that a person accepted or overrode, having seen the answer
    overridden: int = 0
    labelled: int = 0  # units with a labelled decision
    seconds: Floats = field(default_factory=lambda: EMPTY)  # of each call of the model
    costs: Floats = field(default_factory=lambda: EMPTY)  # of each labelled decision, in the plan's unit
    groups: Mapping[str, Floats] = field(default_factory=dict)  # the same costs by "column = group"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rollout: a share of the units is the challenger's, the rest the champion's."""

    number: int
    share: float
    champion: Arm
    challenger: Arm


@dataclass(frozen=True, slots=True)
class ShadowScores:
    """What a challenger would have answered: n pairs of costs of both models on the same labelled decisions."""

    decisions: int = 0
    failed: int = 0
    seconds: Floats = field(default_factory=lambda: EMPTY)  # of each call of the challenger
    champion_seconds: Floats = field(default_factory=lambda: EMPTY)
    champion_costs: Floats = field(default_factory=lambda: EMPTY)
    challenger_costs: Floats = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Summary:
    """The number of some values, their sum, and the sum of their squares."""

    number: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """The mean of the values; there has to be one."""
        return self.total / self.number


def summarise(values: Floats) -> Summary:
    """Return the summary of n values."""
    return Summary(len(values), float(values.sum()), float((values**2).sum()))


def count(hits: int, number: int) -> Summary:
    """Return the summary of n values of which some are 1, and the others 0."""
    return Summary(number, float(hits), float(hits))


def pairs(steps: Sequence[Step], name: str) -> list[tuple[Floats, Floats]]:
    """Return the values of one attribute of challenger and champion for each step."""
    return [(getattr(step.challenger, name), getattr(step.champion, name)) for step in steps]
