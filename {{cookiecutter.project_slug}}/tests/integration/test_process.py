"""The product as a process: it starts small, stops when it is told, and says what is wrong in one line."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from processes import START, call, copy_project, run_product, start

from {{ cookiecutter.__package }}.cli import composition, server

pytestmark = pytest.mark.slow

# what training, tables and tests need, and a serving process does not
HEAVY = {"mlflow", "pandas", "duckdb", "ibis", "fairlearn", "pyarrow", "pytest", "matplotlib", "alembic"}
LIST_MODULES = (
    "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name, m in sys.modules.items() if m})))"
)
BUILD = """
from {package}.cli import server
app = server.start()
"""


def loaded_modules(root, code):
    """Return the top-level modules that a new process has after it ran some code."""
    words = [sys.executable, "-c", f"{code}\n{LIST_MODULES}"]
    environment = os.environ | {"APP_ROOT": str(root)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_serving_process_does_not_import_what_training_needs(own_folder):
    package = server.__name__.partition(".")[0]
    assert loaded_modules(own_folder, BUILD.format(package=package)) & HEAVY == set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the files that a process has mapped")
def test_product_that_runs_has_mapped_no_library_of_training(own_folder):
    with run_product(own_folder) as running:
        running.decide(running.example)
        maps = Path(f"/proc/{running.process.pid}/maps").read_text()
        assert {name for name in HEAVY if f"site-packages/{name}/" in maps} == set()
        assert psutil.Process(running.process.pid).memory_info().rss < 300 * 2**20


def test_sabotage_import_of_a_library_of_training_is_seen(own_folder):
    assert loaded_modules(own_folder, "import pytest") & HEAVY == {"pytest"}


def test_product_keeps_its_port_and_stops_when_it_is_told(own_folder, monkeypatch):
    with run_product(own_folder) as running:
        decision = running.decide(running.example)
        second = start(own_folder, "run", "--port", str(running.address[1]))
        printed, _ = second.communicate(timeout=60)
        assert second.returncode == 2
        assert re.fullmatch(rf"error: cannot listen on 127\.0\.0\.1:{running.address[1]}: .+ --port\n", printed)
        assert running.stop(signal.SIGINT) == 0
        assert running.output.endswith("Stopped.\n")
        assert "Traceback" not in running.output
    monkeypatch.setenv("APP_ROOT", str(own_folder))
    with composition.load_project().ledger() as ledger:
        [recorded] = ledger.recent(10)
    assert {name: recorded[name] for name in decision} == decision


def test_workers_share_a_port_and_their_metrics_and_stop_together(own_folder, monkeypatch):
    count = 40
    with run_product(own_folder, "--workers", "2") as running:
        features = running.example
        for _ in range(count):
            running.decide(features)
        metrics = call(f"{running.url}/metrics")
        assert running.stop(signal.SIGINT) == 0
        assert running.output.endswith("Stopped.\n")
        assert "Traceback" not in running.output
    counted = re.findall(r"^decisions_total\{.*\} ([\d.]+)$", metrics, re.MULTILINE)
    assert sum(map(float, counted)) == count
    monkeypatch.setenv("APP_ROOT", str(own_folder))
    with composition.load_project().ledger() as ledger:
        assert len({decision["id"] for decision in ledger.recent(count)}) == count


def test_workers_end_when_their_parent_is_killed(own_folder):
    with run_product(own_folder, "--workers", "2") as running:
        children = psutil.Process(running.process.pid).children()
        assert len(children) >= 2
        running.process.kill()
        _, alive = psutil.wait_procs(children, timeout=20)
        for child in alive:
            child.kill()
        assert not alive


def test_first_start_prepares_the_project(tmp_path):
    with run_product(copy_project(tmp_path / "new")) as running:
        assert running.decide(running.example)["model"].startswith("rules:")
        assert running.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    assert "Traceback" not in running.output


def test_error_while_preparing_is_one_line(tmp_path):
    root = copy_project(tmp_path / "new")
    (root / "var").write_text("a file where the folder should be")
    process = start(root, "run", "--port", "0")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert printed.startswith("error: ")
    assert printed.count("\n") == 1


def test_interrupt_during_the_first_start_prints_at_most_one_line(tmp_path):
    """Ctrl-C reaches every process of the terminal; the start after it works."""
    root = copy_project(tmp_path / "new")
    words = [sys.executable, "-c", START, "run", "--port", "0"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    for seconds in (1.0, 2.5, 5.0):
        process = subprocess.Popen(words, env=os.environ | {"APP_ROOT": str(root)}, start_new_session=True, **pipes)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        lines = [line for line in errors.splitlines() if not line.startswith("{")]  # without those of the log
        assert len(lines) <= 1, lines
    with run_product(root) as running:
        running.decide(running.example)
