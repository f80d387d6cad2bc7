"""The loop on applications like those of the mortgage table, through ten rounds and a world that changes."""

import numpy as np
import pytest
from simulation import REVIEWERS, Loop

from {{ cookiecutter.__package }}.core.pipelines import boosting, linear
from {{ cookiecutter.__package }}.model.evaluate import fit

pytestmark = pytest.mark.slow
ROUNDS, CHANGE = 10, 4  # in round 4 all who are self-employed are declined, whatever else is true
DECISIONS, FILE_ROWS = 1500, 2380
JITTER = 0.02  # relative, of numbers: no two applications are copies
LOOPS = [(reviewer, late) for reviewer in REVIEWERS for late in (False, True)]
ALWAYS_ACCEPT = "always accept"


@pytest.fixture(scope="session")
def draw(rows, problem, plan):
    """Return a function that draws applications: a boosted model of the table is the world."""
    world, columns = fit(boosting(problem.columns, plan), rows), {column.name: column for column in problem.inputs}

    def draw_rows(count, rng, *, changed):
        drawn = rng.integers(0, len(rows.features), count)
        features = rows.features.iloc[drawn].reset_index(drop=True).copy()
        for name, column in columns.items():
            if column.kind == "number":
                jittered = features[name] * np.exp(rng.normal(0, JITTER, count))
                features[name] = np.clip(jittered, column.low, column.high)
        chances = problem.objective.predict(world, features)
        if changed:
            chances[(features["self_employed"] == "yes").to_numpy()] = [0.0, 1.0]
        return features.assign(race=rows.groups["race"].iloc[drawn].replace("not stated", None).to_numpy()), chances

    return draw_rows


@pytest.fixture(scope="session")
def loop_plan(plan):
    """Return the plan without limits between groups, which no plain model of this table keeps to."""
    groups = plan.groups.model_copy(update={"limits": {}})
    gates = plan.gates.model_copy(update={"assignments": 2, "bootstrap_rounds": 300})
    return plan.model_copy(update={"groups": groups, "gates": gates})


@pytest.fixture
def start_loop(problem, loop_plan, draw, tmp_path):
    """Return a function that makes a loop whose first champion was trained on the file."""

    def start(champion, seed=0, **changes):
        plan = loop_plan.model_copy(update={"review": loop_plan.review.model_copy(update=changes)})
        return Loop(problem, plan, draw, tmp_path, seed=seed, rows=FILE_ROWS, champion=champion)

    return start


@pytest.mark.parametrize(("reviewer", "late_outcomes"), LOOPS)
def test_loop_follows_a_change_of_the_world_within_two_rounds(start_loop, problem, loop_plan, reviewer, late_outcomes):
    recipe = linear(problem.columns, loop_plan)
    loop = start_loop(recipe)
    options = {"reviewer": reviewer, "late_outcomes": late_outcomes, "rows": DECISIONS}
    old = loop.registry.load("champion").model
    rounds = [loop.turn(n, {"linear": recipe}, changed=n >= CHANGE, **options) for n in range(1, CHANGE + 2)]
    assert rounds[-1].cost - best_cost(loop, recipe) < 0.5 * (
        loop.true_cost(old, changed=True) - best_cost(loop, recipe)
    )


def best_cost(loop, recipe):
    """Return what the recipe costs in the changed world when it was trained there."""
    features, chances = loop.draw(20_000, np.random.default_rng(7), changed=True)
    truth = (np.random.default_rng(8).random(len(chances)) < chances[:, 1]).astype(int)
    return loop.true_cost(recipe.fit(features, truth), changed=True)
