"""A model that hangs does not hold up people, and costs one thread."""

import re
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from {{ cookiecutter.__package }}.product.patience import Patience
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.registered import Registered


class Hanging:
    """A model that answers when it is let go."""

    def __init__(self, model):
        self.model = model
        self.free = threading.Event()

    def predict(self, rows):
        self.free.wait(30)
        return self.model.predict(rows)

    def predict_proba(self, rows):
        self.free.wait(30)
        return self.model.predict_proba(rows)


@pytest.fixture
def predictor(workspace):
    return Predictor(workspace.registry(), workspace.plan.objective, max_seconds=0.1)


def test_the_rules_answer_for_a_model_that_hangs_until_it_comes_back(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.champion = Registered(hanging, "hanging", "7", {})
    before, began = threading.active_count(), time.perf_counter()
    made = [predictor.decide([features])[0] for _ in range(50)]
    assert time.perf_counter() - began < 1
    assert threading.active_count() <= before + 1
    assert all(decision["fallback"] and decision["needs_review"] for decision in made)
    assert {decision["model"] for decision in made} == {predictor.fallback.label}
    hanging.free.set()
    time.sleep(0.1)
    assert predictor.decide([features])[0]["model"] == "hanging:7"


def test_a_model_that_takes_the_place_of_one_that_hangs_answers_at_once(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.champion = Registered(hanging, "hanging", "7", {})
    assert predictor.decide([features])[0]["fallback"]
    predictor.champion = Registered(predictor.fallback.model, "new", "8", {})
    [made] = predictor.decide([features])
    assert (made["model"], made["fallback"]) == ("new:8", False)
    hanging.free.set()


def test_reasons_are_waited_for_only_so_long_and_decisions_do_not_wait_for_them(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.champion = Registered(hanging, "hanging", "7", {})
    hanging.free.set()
    [made] = predictor.decide([features])
    hanging.free.clear()
    before, began = threading.active_count(), time.perf_counter()
    assert all(not predictor.explain(made)["reasons"] for _ in range(50))
    assert time.perf_counter() - began < 1
    assert threading.active_count() == before + 1
    predictor.champion = Registered(predictor.fallback.model, "hanging", "7", {})
    assert not predictor.decide([features])[0]["fallback"]
    assert predictor.explain(made)["reasons"]
    hanging.free.set()


def test_fallbacks_are_counted(product, features, monkeypatch):
    monkeypatch.setattr(Patience, "call", lambda *_: np.array(1 / 0))
    assert product.post("/v1/decisions", json=features).json()["fallback"]
    assert re.search(r'decisions_total\{[^}]*fallback="true"[^}]*\} 1\.0', product.get("/metrics").text)


def test_a_model_has_one_thread_of_every_pool():
    """Several would spin for each other while requests wait, until the rules answer in the model's place."""
    pools = Patience(5).call("model", threadpool_info)
    assert {pool["user_api"] for pool in pools} >= {"openmp"}
    assert {pool["num_threads"] for pool in pools} == {1}


def test_patience_passes_on_what_work_returns_and_raises():
    patience = Patience(5)
    assert patience.call("model", max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        patience.call("model", lambda: 1 / 0)
