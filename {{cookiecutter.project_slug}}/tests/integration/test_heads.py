"""An answer goes out in one piece, and nobody waits for a head that was held back."""

import json
import shutil
import socket

import pytest
from serving import serving


@pytest.fixture(scope="module")
def address(prepared, tmp_path_factory):
    root = tmp_path_factory.mktemp("heads") / "project"
    shutil.copytree(prepared, root)
    with serving(root) as at:
        yield at


@pytest.fixture
def wire(address):
    with socket.create_connection(address, timeout=5) as wire:
        yield wire


def heard(wire, end):
    """Return what comes until it ends as expected; a client that waits in vain gets a TimeoutError."""
    got = b""
    while not got.endswith(end):
        more = wire.recv(65_536)
        assert more, got
        got += more
    return got


@pytest.mark.parametrize("begun", [True, False])
def test_the_head_of_an_answer_waits_for_the_body_and_no_longer(begun):
    pytest.importorskip("httptools", reason="without it another protocol serves, which holds nothing back")
    from {{ cookiecutter.__package }}.product.heads import OnePiece

    sent = []

    class Transport:
        write, close = sent.append, lambda _: sent.append("closed")

    answer = OnePiece(Transport())
    answer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    answer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert sent == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    if begun:
        answer.write(b"HTTP/1.1 1")
        answer.write(b"00 and on")
    answer.close()
    parts = [b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 1", b"00 and on", b""] if begun else [b"HTTP/1.1 200 OK\r\n\r\n"]
    assert sent[1:] == [*parts, "closed"]


def test_requests_that_come_together_are_answered_in_order(wire):
    get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n".format
    wire.sendall((get("/v1/model") + get("/nowhere") + get("/healthz")).encode())
    answers = heard(wire, b'{"status":"alive"}').split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"404", b"200"]


@pytest.mark.parametrize("size", [7, 1_000, 100_000])
def test_a_large_body_may_come_in_many_chunks(wire, features, size):
    """Sizes and line ends together are more than headers may be."""
    body = json.dumps([features] * 1000).encode()
    body += b" " * (1_048_576 - len(body))
    chunks = (body[place : place + size] for place in range(0, len(body), size))
    wire.sendall(b"POST /v1/decisions/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.sendall(b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nX-Sum: 1\r\n\r\n")
    assert heard(wire, b"}]").startswith(b"HTTP/1.1 201")


def test_an_answer_without_a_body_is_sent(wire):
    wire.sendall(b"HEAD /static/desk.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert heard(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    wire.sendall(b"OPTIONS /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert heard(wire, b"}").startswith(b"HTTP/1.1 405")


def test_who_asks_whether_to_send_a_body_is_told(wire, features):
    body = json.dumps(features).encode()
    head = "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n"
    wire.sendall(head.format(len(body)).encode())
    assert heard(wire, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.sendall(body)
    assert heard(wire, b"}").startswith(b"HTTP/1.1 201")
