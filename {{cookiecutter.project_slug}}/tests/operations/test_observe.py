"""What the ledger says about both arms is counted alike by the database and row by row."""

import pytest
from postgres import make_schema
from problems import SHAPES

from {{ cookiecutter.__package }}.operations.rollouts.observe import (
    count_steps,
    observe_shadow,
    observe_steps,
)
from {{ cookiecutter.__package }}.stores.ledger import new_id, now, open_ledger
from {{ cookiecutter.__package }}.stores.outcomes import record_outcomes
from {{ cookiecutter.__package }}.stores.rollout_decisions import read_rollout_decisions
from {{ cookiecutter.__package }}.stores.rollouts import begin, change
from {{ cookiecutter.__package }}.stores.shadow_scores import (
    read_shadow_scores,
    record_shadow_scores,
)

ENTRY = {"name": "a", "version": "1", "digest": "", "tags": {}}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request, shape, new_ledger):
    if request.param == "postgresql":
        return make_schema(request.getfixturevalue("postgres")[0])
    return new_ledger(shape.problem().target)


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


def answers_of(problem):
    """Return two answers of a label, of which the second one is wrong where the first one is true."""
    return problem.target.categories[:2] or (100.0, 150.0)


def record(ledger, problem, rollout, number, **more):
    features = {column.name: column.example for column in problem.stored}
    rows = []
    for place in range(number):
        row = {"id": new_id(), "decided_at": now(), "features": features, "answer": answers_of(problem)[0]}
        row |= {"score": 0.5, "model": "a:1", "needs_review": False, "fallback": False, "blind": False}
        row |= {"reference": None, "subject": None, "model_seconds": 0.001 * (place + 1), "rollout": rollout.id}
        rows.append(row | {"step": rollout.step, "share": rollout.share, "arm": "champion"} | more)
    ledger.record(rows)
    return rows


def test_both_ways_of_counting_agree_and_late_labels_belong_to_the_step_of_their_decision(url, shape):
    problem, plan = shape.problem(), shape.parsed_plan
    right, wrong = answers_of(problem)
    with open_ledger(url, problem.target) as ledger:
        begun = begin(ledger, ENTRY, ENTRY, [0.5, 1.0], "")
        rollout = change(ledger, begun, why="", state="running", step=1, share=0.5)
        champion = record(ledger, problem, rollout, 4)
        record(ledger, problem, rollout, 3, arm="challenger", subject="one", fallback=True, model_seconds=9.0)
        challenger = record(ledger, problem, rollout, 2, arm="challenger")
        ledger.react(champion[0]["id"], {"verdict": "override", "answer": wrong, "note": ""})
        ledger.react(challenger[0]["id"], {"verdict": "accept", "answer": None, "note": ""})
        later = change(ledger, rollout, why="", step=2, share=1.0)
        record(ledger, problem, later, 1, arm="challenger")
        record_outcomes(ledger, [{"id": row["id"], "outcome": right} for row in champion[:2]])
        first, second = observe_steps(read_rollout_decisions(ledger, later.id), problem, plan)
        counted = count_steps(ledger, later, plan)
    for step, counts in zip((first, second), counted, strict=True):
        for arm in ("champion", "challenger"):
            one, other = getattr(step, arm), getattr(counts, arm)
            names = ("units", "failed", "adverse", "calls", "slow")
            assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]
    assert (first.champion.decisions, first.champion.overridden, first.champion.reviewed) == (4, 1, 1)
    assert (first.champion.costs.number, first.champion.costs.total) == (2, 0)  # outcomes come before reactions
    assert (first.challenger.units, first.challenger.failed, first.challenger.adverse) == (3, 1, 1)
    assert (first.challenger.slow, first.challenger.calls, first.challenger.labelled) == (1, 3, 1)
    assert (second.number, second.share, second.challenger.decisions) == (2, 1.0, 1)
    names = {column.name for column in problem.columns if column.protected and column.categories}
    assert {name.partition(" = ")[0] for name in first.champion.groups} == names


def test_shadow_is_compared_on_outcomes_and_blind_reviews_alone(url, shape):
    problem, plan = shape.problem(), shape.parsed_plan
    right, wrong = answers_of(problem)
    with open_ledger(url, problem.target) as ledger:
        rollout = begin(ledger, ENTRY, ENTRY, [1.0], "")
        rows = record(ledger, problem, rollout, 5)
        scores = {"rollout": rollout.id, "answer": wrong, "score": 0.9, "model_seconds": 0.001, "error": ""}
        record_shadow_scores(ledger, [scores | {"decision_id": row["id"]} for row in rows[:4]])
        failed = {"answer": None, "score": None, "error": "ValueError", "decision_id": rows[4]["id"]}
        record_shadow_scores(ledger, [scores | failed])
        ledger.react(rows[0]["id"], {"verdict": "accept", "answer": None, "note": ""})
        record_outcomes(ledger, [{"id": row["id"], "outcome": right} for row in rows[1:3]])
        scored = read_shadow_scores(ledger, rollout.id)
        found = observe_shadow(read_rollout_decisions(ledger, rollout.id), scored, problem, plan)
    assert (found.decisions, found.failed, found.calls, found.slow) == (5, 1, 1, 0)
    assert found.costs.number == 2
    assert found.costs.total > 0


def test_decisions_of_one_subject_are_one_unit_in_the_steps_and_in_the_shadow(url, shape):
    problem, plan = shape.problem(), shape.parsed_plan
    right, wrong = answers_of(problem)
    with open_ledger(url, problem.target) as ledger:
        rollout = begin(ledger, ENTRY, ENTRY, [1.0], "")
        rows = record(ledger, problem, rollout, 4, subject="one") + record(ledger, problem, rollout, 1)
        record_outcomes(ledger, [{"id": row["id"], "outcome": right} for row in rows])
        scores = {"rollout": rollout.id, "answer": wrong, "score": 0.9, "model_seconds": 0.001, "error": ""}
        record_shadow_scores(ledger, [scores | {"decision_id": row["id"]} for row in rows])
        for row in rows[:3]:
            ledger.react(row["id"], {"verdict": "override", "answer": wrong, "note": ""})
        found = read_rollout_decisions(ledger, rollout.id)
        [step] = observe_steps(found, problem, plan)
        shadow = observe_shadow(found, read_shadow_scores(ledger, rollout.id), problem, plan)
    arm = step.champion
    assert (arm.decisions, arm.units, arm.labelled, arm.overridden, arm.adverse) == (5, 2, 2, 1, 1)
    assert (arm.costs.number, shadow.costs.number) == (2, 2)
    assert shadow.costs.total == 2 * shadow.costs.mean > 0
