"""People get an answer, on record, whatever happens to models and ledger."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.ledger import Ledger
from {{ cookiecutter.__package }}.product.batcher import Batcher, FullError
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.registered import Registered
from {{ cookiecutter.__package }}.registry import Registry
from {{ cookiecutter.__package }}.schema import columns, fingerprint

TAGS = {"contract": fingerprint(contract.Features, contract.Label)}
CLASSES = max(len(columns(contract.Label)[0].categories), 1)


class Fixed:
    """A model that says one thing, or breaks."""

    def __init__(self, value):
        self.value = value

    def predict(self, rows):
        if isinstance(self.value, Exception):
            raise self.value
        return np.full(len(next(iter(rows.values()))), self.value)

    def predict_proba(self, rows):
        last = self.predict(rows)
        return np.column_stack([*[(1 - last) / max(CLASSES - 1, 1)] * (CLASSES - 1), last])


@pytest.fixture
def predictor(workspace):
    return Predictor(workspace.registry(), workspace.plan.objective)


@pytest.mark.parametrize("value", [ValueError("no"), float("nan"), float("inf")])
def test_the_rules_stand_in_for_a_model_that_fails(predictor, features, value):
    predictor.champion = Registered(Fixed(value), "broken", "9", TAGS)
    [made] = predictor.decide([features])
    assert made["fallback"]
    assert made["needs_review"]
    assert made["model"] == predictor.fallback.label


def test_a_promoted_model_answers_without_a_restart(product, features, monkeypatch):
    before = product.post("/v1/decisions", json=features).json()
    new = Registered(Fixed(1.0), "new", "2", TAGS)
    monkeypatch.setattr(Registry, "version", lambda _self, alias: "2" if alias == "champion" else before["model"])
    monkeypatch.setattr(Registry, "load", lambda _self, _alias: new)
    asyncio.run(asyncio.sleep(0.3))
    after = product.post("/v1/decisions", json=features).json()
    assert after["model"] == "new:2"
    assert after["score"] == 1.0


@pytest.mark.parametrize("contract_of_model", ["another", None])
def test_a_model_that_does_not_fit_leaves_the_old_one_answering(predictor, features, monkeypatch, contract_of_model):
    old = predictor.champion.label
    stranger = Registered(Fixed(1.0), "stranger", "7", {"contract": str(contract_of_model)})
    monkeypatch.setattr(Registry, "version", lambda _self, _alias: "7")
    monkeypatch.setattr(Registry, "load", lambda _self, _alias: stranger)
    predictor.refresh()
    assert [made["model"] for made in predictor.decide([features])] == [old]


def test_many_at_once_get_each_their_own_answer(product, features):
    number = next(c for c in columns(contract.Features) if c.kind in {"number", "integer"})
    values = [type(number.example)(number.low + (number.high - number.low) * n / 64) for n in range(64)]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda v: product.post("/v1/decisions", json=features | {number.name: v}).json(), values))
    stored = {row["id"]: row["features"][number.name] for row in product.get("/v1/decisions?limit=200").json()}
    assert [stored[decision["id"]] for decision in made] == values


def test_sabotage_a_decision_that_is_not_on_record_is_not_answered(workspace, features, monkeypatch):
    def gone(_self, _decisions):
        raise OperationalError("insert", {}, OSError(28, "disk full"))

    with workspace.product() as product:
        record = Ledger.record
        monkeypatch.setattr(Ledger, "record", gone)
        answer = product.post("/v1/decisions", json=features)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "disk full" not in answer.text
        monkeypatch.setattr(Ledger, "record", record)
        assert product.post("/v1/decisions", json=features).status_code == 201
        assert len(product.get("/v1/decisions").json()) == 1


def test_what_waits_is_done_together_and_in_order():
    batches = []

    def double(items):
        batches.append(len(items))
        return [2 * item for item in items]

    async def ask():
        async with Batcher(double, most=100) as batcher:
            return await asyncio.gather(*(batcher.submit(n) for n in range(50)))

    assert asyncio.run(ask()) == [2 * n for n in range(50)]
    assert len(batches) < 10


@pytest.mark.parametrize(("linger", "again", "expected"), [(60, True, [1, 2]), (0.01, False, [1, 1])])
def test_who_was_just_answered_is_waited_for_but_not_long(linger, again, expected):
    batches, begun, go_on = [], threading.Event(), threading.Event()

    def work(items):
        batches.append(len(items))
        begun.set()
        go_on.wait(10)
        return items

    async def client(batcher, times):
        for _ in range(times):
            await batcher.submit(None)

    async def ask():
        async with Batcher(work, most=10, linger=linger) as batcher:
            first = asyncio.create_task(client(batcher, 1 + again))
            await asyncio.to_thread(begun.wait, 10)
            other = asyncio.create_task(client(batcher, 1))
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.wait_for(asyncio.gather(first, other), 10)

    asyncio.run(ask())
    assert batches == expected


def test_a_queue_that_is_full_says_so():
    async def ask():
        async with Batcher(list, most=3) as batcher:
            return await asyncio.gather(*(batcher.submit(n) for n in range(5)), return_exceptions=True)

    found = asyncio.run(ask())
    assert found[:3] == [0, 1, 2]
    assert all(isinstance(error, FullError) for error in found[3:])


def test_a_batch_that_fails_fails_for_those_in_it_only():
    def picky(items):
        if "bad" in items:
            raise ValueError
        return items

    async def ask():
        async with Batcher(picky, most=10) as batcher:
            with pytest.raises(ValueError):  # noqa: PT011
                await batcher.submit("bad")
            return await batcher.submit("good")

    assert asyncio.run(ask()) == "good"
