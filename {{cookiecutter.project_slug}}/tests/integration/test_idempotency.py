"""A request that is repeated under its Idempotency-Key gets the decision on record, and no second one."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from postgres import make_schema

from {{ cookiecutter.__package }}.operations.metrics import Metrics
from {{ cookiecutter.__package }}.product.decisions import Asked, DecisionJob
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.stores.ledger import Ledger, RepeatedRequestError, open_ledger

ONE, LIST = "/v1/decisions", "/v1/decisions/batch"
BELONGS = "this Idempotency-Key belongs to another request; use a new key"


def ask(product, body, key, path=ONE):
    return product.post(path, json=body, headers={"Idempotency-Key": key})


def count(product):
    return len(product.get("/v1/decisions?limit=200").json())


@pytest.mark.slow
@pytest.mark.parametrize("path", [ONE, LIST])
def test_repeated_request_gets_the_recorded_answer_byte_for_byte(any_workspace, path):
    body = {column.name: column.example for column in any_workspace.shape.problem().columns} | {"reference": "A"}
    body = body if path == ONE else [body, body]
    with any_workspace.product() as product:
        first = ask(product, body, "k", path)
        again = ask(product, body, "k", path)
        decision = first.json() if path == ONE else first.json()[0]
        product.post(f"/v1/decisions/{decision['id']}/reaction", json={"verdict": "accept"})
    with any_workspace.product() as product:  # after a restart, and a reaction
        later = ask(product, body, "k", path)
        assert count(product) == (1 if path == ONE else 2)
    assert [answer.status_code for answer in (first, again, later)] == [201, 200, 200]
    assert first.content == again.content == later.content


def test_another_request_under_the_same_key_is_refused(product, features):
    ask(product, features, "k")
    for body, path in ((features | {"grade": 3}, ONE), (features | {"reference": "x"}, ONE), ([features], LIST)):
        answer = ask(product, body, "k", path)
        assert (answer.status_code, answer.json()["detail"]) == (422, BELONGS)
    assert ask(product, features, "another").status_code == 201
    assert count(product) == 2


def test_key_of_a_refused_request_stays_free(product, features):
    assert ask(product, features | {"grade": 9}, "k").status_code == 422
    assert ask(product, features, "k").status_code == 201


def test_key_that_is_not_1_to_200_printable_characters_is_refused(product, features):
    for key in ("", "x" * 201, "a\tb", b"\xe9"):
        answer = ask(product, features, key)
        assert (key, answer.status_code) == (key, 400)
    assert ask(product, features, "~" * 200).status_code == 201
    assert count(product) == 1


def test_request_without_a_key_needs_no_other_statement(product, features, monkeypatch):
    def fail(*_):
        raise AssertionError

    monkeypatch.setattr(Ledger, "find_requests", fail)
    statements = []

    def seen(*given):
        if threading.current_thread().name == "batcher":  # other threads follow the rollout
            statements.append(given[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", seen)
    try:
        assert product.post(ONE, json=features).status_code == 201
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", seen)
    assert [statement.split()[:3] for statement in statements] == [["INSERT", "INTO", "decisions"]]


@pytest.mark.slow
@pytest.mark.parametrize("products", [1, 2])
def test_clients_that_repeat_at_once_get_one_decision(workspace, features, products):
    """Two products on one ledger are two processes with regard to it."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(workspace.product()) for _ in range(products)] * 8
        with ThreadPoolExecutor(8) as pool:
            for key in ("a", "b", "c"):
                found = list(pool.map(lambda client, key=key: ask(client, features, key), clients))
                assert {answer.content for answer in found} == {found[0].content}
                assert sorted({answer.status_code for answer in found}) == [200, 201]
                assert [answer.status_code for answer in found].count(201) == 1
        assert count(clients[0]) == 3


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def jobs(request, workspace, tmp_path):
    """Return the work of two products on one ledger."""
    url = workspace.project.settings.ledger
    if request.param == "postgresql":
        url = make_schema(request.getfixturevalue("postgres")[0])
    problem = workspace.project.problem
    with contextlib.ExitStack() as stack:
        ledgers = [stack.enter_context(open_ledger(url, problem.target)) for _ in range(2)]
        predictor = Predictor(workspace.project.models, problem)
        yield [DecisionJob(problem, predictor, ledger, Metrics()) for ledger in ledgers]


@pytest.fixture
def row(workspace, features):
    return workspace.project.problem.request.model_validate(features)


def test_conflict_in_a_batch_does_not_concern_the_others(jobs, row):
    job, _ = jobs
    waiting = [Asked([row]), Asked([row], "a", "1"), Asked([row], "a", "2"), Asked([row], "a", "1"), Asked([row] * 2)]
    found = job(waiting)
    assert [answer.status for answer in found] == [201, 201, 422, 200, 201]
    assert found[1].decisions == found[3].decisions
    assert len(job.ledger.recent(99)) == 4
    assert [answer.status for answer in job(waiting)] == [201, 200, 422, 200, 201]


def lose_the_race(job, other, waiting, monkeypatch):
    """Let the other product record the request between the look-up and the record of this one."""
    find = Ledger.find_requests

    def find_late(self, keys):
        found = find(self, keys)
        monkeypatch.setattr(Ledger, "find_requests", find)
        other([waiting[-1]])
        return found

    monkeypatch.setattr(Ledger, "find_requests", find_late)
    return job(waiting)


def test_process_that_loses_the_race_for_a_key_answers_with_the_decision_of_the_winner(jobs, row, monkeypatch):
    found = lose_the_race(*jobs, [Asked([row]), Asked([row], "b", "1"), Asked([row], "a", "1")], monkeypatch)
    assert [answer.status for answer in found] == [201, 201, 200]
    assert len(jobs[0].ledger.recent(99)) == 3
    assert jobs[1]([Asked([row], "a", "1")])[0].decisions == found[-1].decisions


def test_sabotage_request_that_is_not_recorded_with_its_decisions_is_decided_twice(jobs, row, monkeypatch):
    record = Ledger.record
    monkeypatch.setattr(Ledger, "record", lambda self, decisions, _requests: record(self, decisions))
    assert [job([Asked([row], "a", "1")])[0].status for job in jobs] == [201, 201]
    assert len(jobs[0].ledger.recent(99)) == 2


def test_request_whose_key_is_taken_records_no_decision(jobs, row):
    ledger = jobs[0].ledger
    [decision, other] = jobs[0].predictor.decide([row.__dict__, row.__dict__])
    ledger.record([decision], {"a": ("1", [decision["id"]])})
    with pytest.raises(RepeatedRequestError):
        ledger.record([other], {"a": ("1", [other["id"]])})
    assert [found["id"] for found in ledger.recent(9)] == [decision["id"]]
