"""Requests that no well-behaved client sends: bytes that are too many, cut short, or contradict themselves."""

import json
import socket

import pytest

HEAD = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
CHUNK = b"1000\r\n" + b"x" * 4096 + b"\r\n"


def send(address, sent):
    """Send bytes and return what arrives until the product closes the connection."""
    with socket.create_connection(address, timeout=10) as wire:
        got = b""
        try:
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
            while more := wire.recv(65_536):
                got += more
        except TimeoutError:
            raise
        except OSError:  # the connection was closed while bytes were sent
            pass
        return got


def is_served(address):
    return b" 200 " in send(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"Content-Length: 1000000000\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 10, 413),
        (HEAD + b"X-Long: " + b"x" * 25_000 + b"\r\nContent-Length: 2\r\n\r\n{}", 422),
    ],
)
def test_request_that_is_too_large_or_empty_is_answered_with_problem_details(address, sent, status):
    first, _, rest = send(address, sent).partition(b"\r\n")
    assert first.split(b" ")[1] == str(status).encode()
    assert b"content-type: application/problem+json\r\n" in rest
    assert json.loads(rest.partition(b"\r\n\r\n")[2])["status"] == status
    assert is_served(address)


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_malformed_request_is_answered_400(address, sent):
    assert send(address, sent).startswith(b"HTTP/1.1 400 ")
    assert is_served(address)


@pytest.mark.slow
def test_body_that_is_cut_short_is_not_decided_on(address):
    assert not send(address, HEAD + b"Content-Length: 100\r\n\r\n{").startswith(b"HTTP/1.1 2")
    assert is_served(address)
