"""A model that treats groups differently is refused, also when a feature stands in for the group."""

import dataclasses
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.core.schema import PROTECTED
from {{ cookiecutter.__package }}.model.evaluate import Rows, cross_evaluate
from {{ cookiecutter.__package }}.model.gates.groups import group_gates

N = 1200
COLUMNS = ["first_group", "second_group"]


@pytest.fixture(params=list(SHAPES))
def shape(request):
    """Return every shape in turn, with two protected columns more."""
    shape = SHAPES[request.param]
    columns = dict.fromkeys(COLUMNS, (Annotated[Literal["a", "b"] | None, PROTECTED], None))
    return dataclasses.replace(shape, features=shape.features | columns)


@pytest.fixture
def plan(shape):
    """Return the plan with one limit, small enough for the sabotage."""
    plan = shape.parsed_plan
    limits = {"error_rate": 0.2} if shape.problem().target.categories else {"mean_error": 20.0}
    return plan.model_copy(update={"groups": plan.groups.model_copy(update={"limits": limits})})


@pytest.fixture
def rows(shape):
    """Return rows whose labels, features and groups have nothing to do with each other."""
    problem, rng = shape.problem(), np.random.default_rng(0)
    features = pd.DataFrame({column.name: [column.example] * N for column in problem.inputs})
    groups = pd.DataFrame({name: rng.choice(["a", "b"], N) for name in COLUMNS})
    answers = problem.target.categories
    labels = rng.choice(np.array(answers, dtype=object), N) if answers else rng.uniform(0, 100, N)
    return Rows(features, groups, problem.objective.encode(labels), np.arange(N) % 4, np.arange(N), np.ones(N))


@pytest.mark.slow
@pytest.mark.parametrize("column", COLUMNS)
def test_sabotage_feature_that_stands_in_for_a_group_fails_the_gate_of_that_group_alone(shape, rows, plan, column):
    """A feature gives the group away, and the labels to learn from treat that group differently."""
    problem = shape.problem(plan)
    member = (rows.groups[column] == "b").to_numpy()
    feature = problem.inputs[0]
    values = feature.categories or (feature.low or 0.0, feature.high or 10.0)
    features = rows.features.copy()
    features[feature.name] = np.where(member, values[-1], values[0])
    first, *others = problem.objective.encode(problem.target.categories or [0.0, 100.0])
    labels = np.where(member, np.resize(others, N), first)
    taught = dataclasses.replace(rows, features=features, truth=labels)
    [model] = problem.candidates().values()
    learned = cross_evaluate(model, taught, problem)
    # the answers are right for all of one group, and for some of the other
    grouped = dataclasses.replace(rows, features=features, truth=np.where(member, rows.truth, first))
    statuses = {result.gate: result.status for result in group_gates(grouped, [learned], problem.objective, plan)}
    red = {gate.partition(".")[0] for gate, status in statuses.items() if status == "fail"}
    assert red == {column}
    assert {status for gate, status in statuses.items() if not gate.startswith(column)} == {"pass"}
