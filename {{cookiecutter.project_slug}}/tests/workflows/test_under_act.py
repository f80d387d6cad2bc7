"""The ci workflow runs under act: green when all is well, and red in one place when one thing is not."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from engine import run
from events import find_faults, read_jobs
from workflow_checks import ENTERED, read

if TYPE_CHECKING:
    from events import Outcome

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CI = Path(".github", "workflows", "ci.yml")
JOBS: dict[str, dict[str, Any]] = read(ROOT / CI)["jobs"]


def targets(step: dict[str, Any]) -> list[str]:
    """Return what make is asked for in a step."""
    if not (used := step.get("uses")):
        return re.findall(r"make ([\w-]+)", step["run"])
    if used.startswith(ENTERED):
        return []
    parts = read(ROOT / used / "action.yml")["runs"]["steps"]
    return [target for part in parts if "run" in part for target in targets(part)]


EVERY = sorted({target for job in JOBS.values() for step in job["steps"] for target in targets(step)})


def foreseen(fault: str) -> dict[str, list[str]]:
    """Return how every step should end when one target fails; none of them where a job waits for a red one."""
    results: dict[str, list[str]] = {}
    for name, job in JOBS.items():
        red = any("failure" in results[need] or not results[need] for need in job.get("needs", []))
        results[name] = []
        for step in [] if red else job["steps"]:
            bad = "skipped" if "failure" in results[name] else "failure" if fault in targets(step) else "success"
            results[name].append(bad)
    return results


def seen(outcome: Outcome) -> dict[str, list[str]]:
    return {job: list(outcome.runs[job, ""].results.values()) for job in JOBS}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose targets do nothing: what is tried is the workflow."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    break_target(tmp_path, "")
    return tmp_path


def break_target(project: Path, fault: str) -> None:
    (project / "Makefile").write_text(f".DEFAULT:\n\t@echo doing $@; test $@ != '{fault}'\n", encoding="utf-8")


def test_green_when_all_is_well(project: Path) -> None:
    outcome = run(project, "ci", project / "log")
    assert seen(outcome) == foreseen("")
    assert set().union(*seen(outcome).values()) == {"success"}
    assert list(find_faults(read_jobs(project / CI), outcome)) == []
    assert "doing load-smoke" in (project / "log").read_text(encoding="utf-8")
    assert sorted(path.name for path in project.iterdir()) == [".github", "Makefile", "log"]


@pytest.mark.parametrize("fault", EVERY)
def test_red_at_the_step_that_is_broken_and_nowhere_else(project: Path, fault: str) -> None:
    break_target(project, fault)
    outcome = run(project, "ci", project / "log")
    assert seen(outcome) == foreseen(fault)
    assert "failure" in {result for results in seen(outcome).values() for result in results}
    assert list(find_faults(read_jobs(project / CI), outcome))


def command(project: Path) -> list[str]:
    return [sys.executable, str(project / ".github" / "act" / "run.py"), "--root", str(project)]


def test_a_job_that_act_leaves_out_is_red(project: Path) -> None:
    text = (project / CI).read_text(encoding="utf-8")
    (project / CI).write_text(text.replace("runs-on: ubuntu-latest", "runs-on: macos-latest", 1), encoding="utf-8")
    done = subprocess.run(command(project), check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "red: lint: did not run" in done.stdout


def test_broken_step_is_named_with_its_output(project: Path) -> None:
    break_target(project, "types")
    done = subprocess.run(command(project), check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "doing types" in done.stdout
    assert "doing lint" not in done.stdout
    assert "red: lint: failure; load: skipped" in done.stdout
    assert f"the whole log is {project / 'var' / 'act' / 'ci.log'}" in done.stdout


@pytest.mark.parametrize("lingers", [True, False])
def test_last_lines_of_a_broken_step_are_shown(project: Path, *, lingers: bool) -> None:
    """act itself stops to listen too early, which is the sabotage here."""
    (project / "Makefile").write_text(".DEFAULT:\n\t@seq 20000; echo the reason; exit 1\n", encoding="utf-8")
    if not lingers:
        (project / ".github" / "act" / "linger.sh").write_text("", encoding="utf-8")
    done = subprocess.run(command(project), check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert ("the reason" in done.stdout) is lingers


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_stops_the_jobs(project: Path, stop: signal.Signals) -> None:
    started = project / "started"
    (project / "Makefile").write_text(f".DEFAULT:\n\t@echo $$$$ > {started}; exec sleep 60\n", encoding="utf-8")
    with subprocess.Popen(command(project), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        until(started.is_file)
        until(lambda: started.read_text(encoding="utf-8").strip())
        running.send_signal(stop)
        printed, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "stopped" in printed
    step = Path("/proc", started.read_text(encoding="utf-8").strip())
    until(lambda: not step.exists())


def until(true: Any) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
