"""What no well-behaved client sends: bytes on the wire that are too many, cut short, or lie."""

import socket

import pytest

HEAD = b"POST /v1/decisions HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"


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
        (HEAD + b"X-Long: " + b"x" * 200_000, b""),
        (HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)), b""),
    ],
)
def test_what_is_wrong_on_the_wire_is_refused_and_the_product_lives(address, sent, status):
    first = said(address, sent).partition(b"\r\n")[0]
    assert first.split(b" ")[1:2] == ([status] if status else [])
    assert b" 200 " in said(address, b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
