"""What no well-behaved client sends: bytes on the wire that are too many, cut short, or lie."""

import contextlib
import json
import socket

import pytest

HEAD = b"POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


def said(address, sent, wait=5.0):
    """Send bytes and return whatever comes back until the product hangs up."""
    with socket.create_connection(address, timeout=wait) as wire:
        got = b""
        try:
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
            while more := wire.recv(65_536):
                got += more
        except TimeoutError:
            raise
        except OSError:  # it hung up while we were still talking
            pass
        return got


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"Content-Length: 1000000000\r\n\r\n", b"413"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n", b""),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 6, b"413"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}", b"400"),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (HEAD + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
        (HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(4_000)) + b"\r\n", b"431"),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (HEAD + b"X-Long: " + b"x" * 25_000 + b"\r\nContent-Length: 2\r\n\r\n{}", b"422"),
        # a second head is measured like the first, and what is said of it is no answer to the first
        (b"GET /healthz HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n", b""),
    ],
)
def test_what_is_wrong_on_the_wire_is_refused_and_the_product_lives(address, sent, status):
    first, _, rest = said(address, sent).partition(b"\r\n")
    assert first.split(b" ")[1:2] == ([status] if status else [])
    if status:
        assert b"content-type: application/problem+json\r\n" in rest
        assert json.loads(rest.partition(b"\r\n\r\n")[2])["status"] == int(status)
    assert lives(address)


def lives(address):
    return b" 200 " in said(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LINES = b"".join(b"X-%d: y\r\n" % n for n in range(5_000))
ENDLESS = {
    "headers": (HEAD, LINES),
    "one header": (HEAD + b"X-Long: ", b"x" * 65_536),
    "a path": (b"GET /", b"x" * 65_536),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", LINES),
    "one trailer": (CHUNKED + b"0\r\nX-Long: ", b"x" * 65_536),
    "a chunk's extension": (CHUNKED + b"2;", b"x" * 65_536),
    "a chunk's size": (CHUNKED, b"0" * 65_536),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_does_not_end_is_not_kept(address, what):
    begun, more = ENDLESS[what]
    with socket.create_connection(address, timeout=10) as wire, contextlib.suppress(ConnectionError):
        wire.sendall(begun)
        for _ in range(128):
            wire.sendall(more)
        while wire.recv(65_536):  # a product that goes on listening says nothing, and that is a TimeoutError
            pass
    assert lives(address)
