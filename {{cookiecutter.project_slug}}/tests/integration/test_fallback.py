"""A model that hangs does not hold up requests, and costs one thread."""

import re
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.timeouts import TimedCaller
from {{ cookiecutter.__package }}.stores.models import StoredModel

SECONDS = 0.5  # of a call: a first one takes far less, on a busy machine too
CALLS = 50  # of which one waits: as many waits would take 25 seconds


class Hanging:
    """A model that answers once it is set free."""

    def __init__(self, model):
        self.model = model
        self.free = threading.Event()

    def predict(self, rows):
        self.free.wait(30)
        return self.model.predict(rows)

    def predict_proba(self, rows):
        self.free.wait(30)
        return self.model.predict_proba(rows)


def stored(model, name, version):
    return StoredModel(model, name, version, "", {})


@pytest.fixture
def predictor(workspace):
    project = workspace.project
    return Predictor(project.models, project.problem, max_seconds=SECONDS)


def test_rules_answer_for_a_model_that_hangs_until_it_answers_again(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.served.champion = stored(hanging, "hanging", "7")
    before, began = {*threading.enumerate()}, time.perf_counter()
    decisions = [predictor.decide([features])[0] for _ in range(CALLS)]
    assert time.perf_counter() - began < CALLS * SECONDS / 5
    assert len({*threading.enumerate()} - before) <= 1
    assert all(decision["fallback"] and decision["needs_review"] for decision in decisions)
    assert {decision["model"] for decision in decisions} == {predictor.fallback.label}
    hanging.free.set()
    until = time.perf_counter() + 10
    while predictor.decide([features])[0]["model"] != "hanging:7":
        assert time.perf_counter() < until
        time.sleep(0.05)


def test_model_that_replaces_one_that_hangs_answers_at_once(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.served.champion = stored(hanging, "hanging", "7")
    assert predictor.decide([features])[0]["fallback"]
    predictor.served.champion = stored(predictor.fallback.model, "new", "8")
    [decision] = predictor.decide([features])
    assert (decision["model"], decision["fallback"]) == ("new:8", False)
    hanging.free.set()


def test_reasons_have_a_timeout_and_decisions_do_not_wait_for_them(predictor, features):
    hanging = Hanging(predictor.fallback.model)
    predictor.served.champion = stored(hanging, "hanging", "7")
    hanging.free.set()
    [decision] = predictor.decide([features])
    hanging.free.clear()
    before, began = {*threading.enumerate()}, time.perf_counter()
    assert all(not predictor.explain(decision)["reasons"] for _ in range(CALLS))
    assert time.perf_counter() - began < CALLS * SECONDS / 5
    assert len({*threading.enumerate()} - before) == 1
    predictor.served.champion = stored(predictor.fallback.model, "hanging", "7")
    assert not predictor.decide([features])[0]["fallback"]
    assert predictor.explain(decision)["reasons"]
    hanging.free.set()


def test_explanations_of_two_models_that_hang_cost_two_threads(predictor, features):
    hanging = [Hanging(predictor.fallback.model) for _ in range(2)]
    served = predictor.served
    served.champion, served.fallback = (stored(hanging[place], "hanging", str(place)) for place in range(2))
    before = {*threading.enumerate()}
    for place in [0, 1] * 5:
        assert not predictor.explain({"model": f"hanging:{place}", "features": features})["reasons"]
    assert len({*threading.enumerate()} - before) == 2
    for one in hanging:
        one.free.set()


def test_fallbacks_are_counted(product, features, monkeypatch):
    monkeypatch.setattr(TimedCaller, "call", lambda *_: np.array(1 / 0))
    assert product.post("/v1/decisions", json=features).json()["fallback"]
    assert re.search(r'decisions_total\{[^}]*fallback="true"[^}]*\} 1\.0', product.get("/metrics").text)


def test_model_has_one_thread_of_every_thread_pool():
    """Several would spin for each other while requests wait, until the rules answer in the model's place."""
    pools = TimedCaller(5).call("model", threadpool_info)
    assert {pool["user_api"] for pool in pools} >= {"openmp"}
    assert {pool["num_threads"] for pool in pools} == {1}


def test_timed_caller_passes_on_what_a_call_returns_and_raises():
    caller = TimedCaller(5)
    assert caller.call("model", max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        caller.call("model", lambda: 1 / 0)
