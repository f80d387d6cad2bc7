"""Observe: what the ledger says about both arms of a rollout, as the guards read it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.labels import OPEN, OVERRIDE, choose_label
from ...core.plan import Plan
from ...core.problem import Problem
from ...stores.ledger import Ledger
from ...stores.rollout_decisions import count_rollout_decisions
from ...stores.rollouts import Rollout
from .observations import Arm, ShadowScores, Step, Summary, summarise

Row = Mapping[str, Any]


def slow_seconds(plan: Plan) -> float:
    """Return from which time on a call of a model is slow."""
    return plan.speed.p95_ms / 1000


def observe_steps(rows: Sequence[Row], problem: Problem, plan: Plan) -> list[Step]:
    """Return what the decisions of a rollout say about every step, the shadow included, in their order."""
    arms: dict[tuple[int, float], dict[str, list[Row]]] = defaultdict(lambda: {"champion": [], "challenger": []})
    for row in rows:
        arms[row["step"], row["share"]][row["arm"]].append(row)
    return [
        Step(number, share, *(_observe_arm(found[arm], problem, plan) for arm in ("champion", "challenger")))
        for (number, share), found in sorted(arms.items())
    ]


def count_steps(ledger: Ledger, rollout: Rollout, plan: Plan) -> list[Step]:
    """Return the counts of every step that need no labels; the database makes them."""
    arms: dict[tuple[int, float], dict[str, Arm]] = defaultdict(dict)
    for row in count_rollout_decisions(ledger, rollout.id, slow_seconds(plan)):
        counts = {name: row[name] for name in ("units", "failed", "adverse", "calls", "slow")}
        arms[row["step"], row["share"]][row["arm"]] = Arm(**counts)
    return [
        Step(number, share, found.get("champion", Arm()), found.get("challenger", Arm()))
        for (number, share), found in sorted(arms.items())
    ]


def observe_shadow(rows: Sequence[Row], scores: Sequence[Row], problem: Problem, plan: Plan) -> ShadowScores:
    """Return what the challenger would have answered; labels are outcomes and blind reviews, in the plan's order."""
    decisions = {row["id"]: row for row in rows}
    order = [statement for statement in plan.labels.order if statement != "reaction"]
    scored = [(score["answer"], decisions[score["decision_id"]]) for score in scores if not score["error"]]
    kept = [(answer, row, label[1]) for answer, row in scored if (label := choose_label(row, order))]
    truths = [label for *_, label in kept]
    costs = _costs(problem, truths, [answer for answer, *_ in kept])
    costs = costs - _costs(problem, truths, [row["answer"] for _, row, _ in kept])
    by_unit: dict[str, list[float]] = defaultdict(list)
    for (_, row, _), cost in zip(kept, costs.tolist(), strict=True):
        by_unit[_unit(row)].append(cost)
    seconds = {score["model_seconds"] for score in scores}
    failed = sum(bool(score["error"]) for score in scores)
    slow = sum(each > slow_seconds(plan) for each in seconds)
    return ShadowScores(len(scores), failed, len(seconds), slow, _summarise_units(by_unit))


def _observe_arm(rows: Sequence[Row], problem: Problem, plan: Plan) -> Arm:
    labelled = [(row, label[1]) for row in rows if (label := choose_label(row, plan.labels.order))]
    costs = _costs(problem, [label for _, label in labelled], [row["answer"] for row, _ in labelled])
    by_unit: dict[str, list[float]] = defaultdict(list)
    by_group: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (row, _), cost in zip(labelled, costs.tolist(), strict=True):
        by_unit[_unit(row)].append(cost)
        for column in problem.stored:
            if column.protected and column.categories:
                by_group[f"{column.name} = {row['features'].get(column.name)}"][_unit(row)].append(cost)
    seconds = {row["model_seconds"] for row in rows}
    adverse = [row for row in rows if row["fallback"] or row["verdict"] == OVERRIDE]
    return Arm(
        units=_count_units(rows),
        decisions=len(rows),
        failed=_count_units([row for row in rows if row["fallback"]]),
        adverse=_count_units(adverse),
        calls=len(seconds),
        slow=sum(each > slow_seconds(plan) for each in seconds),
        reviewed=_count_units([row for row in rows if row["verdict"] in OPEN]),
        overridden=_count_units([row for row in rows if row["verdict"] == OVERRIDE]),
        labelled=_count_units([row for row, _ in labelled]),
        costs=_summarise_units(by_unit),
        groups={name: _summarise_units(units) for name, units in by_group.items()},
    )


def _unit(row: Row) -> str:
    return str(row["subject"] or row["id"])


def _count_units(rows: Sequence[Row]) -> int:
    return len({_unit(row) for row in rows})


def _summarise_units(costs: Mapping[str, Sequence[float]]) -> Summary:
    """Summarise the mean cost of each unit: decisions of one subject depend on each other."""
    return summarise(np.array([np.mean(values) for values in costs.values()]))


def _costs(problem: Problem, truths: Sequence[Any], answers: Sequence[Any]) -> Any:
    objective = problem.objective
    return objective.cost(objective.encode(truths), objective.encode(answers)) if truths else np.zeros(0)
