"""Offline and online figures rank models alike: what costs more on held-out rows costs more in a product.

The traffic is simulated. Each model of a ladder answers the same cases as the champion of a product that is served,
outcomes and reactions are sent to it, and the monitor's figures are read from its ledger. After Breck et al., "The ML
Test Score", IEEE Big Data 2017, test Model 2.
"""

import copy

import numpy as np
import pytest
from problems import SHAPES
from scipy.stats import kendalltau
from watched import draw

from {{ cookiecutter.__package }}.core.faulty import WrongModel
from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.operations.monitoring.labels import OPEN, OUTCOME
from {{ cookiecutter.__package }}.operations.monitoring.quality import live_costs
from {{ cookiecutter.__package }}.operations.simulation.reviewers import Reviewers
from {{ cookiecutter.__package }}.stores.decision_columns import read_decisions
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model

pytestmark = pytest.mark.slow
TRAINING, HELD_OUT, CASES, BLOCK = 2_000, 2_000, 200, 100
WRONG = (0.0, 0.3, 0.6, 1.0)  # shares of the rows with a wrong prediction: steps that reactions to 200 cases can tell
RELUCTANT = (0.0, 0.7, 1.4)  # by which the log-odds of the answer that costs more to miss are too low


def fit_model(shape):
    """Return the candidate of a shape, fitted."""
    problem, (features, labels) = shape.problem(), draw(shape, TRAINING, 1)
    return problem.candidates()["learned"].fit(inputs(features, problem), problem.objective.encode(labels))


def inputs(features, problem):
    return {column.name: features[column.name] for column in problem.inputs}


def make_reluctant(model, step):
    """Return a copy of a logistic regression that finds the last answer less likely."""
    reluctant = copy.deepcopy(model)
    reluctant[-1].intercept_ -= step
    return reluctant


def measure_offline(shape, models):
    """Return the evaluation of each model on rows that it was not fitted to."""
    problem, (features, labels) = shape.problem(), draw(shape, HELD_OUT, 2)
    truth, predict = problem.objective.encode(labels), problem.objective.predict
    return [evaluate(problem.objective, truth, predict(model, inputs(features, problem))) for model in models]


def measure_online(workspace, models):
    """Return what each model costs by outcomes, and by people who see its answers, as the monitor finds it."""
    features, labels = draw(workspace.shape, CASES, 3)
    cases = [dict(zip(features, row, strict=True)) for row in zip(*features.values(), strict=True)]
    for place, model in enumerate(models):
        publish(workspace, model, str(100 + place))
        with workspace.product() as product:
            send(product, cases, labels, f"model {place}", workspace.shape.problem().target)
    project = workspace.project
    with project.ledger() as ledger:
        found = read_decisions(ledger, list(features))
    by_model = [found.take(found.models == f"rung:{100 + place}") for place in range(len(models))]
    assert [len(each) for each in by_model] == [CASES] * len(models)
    costs = [{result.gate: result for result in live_costs(each, project.problem, project.plan)} for each in by_model]
    return {source: [each[f"cost by {source}"].evidence["mean"] for each in costs] for source in (OUTCOME, OPEN)}


def publish(workspace, model, version):
    """Make a model the champion of the product."""
    project, content = workspace.project, dump_model(model)
    project.models.add(version, content)
    tags = {"contract": project.problem.fingerprint}
    project.models.publish("champion", name="rung", version=version, digest=digest_of(content), tags=tags)


def send(product, cases, labels, name, target):
    """Let a product decide the cases; send all outcomes, and the reactions of people who err and accept too easily."""
    people, rng = Reviewers(rate=1.0), np.random.default_rng(0)
    for start in range(0, len(cases), BLOCK):
        rows = [
            case | {"reference": f"{name} case {start + place}"}
            for place, case in enumerate(cases[start : start + BLOCK])
        ]
        decisions = product.post("/v1/decisions/batch", json=rows).json()
        truth = labels[start : start + BLOCK]
        outcomes = [{"id": each["id"], "outcome": true} for each, true in zip(decisions, truth, strict=True)]
        assert product.post("/v1/outcomes", json=outcomes).status_code == 201
        for decision, true in zip(decisions, truth, strict=True):
            reaction = people.react(decision | {"blind": False}, true, target, rng)
            assert product.post(f"/v1/decisions/{decision['id']}/reaction", json=reaction).status_code == 201


def rank_agreement(one, other):
    """Return Kendall's tau of two figures of the same models: 1 where they rank all of them alike."""
    return float(kendalltau(one, other).statistic)


@pytest.mark.parametrize("name", SHAPES)
def test_models_rank_offline_as_they_do_online(make_workspace, tmp_path, name):
    workspace, model = make_workspace(tmp_path / "project", name), fit_model(SHAPES[name])
    ladder = [WrongModel(model, share).fit() for share in WRONG]
    offline = [found.cost.mean() for found in measure_offline(workspace.shape, ladder)]
    online = measure_online(workspace, ladder)
    print(f"{name}: offline {np.round(offline, 3)}; simulated online {online}")
    assert sorted(offline) == offline != offline[:1] * len(offline)
    assert {source: rank_agreement(offline, costs) for source, costs in online.items()} == {OUTCOME: 1.0, OPEN: 1.0}


def test_sabotage_metrics_that_do_not_know_what_mistakes_cost_rank_otherwise(make_workspace, tmp_path):
    """A missed answer costs five false ones: who gives it less often is right more often, and costs more."""
    workspace, model = make_workspace(tmp_path / "project", "usual"), fit_model(SHAPES["usual"])
    ladder = [make_reluctant(model, step) for step in RELUCTANT]
    found = measure_offline(workspace.shape, ladder)
    online = measure_online(workspace, ladder)[OUTCOME]
    swapped = SHAPES["usual"].problem().objective.matrix.T
    assert rank_agreement([each.cost.mean() for each in found], online) == 1.0
    assert rank_agreement([np.mean(each.truth != each.choices) for each in found], online) == -1.0
    assert rank_agreement([swapped[each.truth, each.choices].mean() for each in found], online) == -1.0
