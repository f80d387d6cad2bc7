"""Decisions in lists, one with its reasons, and requests that can be followed through the log."""

import json
import logging
import math

import numpy as np
import pytest

from {{ cookiecutter.__package }}.operations.logs import JsonLines
from {{ cookiecutter.__package }}.product.decisions import MAX_ROWS
from {{ cookiecutter.__package }}.product.explain import find_reasons
from {{ cookiecutter.__package }}.stores.ledger import Ledger, new_id


def test_list_is_decided_like_single_rows(product, features):
    rows = [features | {"risk": value} for value in (0.0, 3.0, 0.0)]
    answer = product.post("/v1/decisions/batch", json=rows)
    assert answer.status_code == 201
    decisions = answer.json()
    single = [product.post("/v1/decisions", json=row).json() for row in rows]
    assert [(d["answer"], d["score"]) for d in decisions] == [(d["answer"], d["score"]) for d in single]
    assert {decision["id"] for decision in decisions} < {row["id"] for row in product.get("/v1/decisions").json()}


def test_list_with_one_fault_is_refused_whole(product, features):
    answer = product.post("/v1/decisions/batch", json=[features, features | {"risk": 4.0}])
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["1.risk"]
    assert product.get("/v1/decisions").json() == []


@pytest.mark.parametrize("count", [0, MAX_ROWS + 1])
def test_list_that_is_empty_or_too_long_is_refused(product, features, count):
    assert product.post("/v1/decisions/batch", json=[features] * count).status_code == 422


def test_decision_is_shown_with_its_reasons(any_workspace, any_product):
    problem = any_workspace.shape.problem()
    features = {column.name: column.example for column in problem.columns}
    decision = any_product.post("/v1/decisions", json=features).json()
    found = any_product.get(f"/v1/decisions/{decision['id']}").json()
    assert found["features"] == {column.name: features[column.name] for column in problem.stored}
    assert found["verdict"] is None
    first, *effects = found["reasons"]
    assert (sorted(first), first["column"]) == (["column", "effect", "text"], "")
    # rules that were registered without a training table are compared with the example itself
    assert {reason["column"] for reason in effects} <= {rule[0] for rule in problem.rules.rules}
    assert found["encoded"] == {}  # rules read the columns as they are


def test_decision_of_a_model_that_is_no_longer_in_use_has_no_reasons(product, features, workspace):
    decision = product.post("/v1/decisions", json=features).json()
    with workspace.project.ledger() as ledger:
        row = ledger.get(decision["id"])
        names = ("features", "answer", "score", "needs_review", "fallback", "decided_at")
        old = new_id()
        ledger.record([{name: row[name] for name in names} | {"id": old, "model": "gone:1"}])
    found = product.get(f"/v1/decisions/{old}").json()
    assert found["reasons"] == []
    assert "gone:1" in found["unexplained"]


class Line:
    """A model whose score rises with one column."""

    def __init__(self, column, answers):
        self.column, self.others = column, max(answers, 2) - 1

    def predict(self, rows):
        values = np.array(rows[self.column.name], dtype=float)
        return (values - self.column.low) / (self.column.high - self.column.low)

    def predict_proba(self, rows):
        last = self.predict(rows)
        return np.column_stack([*[(1 - last) / self.others] * self.others, last])


def test_column_that_changed_the_score_is_named(any_workspace):
    problem = any_workspace.shape.problem()
    for column in problem.inputs:
        if column.is_numeric and column.low is not None and column.high is not None:
            features = {one.name: one.example for one in problem.columns} | {column.name: column.high}
            [reason] = find_reasons(Line(column, len(problem.target.categories)), problem, features)["reasons"]
            assert reason["column"] == column.name
            assert reason["effect"] > 0


def test_reason_of_a_rule_comes_before_the_effects_of_the_columns_it_compares(workspace):
    problem = workspace.shape.problem()
    features = {column.name: column.example for column in problem.columns} | {"risk": 3.0, "grade": 6}
    rule, effect = find_reasons(problem.rules.fit(), problem, features)["reasons"]
    assert (rule["column"], rule["effect"], rule["text"]) == ("", 0.0, "a very high risk")
    assert effect["column"] == "risk"
    assert effect["effect"] == pytest.approx(math.log(0.9 / 0.1) - math.log(0.3 / 0.7))


class Absent(Line):
    """A model whose score is high for rows without a value."""

    def predict(self, rows):
        return np.array([value is None for value in rows[self.column.name]], dtype=float)


def test_missing_value_is_not_given(any_workspace):
    problem = any_workspace.shape.problem()
    for column in problem.inputs:
        if column.optional and column.example is not None:
            features = {one.name: one.example for one in problem.columns} | {column.name: None}
            [reason] = find_reasons(Absent(column, len(problem.target.categories)), problem, features)["reasons"]
            assert reason["text"] == f"{column.description}: not given"


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1.a:b", True), ("bad id\u00e9", False), ("x" * 65, False), ("", False)]
)
def test_request_keeps_its_id_or_gets_one(product, given, kept):
    found = product.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")}).headers["x-request-id"]
    assert (found == given) is kept
    assert found


def test_line_of_the_log_names_the_request_and_no_value(product, features, caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonLines())
    product.post("/v1/decisions", json=features | {"luck": "secret"}, headers={"X-Request-ID": "trace-2"})
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    [line] = [line for line in lines if line.get("request") == "trace-2"]
    assert "POST /v1/decisions answered 422" in line["message"]
    assert "secret" not in caplog.text


def test_sabotage_error_whose_text_repeats_features_does_not_reach_the_log(product, features, caplog, monkeypatch):
    def repeat_features(_self, decisions, _requests):
        raise RuntimeError(str(decisions))

    caplog.handler.setFormatter(JsonLines())
    monkeypatch.setattr(Ledger, "record", repeat_features)
    assert product.post("/v1/decisions", json=features).status_code == 500
    assert "RuntimeError" in caplog.text
    assert [name for name in features if f"'{name}'" in caplog.text] == []
