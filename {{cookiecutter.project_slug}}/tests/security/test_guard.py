"""Strangers stay out, and browsers are told what the page may do."""

import pytest
from starlette.testclient import TestClient

from {{ cookiecutter.__package }}.serve import build
from {{ cookiecutter.__package }}.settings import Settings

KEY, NEXT = "the-first-key-of-this-test", "the-next-key-of-this-test"
CLOSED = ("/v1/decisions", "/v1/model", "/metrics", "/openapi.json", "/nothing")


@pytest.fixture
def closed(workspace):
    settings = Settings(root=workspace.root, api_keys=f"{KEY},{NEXT}")
    with build(settings, workspace.plan, workspace.registry()) as app, TestClient(app) as client:
        yield client


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], f"{KEY}x", KEY.upper(), f"{KEY},{NEXT}"])
def test_without_a_key_nobody_enters(closed, path, key):
    answer = closed.get(path, headers={} if key is None else {"X-API-Key": key})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "this needs an API key in the header X-API-Key"


@pytest.mark.parametrize("key", [KEY, NEXT])
def test_every_key_that_is_set_opens(closed, key, features):
    assert closed.post("/v1/decisions", json=features, headers={"X-API-Key": key}).status_code == 201


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/static/desk.css"])
def test_what_tells_nothing_is_open(closed, path):
    assert closed.get(path).status_code == 200


def test_sabotage_a_key_taken_by_its_beginning_is_seen(closed, monkeypatch):
    import hmac

    monkeypatch.setattr(hmac, "compare_digest", lambda given, key: bool(given) and key.startswith(given))
    with pytest.raises(AssertionError):
        test_without_a_key_nobody_enters(closed, "/v1/model", KEY[:-1])


def test_the_page_may_load_nothing_from_elsewhere(product):
    headers = product.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_other_sites_may_not_ask(product, features):
    answer = product.post("/v1/decisions", json=features, headers={"Origin": "https://example.org"})
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_an_error_inside_shows_nothing_of_the_inside(product, features, monkeypatch):
    from {{ cookiecutter.__package }}.product.predictor import Predictor

    def broken(_self, _rows):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(Predictor, "decide", broken)
    answer = product.post("/v1/decisions", json=features)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
