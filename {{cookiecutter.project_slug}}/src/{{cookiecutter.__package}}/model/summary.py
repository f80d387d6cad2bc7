"""Summary: why nothing may serve, in a sentence, and all evidence of a training, for JSON."""

from collections.abc import Sequence
from typing import Any

from ..core.result import Finding, GateResult
from .train import Trial


def find_reason(trials: Sequence[Trial]) -> str:
    """Return why no candidate may serve: what blocks the training table, or else the cheapest candidate."""
    refused = [trial for trial in trials if trial.refused]
    if not refused:
        return "candidates.py has no candidate"
    # one that could not be evaluated has no cost
    first = min(refused, key=lambda one: (one.model is not None, not one.metrics, one.metrics.get("cost", 0)))
    return f"{first.name}: {next(result.message for result in first.results if result.blocks)}"


def tabulate_trials(trials: Sequence[Trial]) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table: each trial with its metrics and why it is refused."""
    names = sorted({name for trial in trials for name in trial.metrics})
    rows = [
        [
            trial.name,
            *(f"{trial.metrics[name]:.4g}" if name in trial.metrics else "" for name in names),
            "; ".join(one.message for one in trial.results if one.blocks),
        ]
        for trial in trials
    ]
    return ["model", *names, "refused because"], rows


def describe_trials(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return every trial with its metrics, and every result with its evidence, for JSON."""
    return [
        {
            "name": trial.name,
            "refused": trial.refused,
            "metrics": trial.metrics,
            "results": describe_results(trial.results),
        }
        for trial in trials
    ]


def describe_results(results: Sequence[GateResult | Finding]) -> list[dict[str, Any]]:
    """Return every result with its evidence, for JSON."""
    return [
        {"gate": one.gate, "status": one.status, "message": one.message, "evidence": dict(one.evidence)}
        if isinstance(one, GateResult)
        else {"found": one.name, "message": one.message, "evidence": dict(one.evidence)}
        for one in results
    ]
