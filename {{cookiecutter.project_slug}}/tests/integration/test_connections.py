"""Connections have limits: how many, how long a client may take, how much is read. What HTTP allows still works."""

import contextlib
import json
import signal
import socket
import threading
import time

import pytest
from processes import run_product
from serving import serving

from {{ cookiecutter.__package }}.product.http import connections
from {{ cookiecutter.__package }}.product.predictor import Predictor

SECONDS = 0.4  # the timeout of this module's product
CONNECTIONS = 8
HEAD = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LINES = b"".join(b"X-%d: y\r\n" % number for number in range(5_000))


@pytest.fixture
def address(workspace):
    with serving(workspace.project, read_seconds=SECONDS, max_connections=CONNECTIONS) as place:
        yield place


@pytest.fixture
def wire(address):
    with socket.create_connection(address, timeout=5) as connected:
        yield connected


def read_until(wire, end):
    """Return what arrives until it ends as expected; TimeoutError if it never does."""
    got = b""
    while not got.endswith(end):
        more = wire.recv(65_536)
        assert more, got
        got += more
    return got


def read_all(wire):
    """Return what arrives until the connection is closed; TimeoutError if it never is."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while more := wire.recv(65_536):
            got += more
    return got


def trickle(wire, part, seconds):
    """Send a few bytes at a time until the product closes the connection; return whether it did so in time."""
    until = time.monotonic() + seconds
    wire.settimeout(0.05)
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < until:
            wire.sendall(part)
            with contextlib.suppress(TimeoutError):
                if not wire.recv(65_536):
                    return True
        return False
    return True


def is_served(address):
    with contextlib.suppress(ConnectionError), socket.create_connection(address, timeout=5) as wire:
        wire.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return b" 200 " in read_all(wire)
    return False


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", GET], ids=["nothing", "half a head", "a request"]
)
@pytest.mark.slow
def test_idle_connection_is_closed_within_the_timeout(wire, sent):
    began = time.monotonic()
    wire.sendall(sent)
    answer = read_all(wire)
    assert time.monotonic() - began < 4 * SECONDS
    assert (b" 200 " in answer) is (sent == GET)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begin", "part"),
    [(b"GET / HTTP/1.1\r\nX-Long: ", b"x"), (HEAD + b"Content-Length: 10000\r\n\r\n", b" "), (CHUNKED, b"1\r\n \r\n")],
    ids=["head", "body", "chunks"],
)
def test_trickled_request_is_ended_within_the_timeout(wire, begin, part):
    wire.sendall(begin)
    assert trickle(wire, part, 5 * SECONDS)


@pytest.mark.slow
def test_body_that_does_not_arrive_is_answered_408(wire):
    wire.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    head, _, body = read_all(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"content-type: application/problem+json" in head
    assert f"within {SECONDS:g} s" in json.loads(body)["detail"]


@pytest.mark.slow
def test_answer_that_takes_longer_than_the_timeout_is_sent(wire, features, monkeypatch):
    def decide_late(self, rows):
        time.sleep(3 * SECONDS)
        return decide(self, rows)

    decide = Predictor.decide
    monkeypatch.setattr(Predictor, "decide", decide_late)
    body = json.dumps(features).encode()
    wire.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert read_until(wire, b"}").startswith(b"HTTP/1.1 201")


@pytest.mark.slow
def test_connections_over_the_limit_are_closed_and_later_ones_are_served(address):
    with contextlib.ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            wire = stack.enter_context(socket.create_connection(address, timeout=5))
            with contextlib.suppress(ConnectionError):
                wire.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert not is_served(address)
        time.sleep(3 * SECONDS)
        assert is_served(address)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (HEAD, LINES),
        (HEAD + b"X-Long: ", b"x" * 65_536),
        (b"GET /", b"x" * 65_536),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", LINES),
        (CHUNKED + b"2;", b"x" * 65_536),
        (CHUNKED, b"0" * 65_536),
    ],
    ids=["headers", "one header", "path", "trailers", "chunk extension", "chunk size"],
)
def test_request_without_an_end_is_refused(workspace, begin, more):
    """Its bytes are not kept: the connection is closed once they are too many, long before a timeout."""
    with serving(workspace.project, max_body_bytes=1_000, max_batch_bytes=100_000) as address:
        sent, began = 0, time.monotonic()
        with socket.create_connection(address, timeout=5) as wire:
            wire.sendall(begin)
            with contextlib.suppress(ConnectionError):
                for _ in range(256):
                    wire.sendall(more)
                    sent += len(more)
                read_all(wire)
        assert sent < 256 * len(more)
        assert time.monotonic() - began < 5
        assert is_served(address)


def test_head_that_is_too_long_is_answered_431(workspace):
    with serving(workspace.project, max_batch_bytes=1_000, max_body_bytes=1_000) as address:
        wire = socket.create_connection(address, timeout=5)
        with wire:
            wire.sendall(HEAD + b"X-Long: " + b"x" * 70_000)
            head, _, body = read_all(wire).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert b"x-content-type-options: nosniff" in head
        assert json.loads(body)["status"] == 431


def without_limits(make_protocol, _limits, **given):
    return make_protocol(**given)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_sabotage_connection_without_limits_stays_open(workspace, monkeypatch, sent):
    monkeypatch.setattr(connections, "LimitedProtocol", without_limits)
    with serving(workspace.project, read_seconds=SECONDS) as address:
        wire = socket.create_connection(address, timeout=4 * SECONDS)
        with wire:
            wire.sendall(sent)
            with pytest.raises(TimeoutError):
                read_all(wire)


def test_pipelined_requests_are_answered_in_order(wire):
    get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n".format
    wire.sendall((get("/v1/model") + get("/nowhere") + get("/healthz")).encode())
    answers = read_until(wire, b'{"status":"alive"}').split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"404", b"200"]


@pytest.mark.slow
def test_requests_on_one_connection_may_take_longer_together_than_the_timeout(wire):
    for _ in range(8):
        wire.sendall(GET)
        assert b" 200 " in read_until(wire, b"}")
        time.sleep(SECONDS / 4)


@pytest.mark.slow
@pytest.mark.parametrize("size", [7, 1_000, 100_000])
def test_large_body_may_arrive_in_many_chunks(workspace, features, size):
    project = workspace.project
    body = json.dumps([features] * 1000).encode()
    assert len(body) < max(project.body_limits)
    body += b" " * (300_000 - len(body))
    parts = (body[place : place + size] for place in range(0, len(body), size))
    with serving(project) as address, socket.create_connection(address, timeout=20) as wire:
        wire.sendall(CHUNKED.replace(b"decisions ", b"decisions/batch "))
        wire.sendall(b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Sum: 1\r\n\r\n")
        assert read_until(wire, b"}]").startswith(b"HTTP/1.1 201")


def test_answer_without_a_body_is_sent(wire):
    wire.sendall(b"HEAD /static/desk.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert read_until(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    wire.sendall(b"OPTIONS /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert read_until(wire, b"}").startswith(b"HTTP/1.1 405")


def test_expect_100_continue_is_answered(wire, features):
    body = json.dumps(features).encode()
    wire.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert read_until(wire, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.sendall(body)
    assert read_until(wire, b"}").startswith(b"HTTP/1.1 201")


def test_client_that_closes_its_half_of_the_connection_gets_its_answer(wire, features):
    body = json.dumps(features).encode()
    wire.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    wire.shutdown(socket.SHUT_WR)
    assert read_until(wire, b"}").startswith(b"HTTP/1.1 201")


@pytest.mark.slow
def test_sigterm_ends_the_process_soon_whatever_its_connections_do(own_folder):
    """50 connections each are idle, half-open and stalled in a body; a request in flight is answered."""
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(run_product(own_folder))
        body = json.dumps(running.example).encode()
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: loc", HEAD + b"Content-Length: 9000\r\n\r\n{"):
            for _ in range(50):
                stack.enter_context(socket.create_connection(running.address, timeout=5)).sendall(begun)
        asked = stack.enter_context(socket.create_connection(running.address, timeout=20))
        asked.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])
        time.sleep(0.5)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        threading.Timer(0.3, asked.sendall, [body[-1:]]).start()
        assert read_until(asked, b"}").startswith(b"HTTP/1.1 201")
        assert running.process.wait(30) is not None
        assert time.monotonic() - began < 8
    assert "Traceback" not in running.output
