"""Several workers of one product show the memory of all and the latest start, whichever of them answers."""

import re
import signal
import sys
import time

import psutil
import pytest
from processes import call, run_product

pytestmark = pytest.mark.slow
STARTED, MEMORY = "process_start_time_seconds", "process_resident_memory_bytes"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")
def test_several_workers_show_the_memory_of_all_and_the_latest_start(own_folder):
    with run_product(own_folder, "--workers", "2") as running:
        workers = find_workers(running)
        before = wait_for(running, lambda found: found[MEMORY] == pytest.approx(memory_of(workers), rel=0.2))
        assert all(read(running)[STARTED] == before[STARTED] for _ in "1234")
        psutil.Process(workers[0]).kill()
        wait_for(running, lambda found: found[STARTED] > before[STARTED])
        wait_for(running, lambda found: found[MEMORY] == pytest.approx(memory_of(find_workers(running)), rel=0.2))
        running.stop(signal.SIGINT)


def find_workers(running):
    """Return the ids of the processes that answer, and not that of the one that watches them."""
    children = psutil.Process(running.process.pid).children()
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def memory_of(pids):
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)


def read(running):
    text = call(f"{running.url}/metrics")
    return {name: float(value) for name, value in re.findall(r"^(process_\w+) (\S+)$", text, re.MULTILINE)}


def wait_for(running, condition, seconds=30):
    """Return the metrics as soon as a condition holds."""
    until = time.monotonic() + seconds
    while not condition(found := read(running)):
        assert time.monotonic() < until, found
        time.sleep(0.2)
    return found
