"""Only API keys give access, browsers get security headers, and errors show nothing of the inside."""

import dataclasses
import hmac
import logging

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from {{ cookiecutter.__package }}.cli.server import build
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.product.http.security import SecurityMiddleware
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.stores.ledger import Ledger

KEY, NEXT = "the-first-key-of-this-test", "the-next-key-of-this-test"
CLOSED = ("/v1/decisions", "/v1/decisions/x", "/v1/model", "/metrics", "/openapi.json", "/nothing")
WRONG = [None, "", " ", "wrong", KEY[:-1], KEY[:1], f"{KEY}x", KEY.upper(), f"{KEY},{NEXT}", f"{KEY} {NEXT}"]
ALWAYS = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"}
API_HEADERS = ALWAYS | {"cache-control": "no-store"}
PAGE_HEADERS = ALWAYS | {
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture(scope="module")
def closed(make_workspace, tmp_path_factory):
    """Return a client of a product that has two keys."""
    project = make_workspace(tmp_path_factory.mktemp("closed") / "project").project
    settings = project.settings.model_copy(update={"api_keys": (SecretStr(KEY), SecretStr(NEXT))})
    project = dataclasses.replace(project, settings=settings)
    with build(project) as app, TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("key", WRONG)
def test_request_without_a_valid_key_is_refused(closed, path, key):
    answer = closed.get(path, headers={} if key is None else {"X-API-Key": key})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "an API key is needed in the header X-API-Key"


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"Cookie": f"X-API-Key={KEY}"}])
def test_key_is_read_from_its_header_only(closed, headers):
    assert closed.get(f"/v1/model?X-API-Key={KEY}", headers=headers).status_code == 401


def test_decision_without_a_key_is_not_recorded(closed, features):
    for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction", "/v1/outcomes"):
        assert closed.post(path, json=features).status_code == 401
    assert closed.get("/v1/decisions", headers={"X-API-Key": KEY}).json() == []


@pytest.mark.parametrize("key", [KEY, NEXT])
def test_every_key_of_the_settings_gives_access(closed, key):
    assert closed.get("/v1/model", headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/static/desk.css"])
def test_page_and_health_need_no_key(closed, path):
    assert closed.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthz/../v1/model", "/static/../v1/model", "//v1/model", "/healthz/%2e%2e/v1/model"]
)
def test_path_that_begins_like_an_open_one_needs_a_key(closed, path):
    assert closed.get(path).status_code in {401, 404}


def test_keys_are_neither_logged_nor_in_a_repr(closed, caplog):
    caplog.set_level(logging.DEBUG)
    for key in (KEY, KEY[:-1]):
        closed.get("/v1/model", headers={"X-API-Key": key})
    assert KEY[:-1] not in caplog.text
    assert KEY not in repr(Settings(api_keys=KEY))


def test_sabotage_comparison_of_a_prefix_of_the_key_is_seen(closed, monkeypatch):
    monkeypatch.setattr(hmac, "compare_digest", lambda given, key: bool(given) and key.startswith(given))
    with pytest.raises(AssertionError):
        test_request_without_a_valid_key_is_refused(closed, "/v1/model", KEY[:-1])


def fail(_self, _rows):
    raise RuntimeError("a secret of the inside")


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
def test_every_answer_has_a_request_id_and_security_headers(closed, features, monkeypatch, method, path, status):
    monkeypatch.setattr(Predictor, "decide", fail)
    answer = closed.request(method, path, json=features, headers={"X-API-Key": KEY, "X-Request-ID": "trace:1"})
    assert answer.status_code == status
    assert answer.headers["x-request-id"] == "trace:1"
    expected = API_HEADERS if path.startswith("/v1/") else PAGE_HEADERS
    for name, value in expected.items():
        assert value in answer.headers[name]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_refusal_has_security_headers(closed):
    answers = [closed.get("/v1/model"), closed.post("/v1/decisions", content=b"x" * 20_000)]
    assert all(value in answer.headers[name] for answer in answers for name, value in API_HEADERS.items())


def test_error_of_the_guard_itself_is_answered_with_security_headers(closed, monkeypatch):
    monkeypatch.setattr(SecurityMiddleware, "_refuse", lambda *_: 1 / 0)
    answer = closed.get("/healthz")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_no_answer_allows_cross_origin_requests(closed, features, method):
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST", "X-API-Key": KEY}
    answer = closed.request(method, "/v1/decisions", json=features, headers=asked)
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def shows_internals(answer):
    return any(word in answer.text for word in ("secret", "Traceback", "RuntimeError", ".py"))


def test_unexpected_error_shows_no_internals(closed, features, monkeypatch, caplog):
    monkeypatch.setattr(Predictor, "decide", fail)
    answer = closed.post("/v1/decisions", json=features, headers={"X-API-Key": KEY})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert not shows_internals(answer)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError]


def test_sabotage_stack_trace_in_an_answer_is_seen(workspace, monkeypatch):
    """FastAPI runs in debug mode, without the security middleware."""

    async def pass_on(self, scope, receive, send):
        await self.app(scope, receive, send)

    monkeypatch.setattr(SecurityMiddleware, "__call__", pass_on)
    with build(workspace.project) as app:
        monkeypatch.setattr(Ledger, "get", fail)
        app.debug = True
        with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
            assert shows_internals(client.get("/v1/decisions/any"))


LOOPBACK = ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:8000"]
FOREIGN = ["", "desk.example", "desk.example:8000", "localhost.desk.example", "127.0.0.1.desk.example", "a@localhost"]
FOREIGN += ["10.0.0.1", "0.0.0.0", "[::]", "[::2]:8000", "localhost:desk.example"]  # noqa: S104 - to be refused


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/v1/model", "/static/desk.js"])
def test_request_with_foreign_host_header_is_refused(product, path):
    assert [host for host in LOOPBACK if product.get(path, headers={"Host": host}).status_code != 200] == []
    for host in FOREIGN:
        answer = product.get(path, headers={"Host": host})
        assert (host, answer.status_code) == (host, 403)
        assert "set APP_API_KEYS" in answer.json()["detail"]


def test_request_without_host_header_is_answered(product):
    request = product.build_request("GET", "/v1/model")
    request.headers.pop("host")
    assert product.send(request).status_code == 200


def test_host_header_may_be_any_with_keys(closed):
    headers = {"X-API-Key": KEY, "Host": "desk.example"}
    assert closed.get("/v1/model", headers=headers).status_code == 200


@pytest.mark.parametrize("keys", ["", " , ", ","])
def test_empty_keys_are_none(keys):
    assert Settings(api_keys=keys).api_keys == ()
    with pytest.raises(ValueError, match="needs an API key"):
        Settings(host="::", api_keys=keys)
