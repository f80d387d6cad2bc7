"""The API answers what fits the contract, and says what does not."""

import json

import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns

FEATURES = columns(contract.Features)
NUMBER = next(c for c in FEATURES if c.kind in {"number", "integer"} and c.high is not None)
CATEGORY = next(c for c in FEATURES if c.categories)
TARGET = columns(contract.Label)[0]


def another_answer(given):
    return next(answer for answer in (TARGET.categories or (given + 1.0,)) if answer != given)


def without(features, name):
    return {key: value for key, value in features.items() if key != name}


BAD = {
    "a text for a number": (lambda f: f | {NUMBER.name: "plenty"}, NUMBER.name),
    "out of bounds": (lambda f: f | {NUMBER.name: NUMBER.high + 1}, NUMBER.name),
    "an unknown category": (lambda f: f | {CATEGORY.name: "perhaps"}, CATEGORY.name),
    "a missing field": (lambda f: without(f, NUMBER.name), NUMBER.name),
    "an unknown field": (lambda f: f | {"luck": 1}, "luck"),
    "a list": (lambda f: [f], "body"),
    "null": (lambda _: None, "body"),
}


def test_a_decision_is_on_record(product, features):
    answer = product.post("/v1/decisions", json=features)
    assert answer.status_code == 201
    made = answer.json()
    assert contract.Decision.model_validate(made)
    [stored] = product.get("/v1/decisions").json()
    assert {name: stored[name] for name in made} == made
    assert stored["features"] == features


@pytest.mark.parametrize("fault", BAD)
def test_bad_features_are_refused_with_the_field(product, features, fault):
    change, field = BAD[fault]
    answer = product.post("/v1/decisions", json=change(features))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert "plenty" not in answer.text
    assert product.get("/v1/decisions").json() == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_what_is_not_json_is_refused(product, body):
    answer = product.post("/v1/decisions", content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_nan_is_no_number(product, features):
    text = json.dumps(features | {NUMBER.name: float("nan")})
    answer = product.post("/v1/decisions", content=text)
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/x/reaction"])
def test_a_body_too_large_is_refused(product, path):
    limit = 16_384
    for body in (b"x" * (limit + 1), (b"x" * 1000 for _ in range(30))):
        answer = product.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert str(limit) in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/decisions", 405),
        ("GET", "/nothing", 404),
        ("GET", "/v1/decisions?limit=0", 422),
        ("GET", "/v1/decisions?limit=many", 422),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
    ],
)
def test_wrong_requests_are_problems_too(product, method, path, status):
    answer = product.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_reaction_is_taken_once(product, features):
    made = product.post("/v1/decisions", json=features).json()
    path = f"/v1/decisions/{made['id']}/reaction"
    body = {"verdict": "override", "answer": another_answer(made["answer"]), "note": "seen the papers"}
    first, again = (product.post(path, json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = product.post(path, json={"verdict": "accept"})
    assert other.status_code == 409
    assert "already has another reaction: override" in other.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verdict": "override"}, 422),
        ({"verdict": "maybe"}, 422),
        ({"verdict": "accept", "note": "x" * 501}, 422),
        ({"verdict": "accept", "luck": 1}, 422),
        ({}, 422),
    ],
)
def test_a_bad_reaction_changes_nothing(product, features, body, status):
    made = product.post("/v1/decisions", json=features).json()
    answer = product.post(f"/v1/decisions/{made['id']}/reaction", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"]
    assert product.get("/v1/decisions").json()[0]["verdict"] is None


def test_a_body_that_is_not_said_to_be_json_is_told_how_to_be_sent(product):
    for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        headers = {"content-type": kind} if kind else {}
        answer = product.post("/v1/decisions/x/reaction", content=b'{"verdict": "accept"}', headers=headers)
        assert answer.status_code == 422
        told = "send JSON, with Content-Type: application/json"
        assert answer.json()["errors"] == [{"field": "body", "message": told}]


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/x/reaction"])
def test_json_that_is_cut_off_is_the_fault_of_the_body(product, path):
    answer = product.post(path, content=b'{"verdict"', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "body"
    assert "10" in error["message"]
    assert error["message"].startswith("Invalid JSON")


def test_what_our_own_checks_find_is_said_in_our_own_words(product):
    answer = product.post("/v1/decisions/x/reaction", json={"verdict": "override"})
    told = "an override needs an answer, and only an override has one"
    assert answer.json()["errors"] == [{"field": "body", "message": told}]


def test_an_override_is_another_answer(product, features):
    made = product.post("/v1/decisions", json=features).json()
    path = f"/v1/decisions/{made['id']}/reaction"
    answer = product.post(path, json={"verdict": "override", "answer": made["answer"]})
    assert answer.status_code == 409
    assert "is the answer that was given" in answer.json()["detail"]


def test_a_reaction_to_nothing_is_refused(product):
    answer = product.post("/v1/decisions/nothing/reaction", json={"verdict": "accept"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no decision 'nothing'"


def test_the_description_holds_the_contract(product, features):
    document = product.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    assert list(schemas["Features"]["properties"]) == [column.name for column in FEATURES]
    [example] = schemas["Features"]["examples"]
    assert product.post("/v1/decisions", json=example).status_code == 201
    assert {"/v1/decisions", "/v1/decisions/{decision_id}/reaction", "/readyz"} <= set(document["paths"])


def test_the_product_says_that_it_is_ready_and_with_what(product):
    assert product.get("/healthz").json() == {"status": "alive"}
    assert product.get("/readyz").json()["model"].startswith("rules:")
    assert product.get("/v1/model").json()["model"].startswith("rules:")


def test_the_page_is_there(product):
    page = product.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for asset in ("desk.css", "desk.js"):
        assert asset in page.text
        assert product.get(f"/static/{asset}").status_code == 200
