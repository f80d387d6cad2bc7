"""Alerts of a process, its memory and its restarts, fire on a running product that a Prometheus collects."""

import contextlib

import pytest
from live_product import watch
from processes import run_product

pytestmark = pytest.mark.slow
LEAK = """import threading
import time

kept = []

def keep():
    while len(kept) < 500:  # MB, if nobody ends the product
        kept.append(b"x" * 2**20)
        time.sleep(0.1)

threading.Thread(target=keep, daemon=True).start()
"""


def test_product_that_leaks_and_is_ended_again_and_again_fires_the_alerts_of_its_process(root, tmp_path):
    leaking = tmp_path / "leaking"
    leaking.mkdir()
    (leaking / "sitecustomize.py").write_text(LEAK, encoding="utf-8")  # Python imports it when it starts
    with watch(tmp_path / "live", root, PYTHONPATH=str(leaking)) as (live, running):
        live.expect("MemoryGrowing")
        running.process.kill()
        running.process.wait()
        for _ in range(3):
            with restarted(root, running.address[1], live):
                live.expect()
        with restarted(root, running.address[1], live):
            live.expect("ProductRestarts")


@contextlib.contextmanager
def restarted(root, port, live):
    """Run a product on the port of one that has ended, and wait until Prometheus has seen the new process."""
    latest = "max(max_over_time(process_start_time_seconds[1m]))"
    before = live.value(latest)
    with run_product(root, "--port", str(port)):
        assert live.wait_for(lambda: live.value(latest) > before)
        yield
