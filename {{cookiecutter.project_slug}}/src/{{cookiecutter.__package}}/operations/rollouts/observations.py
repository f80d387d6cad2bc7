"""What was observed of a rollout: counts and costs of both arms, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """The number of some values, their sum, and the sums of their squares and cubes."""

    number: int = 0
    total: float = 0
    squares: float = 0
    cubes: float = 0

    @property
    def mean(self) -> float:
        """The mean of the values; there has to be one."""
        return self.total / self.number


@dataclass(frozen=True, slots=True)
class Arm:
    """One model's decisions in a step. A unit is a subject, or a decision without one.

    A label that arrives late belongs to the step in which its decision was made.
    """

    units: int = 0
    decisions: int = 0
    failed: int = 0  # units with a decision that the rules made, because the model failed
    adverse: int = 0  # units with a failure or an override
    calls: int = 0  # of the model: decisions of one batch share a call
    slow: int = 0  # calls that took longer than the plan's limit
    reviewed: int = 0  # units with a decision that a person accepted or overrode, having seen the answer
    overridden: int = 0  # units with an override
    labelled: int = 0  # units with a labelled decision
    costs: Summary = Summary()  # mean cost of each labelled unit, in the plan's unit of cost
    groups: Mapping[str, Summary] = field(default_factory=dict)  # of the same costs, by "column = group"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rollout: a share of the units is the challenger's, the rest the champion's."""

    number: int
    share: float
    champion: Arm
    challenger: Arm


@dataclass(frozen=True, slots=True)
class ShadowScores:
    """What a challenger would have answered in the shadow, beside the champion's decisions."""

    decisions: int = 0
    failed: int = 0
    calls: int = 0
    slow: int = 0
    costs: Summary = Summary()  # mean difference of each labelled unit, challenger minus champion


def summarise(values: Floats) -> Summary:
    """Return the summary of n values."""
    return Summary(len(values), float(values.sum()), float((values**2).sum()), float((values**3).sum()))


def count(hits: int, number: int) -> Summary:
    """Return the summary of n values of which some are 1, and the others 0."""
    return Summary(number, float(hits), float(hits), float(hits))


def pairs(steps: Sequence[Step], read: Callable[[Arm], Summary]) -> list[tuple[Summary, Summary]]:
    """Return the summaries of challenger and champion for each step."""
    return [(read(step.challenger), read(step.champion)) for step in steps]
