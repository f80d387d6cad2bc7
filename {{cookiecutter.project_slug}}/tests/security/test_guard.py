"""Strangers stay out, and browsers are told what the page may do."""

import hmac
import logging
import shutil

import pytest
from starlette.testclient import TestClient

from {{ cookiecutter.__package }}.commands import open_registry
from {{ cookiecutter.__package }}.ledger import Ledger
from {{ cookiecutter.__package }}.plan import load_plan
from {{ cookiecutter.__package }}.product.guard import Guard
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.serve import build
from {{ cookiecutter.__package }}.settings import Settings

KEY, NEXT = "the-first-key-of-this-test", "the-next-key-of-this-test"
CLOSED = ("/v1/decisions", "/v1/decisions/x", "/v1/model", "/metrics", "/openapi.json", "/nothing")
WRONG = [None, "", " ", "wrong", KEY[:-1], KEY[:1], f"{KEY}x", KEY.upper(), f"{KEY},{NEXT}", f"{KEY} {NEXT}"]
PROMISED = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"}
OF_THE_API = PROMISED | {"cache-control": "no-store"}
OF_THE_PAGE = PROMISED | {
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture(scope="module")
def closed(prepared, tmp_path_factory):
    """Return a client of a product that has two keys."""
    root = tmp_path_factory.mktemp("closed") / "project"
    shutil.copytree(prepared, root)
    settings = Settings(root=root, api_keys=f"{KEY},{NEXT}")
    made = build(settings, load_plan(root / "plan.toml"), open_registry(settings))
    with made as app, TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("key", WRONG)
def test_without_a_key_nobody_enters(closed, path, key):
    answer = closed.get(path, headers={} if key is None else {"X-API-Key": key})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "this needs an API key in the header X-API-Key"


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"Cookie": f"X-API-Key={KEY}"}])
def test_a_key_is_taken_from_its_header_only(closed, headers):
    assert closed.get(f"/v1/model?X-API-Key={KEY}", headers=headers).status_code == 401


def test_without_a_key_nothing_is_recorded(closed, features):
    for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"):
        assert closed.post(path, json=features).status_code == 401
    assert closed.get("/v1/decisions", headers={"X-API-Key": KEY}).json() == []


@pytest.mark.parametrize("key", [KEY, NEXT])
def test_every_key_that_is_set_opens(closed, key):
    assert closed.get("/v1/model", headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/static/desk.css"])
def test_what_tells_nothing_is_open(closed, path):
    assert closed.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthz/../v1/model", "/static/../v1/model", "//v1/model", "/healthz/%2e%2e/v1/model"]
)
def test_a_path_that_begins_open_does_not_lead_inside(closed, path):
    assert closed.get(path).status_code in {401, 404}


def test_keys_are_in_no_log_and_in_no_repr(closed, caplog):
    caplog.set_level(logging.DEBUG)
    for key in (KEY, KEY[:-1]):
        closed.get("/v1/model", headers={"X-API-Key": key})
    assert KEY[:-1] not in caplog.text
    assert KEY not in repr(Settings(api_keys=KEY))


def test_sabotage_a_key_taken_by_its_beginning_is_seen(closed, monkeypatch):
    monkeypatch.setattr(hmac, "compare_digest", lambda given, key: bool(given) and key.startswith(given))
    with pytest.raises(AssertionError):
        test_without_a_key_nobody_enters(closed, "/v1/model", KEY[:-1])


def broken(_self, _rows):
    raise RuntimeError("the secret of the house")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/static/desk.js", 200),
        ("GET", "/v1/model", 200),
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing.js", 404),
        ("PUT", "/v1/decisions", 405),
        ("POST", "/v1/decisions/x/reaction", 422),
        ("POST", "/v1/decisions", 500),
    ],
)
def test_every_answer_has_a_name_and_tells_browsers_what_they_may_do(
    closed, features, monkeypatch, method, path, status
):
    monkeypatch.setattr(Predictor, "decide", broken)
    answer = closed.request(method, path, json=features, headers={"X-API-Key": KEY, "X-Request-ID": "the-name:1"})
    assert answer.status_code == status
    assert answer.headers["x-request-id"] == "the-name:1"
    promised = OF_THE_API if path.startswith("/v1/") else OF_THE_PAGE
    for name, value in promised.items():
        assert value in answer.headers[name]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_a_refusal_tells_browsers_the_same(closed):
    answers = [closed.get("/v1/model"), closed.post("/v1/decisions", content=b"x" * 20_000)]
    assert all(value in answer.headers[name] for answer in answers for name, value in OF_THE_API.items())


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_other_sites_get_no_leave_to_ask(closed, features, method):
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST", "X-API-Key": KEY}
    answer = closed.request(method, "/v1/decisions", json=features, headers=asked)
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_other_sites_may_not_ask_through_a_browser(closed, features):
    asked = {"X-API-Key": KEY, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert closed.post("/v1/decisions", json=features, headers=asked).status_code == 403
    assert closed.get("/", headers=asked | {"Sec-Fetch-Mode": "navigate"}).status_code == 200


def shows_the_inside(answer):
    return any(word in answer.text for word in ("secret", "Traceback", "RuntimeError", ".py"))


def test_an_error_inside_shows_nothing_of_the_inside(closed, features, monkeypatch, caplog):
    monkeypatch.setattr(Predictor, "decide", broken)
    answer = closed.post("/v1/decisions", json=features, headers={"X-API-Key": KEY})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert not shows_the_inside(answer)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError]


def test_sabotage_a_stack_trace_in_an_answer_is_seen(workspace, monkeypatch):
    """FastAPI's debug mode, and a guard that stands aside."""

    async def aside(self, scope, receive, send):
        await self.app(scope, receive, send)

    monkeypatch.setattr(Guard, "__call__", aside)
    with build(workspace.settings, workspace.plan, workspace.registry()) as app:
        monkeypatch.setattr(Ledger, "get", broken)
        app.debug = True
        with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
            assert shows_the_inside(client.get("/v1/decisions/any"))


OURS = ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:8000"]
THEIRS = ["", "desk.example", "desk.example:8000", "localhost.desk.example", "127.0.0.1.desk.example", "a@localhost"]
THEIRS += ["10.0.0.1", "0.0.0.0", "[::]", "[::2]:8000", "localhost:desk.example"]  # noqa: S104 - to be refused


@pytest.mark.parametrize("path", ["/", "/v1/model", "/static/desk.js"])
def test_without_keys_a_name_that_a_stranger_made_lead_here_opens_nothing(product, path):
    assert [host for host in OURS if product.get(path, headers={"Host": host}).status_code != 200] == []
    for host in THEIRS:
        answer = product.get(path, headers={"Host": host})
        assert (host, answer.status_code) == (host, 403)
        assert "set APP_API_KEYS" in answer.json()["detail"]


def test_who_names_no_host_is_no_browser(product):
    request = product.build_request("GET", "/v1/model")
    request.headers.pop("host")
    assert product.send(request).status_code == 200


def test_with_keys_the_product_may_have_any_name(closed):
    headers = {"X-API-Key": KEY, "Host": "desk.example"}
    assert closed.get("/v1/model", headers=headers).status_code == 200


@pytest.mark.parametrize("keys", ["", " , ", ","])
def test_keys_that_are_empty_open_nothing_to_others(keys):
    assert Settings(api_keys=keys).api_keys == ()
    with pytest.raises(ValueError, match="needs an API key"):
        Settings(host="::", api_keys=keys)
