"""The gates of the training table: rows that can be judged, and labels that agree with what is known."""

import json
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.plan import Plan
from ...core.problem import Problem
from ...core.result import GateResult, Status
from ..concordance import events, measure_concordance
from ..evaluate import Rows
from ..reference import Reference


def table_gates(rows: Rows, champion: Reference, problem: Problem, plan: Plan) -> Iterator[GateResult]:
    """Yield the results that hold for every candidate: few answers, copies of rows, labels against the past."""
    if problem.target.categories:
        yield answers_gate(rows, problem, plan)
    yield copies_gate(rows, plan)
    yield labels_gate(rows, champion, problem, plan)


def answers_gate(rows: Rows, problem: Problem, plan: Plan) -> GateResult:
    """Judge whether every answer has enough rows to be learned and judged."""
    counts = {answer: int((rows.truth == code).sum()) for code, answer in enumerate(problem.target.categories)}
    least = min(counts, key=lambda answer: counts[answer])
    needed = plan.gates.minimum_answers
    message = f"answers: {problem.target.name} is {least} in {counts[least]} of {len(rows.truth)} rows"
    status: Status = "pass" if counts[least] >= needed else "inconclusive"
    if status != "pass":
        message += f"; {needed} are needed (gates.minimum_answers)"
    return GateResult("answers", status, message, {"rows": counts, "needed": needed}, inconclusive_blocks=True)


def copies_gate(rows: Rows, plan: Plan) -> GateResult:
    """Judge the share of rows whose inputs are those of another row; copies share a fold in any case."""
    limit, confirmed = plan.gates.max_copied_share, "copies" in plan.gates.confirmed
    message = f"copies: {rows.copied:.1%} of the rows repeat the inputs of another row, against a limit of {limit:.1%}"
    status: Status = "pass" if rows.copied <= limit or confirmed else "inconclusive"
    if status != "pass":
        message += '; remove them from the source, or add "copies" to gates.confirmed'
    return GateResult("copies", status, message, {"share": rows.copied, "limit": limit}, inconclusive_blocks=True)


def labels_gate(rows: Rows, champion: Reference, problem: Problem, plan: Plan) -> GateResult:
    """Judge the labels of all rows and of each group, against the champion and against those it was trained on.

    They contradict the champion where its predictions rank them worse than chance. They have shifted where the share
    of an answer, or for numbers of labels over the old median, differs by more than the plan allows.
    """
    parts = _parts(rows, plan)
    reach, found = NormalDist().inv_cdf(1 - (1 - plan.gates.confidence) / 2 / len(parts)), []
    for part, members in parts.items():
        predictions = champion.deployed.predictions[members]
        for event, pair in events(problem, rows.truth[members], predictions).items():
            ranked = measure_concordance(*pair)
            if ranked and ranked.value + reach * ranked.error < 0.5:  # noqa: PLR2004  # chance
                found.append(f"{event} in {part} is ranked worse than by chance by the champion ({ranked.value:.2f})")
    old, new = json.loads(champion.tags.get("labels", "{}")), describe_labels(rows, problem, plan)
    shifts = {part: _shift(old[part], new[part], rows.truth[parts[part]]) for part in parts if part in old}
    worst = max(shifts, key=lambda part: shifts[part], default="")
    limit = plan.gates.max_label_shift
    if worst and shifts[worst] > limit:
        found.append(
            f"the labels of {worst} differ by {shifts[worst]:.2f} from those of the champion (limit {limit:g})"
        )
    status: Status = "inconclusive" if found and "labels" not in plan.gates.confirmed else "pass"
    message = f"labels: {'; '.join(found) or 'they agree with the champion and with those it was trained on'}"
    if status != "pass":
        message += '; correct the source, or if the world has changed add "labels" to gates.confirmed'
    evidence = {"shifts": shifts, "found": found, "limit": limit}
    return GateResult("labels", status, message, evidence, inconclusive_blocks=True)


def describe_labels(rows: Rows, problem: Problem, plan: Plan) -> dict[str, dict[str, float]]:
    """Return the share of each answer, or the median of numbers, in all rows and in each group."""
    found = {}
    for part, members in _parts(rows, plan).items():
        truth = rows.truth[members]
        found[part] = {
            answer: round(float(np.mean(truth == code)), 4) for code, answer in enumerate(problem.target.categories)
        } or {"median": float(np.median(truth))}
    return found


def _parts(rows: Rows, plan: Plan) -> dict[str, NDArray[np.bool_]]:
    """Return all rows and every group of enough rows, by name."""
    parts = {"all rows": np.ones(len(rows.truth), dtype=bool)}
    for column in rows.groups:
        for group, size in rows.groups[column].value_counts().items():
            if size >= plan.groups.minimum_rows:
                parts[f"{column} {group}"] = (rows.groups[column] == group).to_numpy()
    return parts


def _shift(old: dict[str, float], new: dict[str, float], truth: NDArray[Any]) -> float:
    if "median" in old:
        return float(abs(np.mean(truth > old["median"]) + np.mean(truth == old["median"]) / 2 - 0.5))
    return max(abs(new.get(answer, 0.0) - share) for answer, share in old.items())
