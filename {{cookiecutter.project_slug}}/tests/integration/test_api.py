"""The API answers what fits the contract, and says what does not, whatever the contract is."""

import dataclasses
import json
from typing import Annotated

import pytest
from pydantic import Field

from {{ cookiecutter.__package }}.cli.preparation import prepare
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.product.decisions import MAX_ROWS, body_limits

OVERRIDE_OF_NOTHING = "override and blind need an answer, and accept has none"


def example(workspace):
    return {column.name: column.example for column in workspace.shape.problem().columns}


def faults(workspace):
    """Return bodies that the contract refuses, each with the field that is wrong."""
    problem, features = workspace.shape.problem(), example(workspace)
    found = {
        "an unknown field": (features | {"luck": 1}, "luck"),
        "a list": ([features], "body"),
        "null": (None, "body"),
    }
    for column in problem.columns:
        wrong = 5 if column.kind in ("category", "text") else "plenty"
        found[f"another type in a {column.kind}"] = (features | {column.name: wrong}, column.name)
        if column.categories:
            found["an unknown category"] = (features | {column.name: "perhaps"}, column.name)
        if column.high is not None:
            found["too large"] = (features | {column.name: type(column.example)(column.high + 1)}, column.name)
        if column.low is not None:
            found["too small"] = (features | {column.name: type(column.example)(column.low - 1)}, column.name)
        if not column.optional:
            missing = {name: value for name, value in features.items() if name != column.name}
            found["a missing field"] = (missing, column.name)
    return found


def another_answer(problem, given):
    return next(answer for answer in (problem.target.categories or (given + 1.0,)) if answer != given)


def test_decision_is_recorded_as_it_was_answered(any_workspace, any_product):
    features, problem = example(any_workspace), any_workspace.shape.problem()
    answer = any_product.post("/v1/decisions", json=features)
    assert answer.status_code == 201
    decision = answer.json()
    assert problem.decision.model_validate(decision)
    [recorded] = any_product.get("/v1/decisions").json()
    assert {name: recorded[name] for name in decision} == decision
    assert recorded["features"] == {column.name: features[column.name] for column in problem.stored}


def test_missing_optional_values_are_decided_on(any_workspace, any_product):
    columns = any_workspace.shape.problem().columns
    required = {column.name: column.example for column in columns if not column.optional}
    nothing = {column.name: None for column in columns if column.optional}
    given = [any_product.post("/v1/decisions", json=features) for features in (required, required | nothing)]
    assert [answer.status_code for answer in given] == [201, 201]
    assert given[0].json()["score"] == given[1].json()["score"]


def test_features_that_do_not_fit_are_refused_with_the_field(any_workspace, any_product):
    for fault, (features, field) in faults(any_workspace).items():
        answer = any_product.post("/v1/decisions", json=features)
        assert (fault, answer.status_code) == (fault, 422)
        assert answer.headers["content-type"] == "application/problem+json"
        assert field in {error["field"] for error in answer.json()["errors"]}
        assert "plenty" not in answer.text
    assert any_product.get("/v1/decisions").json() == []


