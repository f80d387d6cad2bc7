"""Logs are lines of JSON with the id of the request; they repeat nothing that was sent."""

import json
import logging
import sys

import pytest

from {{ cookiecutter.__package }}.operations.logs import (
    JsonLines,
    current_request,
    current_trace,
    set_request_id,
)

TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def _no_request():
    tokens = [(variable, variable.set(None)) for variable in (current_request, current_trace)]
    yield
    for variable, token in tokens:
        variable.reset(token)


def format_record(message="a message", arguments=(), error=None):
    record = logging.LogRecord("a.logger", logging.WARNING, __file__, 1, message, arguments, error)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_record_is_one_line_of_json():
    line = format_record("%s of\ntwo lines", ("one",))
    assert {name: line[name] for name in ("level", "logger", "message")} == {
        "level": "warning",
        "logger": "a.logger",
        "message": "one of\ntwo lines",
    }
    assert line["time"].endswith("+00:00")
    assert "request" not in line


def test_error_is_its_type_and_its_place_without_its_text():
    try:
        int("a secret value")
    except ValueError:
        line = format_record(error=sys.exc_info())
    assert line["error"] == "ValueError"
    assert line["at"][-1].startswith("test_error_is_its_type_and_its_place_without_its_text:")
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("given", [b"abc-1.2:x_Y", b"a" * 64])
def test_request_id_of_the_caller_is_taken(given):
    assert set_request_id({"headers": [(b"x-request-id", given)]}) == given.decode()
    assert format_record()["request"] == given.decode()


@pytest.mark.parametrize("given", [b"", b"a" * 65, b"a b", b"a\nb", b'a"b', b"\xff", None])
def test_request_id_that_could_break_a_log_is_replaced(given):
    headers = [] if given is None else [(b"x-request-id", given)]
    first, second = (set_request_id({"headers": headers}) for _ in range(2))
    assert first != second
    assert len(first) == 16
    assert format_record()["request"] == second


def test_trace_of_the_caller_is_in_the_log():
    set_request_id({"headers": [(b"traceparent", b"00-" + TRACE + b"-00f067aa0ba902b7-01")]})
    assert format_record()["trace_id"] == TRACE.decode()
    set_request_id({"headers": []})  # the next request on this connection
    assert "trace_id" not in format_record()


@pytest.mark.parametrize(
    "given", [b"", TRACE, b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"00-" + TRACE + b'-x"-01']
)
def test_trace_that_is_not_valid_is_left_out(given):
    set_request_id({"headers": [(b"traceparent", given)]})
    assert "trace_id" not in format_record()


def test_refused_request_is_logged_under_the_names_of_opentelemetry(product, caplog):
    caplog.set_level(logging.INFO)
    product.post("/v1/decisions", json={})
    [record] = [record for record in caplog.records if "answered" in record.getMessage()]
    line = json.loads(JsonLines().format(record))
    assert line["http.request.method"] == "POST"
    assert line["http.route"] == "/v1/decisions"
    assert line["http.response.status_code"] == 422


def test_answer_repeats_the_request_id(product):
    assert product.get("/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert len(product.get("/healthz").headers["x-request-id"]) == 16
