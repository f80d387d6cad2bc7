"""What columns are worth beside noise, and what they take: each fault is found by one gate alone."""

import dataclasses
import time
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pytest
from problems import PLAN, Shape
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.pipelines import linear_pipeline
from {{ cookiecutter.__package }}.core.plan import Features
from {{ cookiecutter.__package }}.core.schema import NOMINAL
from {{ cookiecutter.__package }}.model.analysis import features
from {{ cookiecutter.__package }}.model.analysis.candidate import evaluate_candidate
from {{ cookiecutter.__package }}.model.analysis.features import analyse_features

CODES = tuple(f"o{place}" for place in range(45))
NUMBER = Annotated[float | None, Field(examples=[0.5])]
SHAPE = Shape(
    features={
        "risk": (NUMBER, None),
        "income": (NUMBER, None),
        "kind": (Annotated[Literal["a", "b", "c"], NOMINAL], ...),
        "planted": (NUMBER, None),
        "office": (Annotated[Literal[CODES], NOMINAL], ...),
    },
    label=("refused", Literal["no", "yes"]),
    rules=[("risk", ">", 1, 0.9, "a high risk")],
    otherwise=0.2,
    plan=PLAN.format(question="Will it be refused?", more="[costs]\nfalse_negative = 3\nfalse_positive = 1"),
)
# one assignment of rows to folds is enough here
PLAN_OF_SHAPE = SHAPE.parsed_plan.model_copy(
    update={"gates": SHAPE.parsed_plan.gates.model_copy(update={"assignments": 1})}
)
PROBLEM = SHAPE.problem()


def make_table(n=1200, seed=0, **planted):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"risk": rng.normal(size=n), "income": rng.normal(size=n)})
    table["kind"] = rng.choice(["a", "b", "c"], n)
    table["planted"] = rng.normal(size=n)
    log_odds = 2 * table["risk"] - 1.5 * table["income"] + 3 * (table["kind"] == "c") + 1.5 * table["planted"] - 2
    table["office"] = rng.choice(CODES, n)
    table["refused"] = np.where(rng.random(n) < 1 / (1 + np.exp(-log_odds)), "yes", "no")
    return table.assign(_fold=np.arange(n) % 2, **{name: make(rng, n) for name, make in planted.items()})


def measure(table, plan=PLAN_OF_SHAPE, columns=("risk", "income", "kind", "planted")):
    """Return the results of the gates of some of the columns, by name."""
    problem = dataclasses.replace(PROBLEM, columns=tuple(one for one in PROBLEM.columns if one.name in columns))
    unregularised = linear_pipeline(problem.columns, LogisticRegression(C=1e4, max_iter=200))
    candidate = evaluate_candidate("unregularised", unregularised, table, problem, plan, lambda _: None)
    return {result.gate: result for result in analyse_features(candidate)}


def statuses(results):
    return {gate: result.status for gate, result in results.items()}


def with_features(**settings):
    return PLAN_OF_SHAPE.model_copy(update={"features": Features(**settings)})


def test_columns_that_a_model_needs_are_worth_more_than_noise():
    results = measure(make_table())
    assert statuses(results) == {"benefit": "pass", "missing": "pass", "encoding": "pass"}
    found = {one["column"]: one for one in results["benefit"].evidence["columns"]}
    assert max(found, key=lambda name: found[name]["benefit"]) == "risk"
    assert all(one["low"] <= one["benefit"] <= one["high"] for one in found.values())
    assert found["risk"]["low"] > results["benefit"].evidence["noise"]


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(lambda rng, n: rng.normal(size=n), id="noise"),
        pytest.param(lambda _, n: np.full(n, 2.0), id="constant", marks=pytest.mark.slow),
        pytest.param(lambda _, n: np.full(n, np.nan), id="never given", marks=pytest.mark.slow),
    ],
)
def test_sabotage_column_without_information_is_no_better_than_noise(planted):
    plan = with_features(inconclusive_blocks=True, max_missing_share=1)
    results = measure(make_table(planted=planted), plan)
    assert statuses(results) == {"benefit": "inconclusive", "missing": "pass", "encoding": "pass"}
    assert results["benefit"].blocks
    assert "; no better than noise: planted; remove them from contract.py" in results["benefit"].message
    kept = measure(
        make_table(planted=planted), with_features(inconclusive_blocks=True, max_missing_share=1, kept=["planted"])
    )
    assert statuses(kept) == {"benefit": "pass", "missing": "pass", "encoding": "pass"}


@pytest.mark.slow
def test_column_without_information_does_not_block_by_default():
    result = measure(make_table(planted=lambda rng, n: rng.normal(size=n)))["benefit"]
    assert (result.status, result.blocks) == ("inconclusive", False)


def test_sabotage_column_that_makes_the_model_dearer_fails():
    results = measure(make_table(n=600), columns=("risk", "income", "kind", "planted", "office"))
    assert statuses(results) == {"benefit": "fail", "missing": "pass", "encoding": "pass"}
    assert "a model is cheaper without office" in results["benefit"].message


def test_sabotage_column_that_is_mostly_missing_breaks_the_limit_on_missing_values_alone():
    table = make_table()
    table.loc[table.index % 10 < 7, "planted"] = np.nan
    results = measure(table)
    assert statuses(results) == {"benefit": "pass", "missing": "fail", "encoding": "pass"}
    assert "0.7 (planted), against a limit of 0.5; over it: planted; remove" in results["missing"].message


@pytest.mark.slow
def test_sabotage_column_that_takes_long_to_encode_breaks_the_limit_on_time_alone(monkeypatch):
    usual = features.encoder

    def encoder(columns):
        made = usual(columns)
        if columns[0].name == "income":
            monkeypatch.setattr(made, "transform", lambda table: time.sleep(len(table) * 1e-4))
        return made

    monkeypatch.setattr(features, "encoder", encoder)
    results = measure(make_table())
    assert statuses(results) == {"benefit": "pass", "missing": "pass", "encoding": "fail"}
    assert (
        "; over it: income; remove them from contract.py, or raise features.max_encode_us"
        in results["encoding"].message
    )


def test_plan_that_keeps_an_unknown_column_is_refused():
    with pytest.raises(UserError, match=r"plan.toml: features.kept: riks is not a column of contract.py that models"):
        measure(make_table(n=200), with_features(kept=["riks"]))
