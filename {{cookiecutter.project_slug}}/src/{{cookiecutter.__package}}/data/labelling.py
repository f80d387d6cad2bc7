"""Labelling: draw decisions for labellers, with the probability of each draw, and estimate costs from their labels.

Every case is labelled blind. People who see the model's answer tend to accept it (automation bias); such labels would
say that the model is right, and labellers who were shown the same answer would agree because of it. If only some cases
came with an answer, a labeller would also see which cases those are.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.labels import adjudicate
from ..core.plan import Plan
from ..core.problem import Problem
from ..core.schema import Column
from ..stores.ledger import new_id, now
from .agreement import describe_distance

Tasks = Sequence[Mapping[str, Any]]
UNCERTAIN, RANDOM, AGAIN = "uncertain", "random", "again"  # why a decision was drawn


@dataclass(frozen=True, slots=True)
class Case:
    """A decision that was drawn, and the probability with which it was."""

    decision_id: str
    draw: str
    probability: float


def draw_cases(ids: Sequence[str], order: NDArray[Any], rows: int, uncertain: float, seed: int) -> list[Case]:
    """Draw n = `rows` of N decisions, in random order: a stratified sample without replacement.

    `order`: keys by which the decisions sort, those at which people should look first, shape (keys, N), as
    `numpy.lexsort` takes them. A share of `uncertain` are the first ones and certain to be drawn; the others are a
    simple random sample of the rest, so that each decision has a probability above 0 (Horvitz and Thompson 1952).
    """
    rng, rows = np.random.default_rng(seed), min(rows, len(ids))
    shuffled = rng.permutation(len(ids))  # among equal keys, chance decides
    ranked = shuffled[np.lexsort(order[:, shuffled])]
    certain = int(uncertain * rows)
    chosen = rng.choice(ranked[certain:], rows - certain, replace=False)
    probability = (rows - certain) / max(len(ids) - certain, 1)
    cases = [Case(ids[place], UNCERTAIN, 1.0) for place in ranked[:certain]]
    cases += [Case(ids[place], RANDOM, probability) for place in chosen]
    return [cases[place] for place in rng.permutation(len(cases))]


def find_ties(tasks: Tasks, labellers: Sequence[str], left_out: Sequence[str]) -> list[tuple[str, Case]]:
    """Return the decisions whose labels are tied, each with one of `labellers` who was not asked about it yet."""
    found = []
    for decision_id, asked in _by_decision(tasks).items():
        free = [labeller for labeller in labellers if labeller not in {task["labeller"] for task in asked}]
        if free and _is_tied(asked, left_out):
            found.append((free[0], Case(decision_id, AGAIN, asked[0]["probability"])))
    return found


def assign_cases(cases: Sequence[Case], labellers: Sequence[str], overlap: float) -> Iterator[tuple[str, Case]]:
    """Yield each case with a labeller in turn; a share of `overlap`, which are random ones, with the next one too."""
    twice = round(overlap * len(cases)) if len(labellers) > 1 else 0
    for place, case in enumerate(cases):
        yield labellers[place % len(labellers)], case
        if place < twice:
            yield labellers[(place + 1) % len(labellers)], case


def make_tasks(assigned: Sequence[tuple[str, Case]], seed: int) -> list[dict[str, Any]]:
    """Return the tasks of a new batch in random order, as the ledger records them.

    Their ids are random: with the id of the decision, a labeller could look up its answer.
    """
    batch = {"batch": new_id(), "asked_at": now()}
    tasks = [
        {"id": secrets.token_hex(16), "labeller": labeller, **batch, "decision_id": case.decision_id}
        | {"draw": case.draw, "probability": case.probability}
        for labeller, case in assigned
    ]
    return [tasks[place] for place in np.random.default_rng(seed).permutation(len(tasks))]


def group_labels(tasks: Tasks, left_out: Sequence[str]) -> list[dict[str, Any]]:
    """Return the labels of each decision by labeller, without those of the labellers who are left out."""
    return [_labels(asked, left_out) for asked in _by_decision(tasks).values()]


def describe_labellers(tasks: Tasks, target: Column, plan: Plan) -> list[str]:
    """Return in sentences what is labelled and open, and by whom."""
    left_out, labels = plan.labelling.left_out, group_labels(tasks, ())
    ties = sum(_is_tied(asked, left_out) for asked in _by_decision(tasks).values())
    given = sum(len(each) for each in labels)
    lines = [f"{given} of {len(tasks)} labels are given; {ties} cases are tied and wait for a further opinion."]
    for who in sorted({task["labeller"] for task in tasks}):
        own = [task for task in tasks if task["labeller"] == who]
        answers = Counter(task["answer"] for task in own if task["answer"] is not None)
        text = f"{who}{' (left out)' if who in left_out else ''}: "
        text += f"{answers.total()} given, {len(own) - answers.total()} open"
        if answers:
            [(answer, count)] = answers.most_common(1)
            distance = describe_distance(labels, target, who)
            text += f"; most often {answer} ({count / answers.total():.0%}); beside the others, {distance}"
        lines.append(f"{text}.")
    return lines


def describe_cost(tasks: Tasks, problem: Problem, plan: Plan) -> str:
    """Return in words what the answers cost, estimated from the latest batch that has labels; "" without one.

    Each label counts by the inverse of its probability; cases that are open or tied are taken for missing at random.
    """
    left_out, known = plan.labelling.left_out, {*problem.target.categories}
    usable = [task for task in tasks if task["draw"] != AGAIN and task["labeller"] not in left_out]
    latest = max((task["batch"] for task in usable if task["answer"] is not None), default="")
    costs, probabilities = [], []
    for asked in _by_decision([task for task in usable if task["batch"] == latest]).values():
        label = adjudicate(_labels(asked))
        answer = asked[0]["decided"]
        if label is not None and (not known or {label, answer} <= known):  # the contract may have changed
            costs += problem.objective.cost(*map(problem.objective.encode, ([label], [answer]))).tolist()
            probabilities.append(asked[0]["probability"])
    if not costs:
        return ""
    mean = estimate_mean(np.array(costs), np.array(probabilities))
    low, high = _interval(np.array(costs), np.array(probabilities), plan)
    return (
        f"By {len(costs)} labels of the latest batch, weighted by how likely each was drawn, an answer costs "
        f"{mean:.3g} on average ({low:.3g} to {high:.3g}), over all decisions that had no label."
    )


def estimate_mean(values: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Return the mean over all decisions, from n that were drawn with these probabilities (Hajek 1971)."""
    return float(np.average(values, weights=1 / probabilities))


def _interval(values: NDArray[Any], probabilities: NDArray[Any], plan: Plan) -> tuple[float, float]:
    """Return the percentile interval of the estimate; what was certain to be drawn does not vary."""
    rng, is_random = np.random.default_rng(0), np.flatnonzero(probabilities < 1)
    fixed = np.flatnonzero(probabilities == 1)
    means = []
    for _ in range(plan.gates.bootstrap_rounds):
        drawn = np.concatenate([fixed, rng.choice(is_random, len(is_random))]) if len(is_random) else fixed
        means.append(estimate_mean(values[drawn], probabilities[drawn]))
    tail = (1 - plan.gates.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _labels(asked: Tasks, left_out: Sequence[str] = ()) -> dict[str, Any]:
    given = {task["labeller"]: task["answer"] for task in asked if task["answer"] is not None}
    return {who: label for who, label in given.items() if who not in left_out}


def _is_tied(asked: Tasks, left_out: Sequence[str]) -> bool:
    return all(task["answer"] is not None for task in asked) and adjudicate(_labels(asked, left_out)) is None


def _by_decision(tasks: Tasks) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for task in tasks:
        found.setdefault(task["decision_id"], []).append(task)
    return found
