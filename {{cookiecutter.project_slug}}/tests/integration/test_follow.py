"""Decisions in lists, one with its reasons, and requests that can be followed."""

import json
import logging

import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.ledger import Ledger
from {{ cookiecutter.__package }}.operations.logs import JsonLines
from {{ cookiecutter.__package }}.product.decide import MOST
from {{ cookiecutter.__package }}.product.explain import reasons
from {{ cookiecutter.__package }}.schema import columns

SEEN = [column for column in columns(contract.Features) if column.seen_by_models]
NUMBER = next(c for c in SEEN if c.kind in {"number", "integer"} and c.high is not None)


def test_a_list_is_decided_as_one_by_one(product, features):
    asked = [features | {NUMBER.name: value} for value in (NUMBER.low, NUMBER.high, NUMBER.low)]
    answer = product.post("/v1/decisions/batch", json=asked)
    assert answer.status_code == 201
    made = answer.json()
    single = [product.post("/v1/decisions", json=row).json() for row in asked]
    assert [(m["answer"], m["score"]) for m in made] == [(m["answer"], m["score"]) for m in single]
    assert {m["id"] for m in made} < {row["id"] for row in product.get("/v1/decisions").json()}


def test_a_list_with_one_fault_is_refused_whole(product, features):
    answer = product.post("/v1/decisions/batch", json=[features, features | {NUMBER.name: NUMBER.high + 1}])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"1.{NUMBER.name}"]
    assert product.get("/v1/decisions").json() == []


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_a_list_has_bounds(product, features, count):
    assert product.post("/v1/decisions/batch", json=[features] * count).status_code == 422


def test_one_decision_has_its_reasons(product, features):
    made = product.post("/v1/decisions", json=features).json()
    found = product.get(f"/v1/decisions/{made['id']}").json()
    assert found["features"] == features
    assert found["verdict"] is None
    assert [sorted(reason) for reason in found["reasons"]] == [["column", "effect", "text"]]
    assert found["encoded"] == {}  # rules read the columns as they are
    assert product.get("/v1/decisions/nothing").status_code == 404


def test_a_model_that_is_gone_gives_no_reasons(product, features, workspace):
    made = product.post("/v1/decisions", json=features).json()
    with workspace.ledger() as ledger:
        row = ledger.get(made["id"])
        names = ("features", "answer", "score", "needs_review", "fallback", "decided_at")
        ledger.record([{name: row[name] for name in names} | {"id": "old", "model": "gone:1"}])
    found = product.get("/v1/decisions/old").json()
    assert found["reasons"] == []
    assert "gone:1" in found["unexplained"]


def test_the_column_that_moved_the_answer_is_named(workspace, features):
    objective = workspace.plan.objective

    class Line:
        """More of one number, more of the last answer."""

        def predict(self, rows):
            import numpy as np

            values = np.array(rows[NUMBER.name], dtype=float)
            return (values - NUMBER.low) / (NUMBER.high - NUMBER.low)

        def predict_proba(self, rows):
            import numpy as np

            last = self.predict(rows)
            others = max(len(columns(contract.Label)[0].categories), 2) - 1
            return np.column_stack([*[(1 - last) / others] * others, last])

    [reason] = reasons(Line(), objective, features | {NUMBER.name: NUMBER.high})
    assert reason["column"] == NUMBER.name
    assert reason["effect"] > 0


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1.a:b", True), ("bad id\u00e9", False), ("x" * 65, False), ("", False)]
)
def test_a_request_keeps_its_id_or_gets_one(product, given, kept):
    found = product.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")}).headers["x-request-id"]
    assert (found == given) is kept
    assert found


def test_a_line_of_the_log_names_the_request_and_nothing_that_was_sent(product, features, caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonLines())
    product.post("/v1/decisions", json=features | {"luck": "secret"}, headers={"X-Request-ID": "trace-2"})
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    [line] = [line for line in lines if line.get("request") == "trace-2"]
    assert "POST /v1/decisions answered 422" in line["message"]
    assert "secret" not in caplog.text


def test_sabotage_an_error_whose_text_repeats_features_does_not_reach_the_log(product, features, caplog, monkeypatch):
    def talkative(_self, decisions):
        raise RuntimeError(str(decisions))

    caplog.handler.setFormatter(JsonLines())
    monkeypatch.setattr(Ledger, "record", talkative)
    assert product.post("/v1/decisions", json=features).status_code == 500
    assert "RuntimeError" in caplog.text
    assert [name for name in features if f"'{name}'" in caplog.text] == []
