"""Every request is answered and recorded, whatever happens to models and ledger."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.product import batching
from {{ cookiecutter.__package }}.product.batching import Batcher, QueueFullError
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.stores.ledger import Ledger
from {{ cookiecutter.__package }}.stores.models import StoredModel, digest_of, dump_model


class Fixed:
    """A model that answers one value, or raises it."""

    def __init__(self, value, answers):
        self.value, self.answers = value, max(answers, 2)

    def predict(self, rows):
        if isinstance(self.value, Exception):
            raise self.value
        return np.full(len(next(iter(rows.values()))), self.value)

    def predict_proba(self, rows):
        last = self.predict(rows)
        return np.column_stack([*[(1 - last) / (self.answers - 1)] * (self.answers - 1), last])


def make_predictor(workspace):
    project = workspace.project
    return Predictor(project.models, project.problem)


def publish(workspace, alias, version, *, is_late=False, **tags):
    """Publish another rule model under an alias; return a function that stores its file, if that is late."""
    models, problem = workspace.project.models, workspace.project.problem
    content = dump_model(RuleModel([], 0.77).fit())
    models.add(version, b"" if is_late else content)
    tags = {"contract": problem.fingerprint} | tags
    models.publish(alias, name="other", version=version, digest=digest_of(content), tags=tags)
    return lambda: models.add(version, content)


def wait_until(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("value", [ValueError("no"), float("nan"), float("inf")])
def test_rules_answer_for_a_model_that_fails(any_workspace, value):
    predictor = make_predictor(any_workspace)
    problem = predictor.problem
    predictor.served.champion = StoredModel(Fixed(value, len(problem.target.categories)), "broken", "9", "", {})
    [decision] = predictor.decide([{column.name: column.example for column in problem.columns}])
    assert decision["fallback"]
    assert decision["needs_review"]
    assert decision["model"] == predictor.fallback.label


def test_published_champion_answers_without_a_restart(workspace, product, features):
    before = product.post("/v1/decisions", json=features).json()
    publish(workspace, "champion", "2")
    wait_until(lambda: product.get("/v1/model").json()["model"] == "other:2")
    after = product.post("/v1/decisions", json=features).json()
    assert (before["model"].partition(":")[0], after["model"]) == ("rules", "other:2")
    assert after["score"] == 0.77


def test_file_that_is_published_again_under_the_same_version_is_loaded(workspace, features):
    predictor = make_predictor(workspace)
    publish(workspace, "champion", predictor.champion.version)
    predictor.refresh()
    assert predictor.decide([features | {"name": None}])[0]["score"] == 0.77


@pytest.mark.slow
@pytest.mark.parametrize("alias", ["champion", "fallback"])
def test_model_of_another_contract_is_announced_and_the_old_one_keeps_answering(
    workspace, product, features, caplog, alias
):
    old = product.get("/v1/model").json()["model"]
    publish(workspace, alias, "7", contract="another")
    answered = []

    def is_announced():
        answered.append(product.post("/v1/decisions", json=features))
        return product.get("/v1/model").json()["notice"]

    wait_until(is_announced)
    notice = product.get("/v1/model").json()["notice"]
    assert f"the {alias}, other:7, was made for another contract" in notice
    assert "start a new one beside it and then stop this one" in notice
    assert notice.endswith(f"{old} keeps answering")
    assert [answer.status_code for answer in answered] == [201] * len(answered)
    assert {answer.json()["model"] for answer in answered} == {old}
    time.sleep(0.3)
    assert caplog.messages.count(notice) == 1
    publish(workspace, alias, "8")
    wait_until(lambda: product.get("/v1/model").json()["notice"] == "")


def test_champion_that_does_not_load_is_tried_again(workspace, product, features):
    """Its file arrives late: the store was out of reach, or is copied by another program."""
    store_file = publish(workspace, "champion", "7", is_late=True)
    wait_until(lambda: "version 7, does not load" in product.get("/v1/model").json()["notice"])
    assert product.post("/v1/decisions", json=features).json()["model"].startswith("rules:")
    store_file()
    wait_until(lambda: product.get("/v1/model").json()["model"] == "other:7")


def test_champion_is_followed_while_the_entry_of_the_fallback_cannot_be_read(workspace, caplog):
    predictor = make_predictor(workspace)
    (workspace.project.models.files.folder / "fallback.json").write_text("{", encoding="utf-8")
    publish(workspace, "champion", "7")
    for _ in range(2):
        predictor.refresh()
    assert predictor.champion.label == "other:7"
    assert predictor.notice.endswith(f"{predictor.fallback.label} keeps answering")
    assert caplog.messages.count(predictor.notice) == 1


def test_model_is_loaded_by_the_entry_that_was_checked(workspace, monkeypatch):
    predictor, models = make_predictor(workspace), workspace.project.models
    publish(workspace, "champion", "7")
    checked = [models.entry("champion")] * 2
    publish(workspace, "champion", "8", contract="another")
    read = predictor.served.models.entry
    followed = predictor.served.models
    monkeypatch.setattr(
        followed, "entry", lambda alias: checked.pop() if alias == "champion" and checked else read(alias)
    )
    predictor.refresh()
    assert predictor.champion.label == "other:7"


def test_product_without_published_models_says_what_to_run(workspace):
    for file in workspace.project.models.files.folder.glob("*.json"):
        file.unlink()
    with pytest.raises(UserError, match="run --prepare"):
        make_predictor(workspace)


def test_requests_at_the_same_time_get_their_own_answers(product, features):
    values = [3 * number / 64 for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        rows = [features | {"risk": value} for value in values]
        decisions = list(pool.map(lambda row: product.post("/v1/decisions", json=row).json(), rows))
    recorded = {row["id"]: row["features"]["risk"] for row in product.get("/v1/decisions?limit=200").json()}
    assert [recorded[decision["id"]] for decision in decisions] == values


def test_sabotage_decision_that_is_not_recorded_is_not_answered(workspace, features, monkeypatch):
    def fail(_self, _decisions, _requests):
        raise OperationalError("insert", {}, OSError(28, "disk full"))

    with workspace.product() as product:
        record = Ledger.record
        monkeypatch.setattr(Ledger, "record", fail)
        answer = product.post("/v1/decisions", json=features)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "disk full" not in answer.text
        monkeypatch.setattr(Ledger, "record", record)
        assert product.post("/v1/decisions", json=features).status_code == 201
        assert len(product.get("/v1/decisions").json()) == 1


def test_waiting_items_are_done_together_and_in_order():
    batches = []

    def double(items):
        batches.append(len(items))
        return [2 * item for item in items]

    async def ask():
        async with Batcher(double, max_waiting=100) as batcher:
            return await asyncio.gather(*(batcher.submit(n) for n in range(50)))

    assert asyncio.run(ask()) == [2 * n for n in range(50)]
    assert len(batches) < 10


def test_items_that_arrive_while_a_batch_is_done_are_the_next_batch():
    batches, begun, go_on = [], threading.Event(), threading.Event()

    def work(items):
        batches.append(items)
        begun.set()
        go_on.wait(10)
        return items

    async def ask():
        async with Batcher(work, max_waiting=10) as batcher:
            first = asyncio.create_task(batcher.submit(0))
            await asyncio.to_thread(begun.wait, 10)
            others = [asyncio.create_task(batcher.submit(number)) for number in (1, 2, 3)]
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(first, *others)

    asyncio.run(ask())
    assert batches == [[0], [1, 2, 3]]


@pytest.mark.parametrize(("linger", "again", "expected"), [(60, True, [1, 2]), (0.01, False, [1, 1])])
def test_batch_waits_for_busy_clients_but_not_long(monkeypatch, linger, again, expected):
    monkeypatch.setattr(batching, "LINGER", linger)
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
        async with Batcher(work, max_waiting=10) as batcher:
            first = asyncio.create_task(client(batcher, 1 + again))
            await asyncio.to_thread(begun.wait, 10)
            other = asyncio.create_task(client(batcher, 1))
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.wait_for(asyncio.gather(first, other), 10)

    asyncio.run(ask())
    assert batches == expected


def test_items_that_wait_at_the_end_are_answered():
    async def ask():
        async with Batcher(list, max_waiting=3) as batcher:
            waiting = [asyncio.create_task(batcher.submit(number)) for number in range(3)]
            await asyncio.sleep(0)
        return await asyncio.wait_for(asyncio.gather(*waiting), 10)

    assert asyncio.run(ask()) == [0, 1, 2]


def test_list_over_the_limit_of_the_queue_is_answered_when_nothing_waits():
    async def ask():
        async with Batcher(list, max_waiting=3) as batcher:
            return await batcher.submit("rows", size=10)

    assert asyncio.run(ask()) == "rows"


def test_item_over_the_limit_of_the_queue_is_refused():
    async def ask():
        async with Batcher(list, max_waiting=3) as batcher:
            return await asyncio.gather(*(batcher.submit(n) for n in range(5)), return_exceptions=True)

    found = asyncio.run(ask())
    assert found[:3] == [0, 1, 2]
    assert all(isinstance(error, QueueFullError) for error in found[3:])


def test_batch_that_fails_fails_for_its_own_items_only():
    def work(items):
        if "bad" in items:
            raise ValueError
        return items

    async def ask():
        async with Batcher(work, max_waiting=10) as batcher:
            with pytest.raises(ValueError):  # noqa: PT011
                await batcher.submit("bad")
            return await batcher.submit("good")

    assert asyncio.run(ask()) == "good"
