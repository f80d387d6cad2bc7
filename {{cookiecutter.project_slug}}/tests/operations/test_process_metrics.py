"""Metrics of several processes add up: those of processes that ended no longer count as their present state."""

import asyncio
import contextlib
import os
import subprocess
import sys

import psutil
import pytest

from {{ cookiecutter.__package }}.operations.metrics import SHARED_FOLDER, Metrics

WORKER = """
import sys
from prometheus_client import Counter, Gauge
Gauge("requests_waiting", "", multiprocess_mode="livesum").set(5)
Counter("decisions", "").inc(3)
print("counted", flush=True)
sys.stdin.readline()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")


@contextlib.contextmanager
def worker(folder):
    """Yield a process that has counted five waiting rows and three decisions, until the block ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", WORKER], env=os.environ | {SHARED_FOLDER: str(folder)}, **pipes)
    assert process.stdout.readline() == "counted\n"
    try:
        yield
    finally:
        process.communicate("\n", timeout=30)


def read_all(metrics):
    lines = asyncio.run(metrics.endpoint(None)).body.decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


@pytest.mark.skipif(sys.platform == "win32", reason="there, nothing says whether a process has ended")
def test_rows_wait_only_in_processes_that_live_and_decisions_of_ended_ones_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    metrics = Metrics()
    with worker(tmp_path):
        with worker(tmp_path):
            assert read_all(metrics) == {"requests_waiting": 10, "decisions_total": 6}
        assert read_all(metrics) == {"requests_waiting": 5, "decisions_total": 6}
    assert read_all(metrics) == {"decisions_total": 6}


@linux
def test_memory_and_start_are_those_of_this_process():
    found = read_all(Metrics())
    process = psutil.Process()
    assert found["process_resident_memory_bytes"] == pytest.approx(process.memory_info().rss, rel=0.2)
    assert found["process_start_time_seconds"] == pytest.approx(process.create_time(), abs=2)