def test_reaction_is_recorded_once(any_workspace, any_product):
    decision = any_product.post("/v1/decisions", json=example(any_workspace)).json()
    path = f"/v1/decisions/{decision['id']}/reaction"
    other = another_answer(any_workspace.shape.problem(), decision["answer"])
    body = {"verdict": "override", "answer": other, "note": "seen the papers"}
    first, again = (any_product.post(path, json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    conflict = any_product.post(path, json={"verdict": "accept"})
    assert conflict.status_code == 409
    assert "already has another reaction: override" in conflict.json()["detail"]


def test_description_holds_the_contract(any_workspace, any_product):
    document = any_product.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    columns, described = any_workspace.shape.problem().columns, document["components"]["schemas"]["Features"]
    assert list(described["properties"]) == [*(column.name for column in columns), "reference", "subject"]
    for column in columns:
        field = described["properties"][column.name]
        assert field.get("x-protected", False) is column.protected
        assert field.get("x-personal", False) is column.personal
    [features] = described["examples"]
    assert any_product.post("/v1/decisions", json=features).status_code == 201
    assert {"/v1/decisions", "/v1/decisions/{decision_id}/reaction", "/readyz"} <= set(document["paths"])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_body_that_is_not_json_is_refused(product, body):
    answer = product.post("/v1/decisions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_nan_is_refused(product, features):
    text = json.dumps(features | {"risk": float("nan")})
    answer = product.post("/v1/decisions", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_whole_number_may_be_written_with_a_point(product, features):
    assert product.post("/v1/decisions", json=features | {"grade": 3.0}).status_code == 201
    assert product.post("/v1/decisions", json=features | {"grade": 3.5}).status_code == 422


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/x/reaction"])
def test_body_that_is_too_large_is_refused(product, workspace, path):
    limit = workspace.project.body_limits[0]
    for body in (b"x" * (limit + 1), (b"x" * 1000 for _ in range(limit // 1000 + 2))):
        answer = product.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert str(limit) in answer.json()["detail"]


def test_largest_list_of_every_contract_is_within_the_limit(any_workspace, any_product):
    rows = [example(any_workspace)] * 1000
    assert any_product.post("/v1/decisions/batch", json=rows).status_code == 201


@pytest.mark.parametrize("path", ["/v1/decisions/batch", "/v1/outcomes"])
def test_list_that_is_too_large_is_refused(product, workspace, path):
    limit = workspace.project.body_limits[1]
    assert product.post(path, content=b"x" * limit, headers={"content-type": "application/json"}).status_code == 422
    answer = product.post(path, content=b"x" * (limit + 1), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (413, f"the body is over {limit} bytes")


def test_reference_and_subject_are_recorded_and_are_no_features(any_workspace, any_product):
    given = {"reference": "A-17/\u00e9", "subject": "x" * 200}
    decision = any_product.post("/v1/decisions", json=example(any_workspace) | given).json()
    [other] = any_product.post("/v1/decisions/batch", json=[example(any_workspace) | {"reference": "B"}]).json()
    [found] = any_product.get("/v1/decisions", params={"reference": given["reference"], "to_review": False}).json()
    for row in (decision, found, any_product.get(f"/v1/decisions/{decision['id']}").json()):
        assert {name: row[name] for name in given} == given
    assert (other["reference"], other["subject"]) == ("B", None)
    assert {*given} & {*found["features"]} == set()
    assert any_product.get("/v1/decisions?reference=A").json() == []
    both = any_product.get("/v1/decisions?reference=B&to_review=true").json()
    assert len(both) == other["needs_review"]


@pytest.mark.slow
def test_contract_with_a_column_of_that_name_keeps_it(workspace):
    column = (Annotated[str, Field(max_length=9, examples=["own"])], ...)
    shape = dataclasses.replace(workspace.shape, features=workspace.shape.features | {"reference": column})
    workspace = dataclasses.replace(workspace, shape=shape)
    prepare(workspace.project)
    body = example(workspace) | {"_reference": "A-17", "subject": "S"}
    with workspace.product() as product:
        decision = product.post("/v1/decisions", json=body).json()
        [found] = product.get("/v1/decisions?reference=A-17").json()
        fields = product.get("/openapi.json").json()["components"]["schemas"]["Features"]["properties"]
    assert (decision["reference"], decision["subject"]) == ("A-17", "S")
    assert found["features"]["reference"] == "own"
    names = {name: field.get("x-identifier") for name, field in fields.items()}
    assert (names["_reference"], names["reference"], names["subject"]) == ("reference", None, "subject")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reference", "subject"])
@pytest.mark.parametrize("wrong", ["", "x" * 201, "a\0b", 5])
def test_reference_or_subject_that_no_ledger_can_store_is_refused(product, features, name, wrong):
    answer = product.post("/v1/decisions", json=features | {name: wrong})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)


def test_longest_texts_of_a_contract_are_within_the_limit():
    column = Column("größe", "text", "", "x", max_length=100_000)
    body = json.dumps({column.name: "é" * column.max_length})
    limits = body_limits([column])
    assert len(body) < limits[0]
    assert MAX_ROWS * len(body) < limits[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/decisions", 405),
        ("GET", "/nothing", 404),
        ("GET", "/v1/decisions?limit=0", 422),
        ("GET", "/v1/decisions?limit=many", 422),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("POST", "/v1/decisions/", 404),  # a redirect would name the wrong scheme and path behind a proxy
    ],
)
def test_wrong_requests_are_answered_with_problem_details(product, method, path, status):
    answer = product.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "override"},
        {"verdict": "maybe"},
        {"verdict": "accept", "note": "x" * 501},
        {"verdict": "accept", "note": "a\0b"},
        {"verdict": "accept", "luck": 1},
        {},
    ],
)
def test_reaction_that_does_not_fit_changes_nothing(product, features, body):
    decision = product.post("/v1/decisions", json=features).json()
    answer = product.post(f"/v1/decisions/{decision['id']}/reaction", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert product.get("/v1/decisions").json()[0]["verdict"] is None


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"])
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain", "", "application/jsonp"])
def test_body_of_another_media_type_is_refused(product, path, media_type):
    answer = product.post(path, content=b"{}", headers={"content-type": media_type})
    assert answer.status_code == 415
    assert "send JSON, with Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8", None])
def test_json_is_accepted_with_parameters_and_without_a_media_type(product, features, media_type):
    headers = {"content-type": media_type} if media_type else {}
    content = json.dumps(features).encode()
    decided = product.post("/v1/decisions", content=content, headers=headers)
    assert decided.status_code == 201
    path = f"/v1/decisions/{decided.json()['id']}/reaction"
    assert product.post(path, content=b'{"verdict": "accept"}', headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/x/reaction"])
def test_json_that_is_cut_off_is_the_fault_of_the_body(product, path):
    answer = product.post(path, content=b'{"verdict"', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "body"
    assert "10" in error["message"]
    assert error["message"].startswith("Invalid JSON")


def test_fault_that_the_contract_itself_finds_is_said_in_its_own_words(product):
    answer = product.post("/v1/decisions/x/reaction", json={"verdict": "override"})
    assert answer.json()["errors"] == [{"field": "body", "message": OVERRIDE_OF_NOTHING}]


def test_override_with_the_answer_that_was_given_is_refused(product, features):
    decision = product.post("/v1/decisions", json=features).json()
    body = {"verdict": "override", "answer": decision["answer"]}
    answer = product.post(f"/v1/decisions/{decision['id']}/reaction", json=body)
    assert answer.status_code == 409
    assert "is the answer that was given" in answer.json()["detail"]


@pytest.mark.parametrize("decision_id", ["nothing", "0" * 32, "a%00b", "%00"])
def test_unknown_decision_is_not_found(product, decision_id):
    answer = product.post(f"/v1/decisions/{decision_id}/reaction", json={"verdict": "accept"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("there is no decision ")
    assert product.get(f"/v1/decisions/{decision_id}").status_code == 404


def test_product_says_that_it_is_ready_and_with_which_model(product):
    assert product.get("/healthz").json() == {"status": "alive"}
    assert product.get("/readyz").json()["model"].startswith("rules:")
    model = product.get("/v1/model").json()
    assert model["model"].startswith("rules:")
    assert model["notice"] == ""


def test_page_and_its_files_are_served(product):
    page = product.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for asset in ("desk.css", "desk.js"):
        assert asset in page.text
        assert product.get(f"/static/{asset}").status_code == 200
