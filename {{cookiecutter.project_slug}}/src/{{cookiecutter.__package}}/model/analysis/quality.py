"""Quality: how well a candidate ranks, how often its answers are right, and whether probabilities are reliable."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.choice import ChoiceObjective
from ...core.result import Finding
from ..concordance import events, measure_concordance
from ..evaluate import metrics
from .candidate import Candidate

BINS = 10  # of the reliability plot, with as many rows in each
REACH = 1.96  # standard errors of a 95 % interval


def measure_quality(candidate: Candidate) -> Iterator[Finding]:
    """Yield the metrics, the ranking of each event, precision and recall of each answer, and reliability."""
    evaluation, problem = candidate.evaluation, candidate.problem
    figures = metrics(evaluation, problem)
    shown = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    yield Finding("metrics", f"metrics: {shown}", figures)
    for event, (truth, scores) in events(problem, evaluation.truth, evaluation.predictions).items():
        if ranked := measure_concordance(truth, scores):
            low, high = ranked.value - REACH * ranked.error, ranked.value + REACH * ranked.error
            kind = "area under the ROC curve" if problem.target.categories else "concordance"
            evidence = {"event": event, "value": ranked.value, "low": low, "high": min(high, 1.0)}
            message = f"ranking: {event}: {kind} {ranked.value:.3f} (95 % interval {low:.3f} to {min(high, 1.0):.3f})"
            yield Finding("ranking", message, evidence)
    if isinstance(problem.objective, ChoiceObjective):
        answers = _precision_and_recall(evaluation.truth, evaluation.choices, problem.objective)
        shown = "; ".join(
            f"{name}: {_percent(one['precision'])} and {_percent(one['recall'])}" for name, one in answers.items()
        )
        yield Finding("answers", f"answers: precision and recall of {shown}", answers)
    for event, pairs in problem.objective.calibration_pairs(evaluation.truth, evaluation.predictions).items():
        points = reliability(*pairs)
        worst = max(points, key=lambda point: abs(point[0] - point[1]))
        message = f"reliability: {event}: farthest apart at {worst[0]:.1%} predicted and {worst[1]:.1%} observed"
        yield Finding("reliability", message, {"event": event, "points": points})


def reliability(
    predicted: NDArray[Any], happened: NDArray[Any], sort_by: NDArray[Any]
) -> list[tuple[float, float, float, float]]:
    """Return of each bin the mean prediction, the observed share, and the bounds of its Wilson interval.

    n rows with a predicted probability, whether the event happened (0 to 1), and a value by which they are sorted.
    """
    found = []
    for rows in np.array_split(np.argsort(sort_by, kind="stable"), min(BINS, len(sort_by))):
        n, share = len(rows), float(happened[rows].mean())
        centre = (share + REACH**2 / (2 * n)) / (1 + REACH**2 / n)
        reach = REACH * math.sqrt(share * (1 - share) / n + REACH**2 / (4 * n * n)) / (1 + REACH**2 / n)
        found.append((float(predicted[rows].mean()), share, centre - reach, centre + reach))
    return found


def _precision_and_recall(
    truth: NDArray[Any], choices: NDArray[Any], objective: ChoiceObjective
) -> Mapping[str, dict[str, float | None]]:
    """Return for each answer which share of its rows is right, and of its truth is found; None: there are none."""
    found: dict[str, dict[str, float | None]] = {}
    for code, answer in enumerate(objective.categories):
        given, true = int((choices == code).sum()), int((truth == code).sum())
        right = int(((choices == code) & (truth == code)).sum())
        found[answer] = {"precision": right / given if given else None, "recall": right / true if true else None}
        found[answer] |= {"given": given, "true": true}
    return found


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"
