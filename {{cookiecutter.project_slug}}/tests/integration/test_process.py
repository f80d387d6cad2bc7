"""The product as a process: it starts, is told to stop, and keeps what it acknowledged."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from {{ cookiecutter.__package }} import cli

pytestmark = pytest.mark.slow
START = f"from {cli.__name__} import main; main()"


@contextlib.contextmanager
def started(root, *words):
    """Yield a process that runs a command; it does not outlive the block."""
    environment = os.environ | {"APP_ROOT": str(root), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", START, *words], env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_product_starts_keeps_its_port_and_stops_when_told(workspace, features):
    with started(workspace.root, "run", "--port", "0") as process:
        url = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        # the line above is a promise: whoever reads it may ask
        request = urllib.request.Request(f"{url[0]}/v1/decisions", json.dumps(features).encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            made = json.load(answer)
        with started(workspace.root, "run", "--port", url[1]) as second:
            printed, said = second.communicate(timeout=60)
        assert (second.returncode, printed) == (2, "")
        assert re.fullmatch(rf"error: cannot listen on 127\.0\.0\.1:{url[1]}: .+ --port\n", said)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (0, "Stopped.\n")
    assert "Traceback" not in said
    with workspace.ledger() as ledger:
        [kept] = ledger.recent(10)
    assert {name: kept[name] for name in made} == made


def test_workers_answer_on_one_port_count_together_and_stop_together(workspace, features):
    asked = 40
    with started(workspace.root, "run", "--port", "0", "--workers", "2") as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]

        def ask(path, body=None):
            with urllib.request.urlopen(f"{url}{path}", body, timeout=60) as answer:  # noqa: S310
                return answer.read().decode()

        for _ in range(asked):
            ask("/v1/decisions", json.dumps(features).encode())
        figures = ask("/metrics")
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (0, "Stopped.\n")
    assert "Traceback" not in said
    counted = re.findall(r"^decisions_total\{.*\} ([\d.]+)$", figures, re.MULTILINE)
    assert sum(map(float, counted)) == asked
    with workspace.ledger() as ledger:
        assert len({decision["id"] for decision in ledger.recent(asked)}) == asked
