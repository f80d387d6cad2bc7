"""Every workflow runs under act: green when all is well, and red in one place when one thing is not."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import run
from events import Outcome, find_faults
from workflow_checks import read, workflows

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CI = Path(".github", "workflows", "ci.yml")
INPUTS = {"within": "operate"}  # those that are required


def events(file: Path) -> dict[str, Any]:
    """Return the events of a workflow with what is said about them; YAML makes a bool of `on`."""
    found = read(file).get("on", read(file).get(True))
    return found if isinstance(found, dict) else dict.fromkeys([found] if isinstance(found, str) else found)


def targets(step: dict[str, Any]) -> list[str]:
    """Return what make is asked for in a step that runs at a desk."""
    if "!github.event.act" in str(step.get("if")):
        return []
    if not (used := step.get("uses", "")).startswith("./"):
        return re.findall(r"make ([\w-]+)", step.get("run", ""))
    parts = read(ROOT / used / "action.yml")["runs"]["steps"]
    return [target for part in parts for target in targets(part)]


def all_steps(file: Path, caller: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield job, key and content of each step, also of the workflows that are called."""
    for name, job in read(file)["jobs"].items():
        for place, step in enumerate(job.get("steps", [])):
            yield caller + name, str(step.get("id", place)), step
        if "uses" in job:
            yield from all_steps(ROOT / job["uses"], f"{caller}{name} / ")


FILES = workflows(ROOT)
RUNS = [(file.stem, event) for file in FILES for event in events(file)]
BROKEN = sorted({(file.stem, target) for file in FILES for *_, step in all_steps(file) for target in targets(step)})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose targets do nothing: what is tested is the workflow."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    break_target(tmp_path, "")
    return tmp_path


def break_target(project: Path, fault: str) -> None:
    """Let every target make all files and outputs that a workflow names, and one of them fail."""
    text = "".join(file.read_text(encoding="utf-8") for file in FILES)
    outputs = " ".join(sorted(set(re.findall(r"outputs\.([\w-]+)", text))))
    given = [str(step.get("with", {}).get("path", "")) for file in FILES for *_, step in all_steps(file)]
    paths = sorted({line.strip() for path in given for line in path.splitlines()} - {""})
    files = " ".join(path if Path(path).suffix else f"{path}/file" for path in paths)
    rule = [f"for file in {files}; do mkdir -p $$(dirname $$file); touch $$file; done"]
    rule += [f"for name in {outputs}; do echo $$name=true >> $$GITHUB_OUTPUT; done"]
    rule += ["echo doing $@", f"test $@ != '{fault}'"]
    (project / "Makefile").write_text(".DEFAULT:\n" + "".join(f"\t@{line}\n" for line in rule), encoding="utf-8")


def foreseen(file: Path, outcome: Outcome, fault: str) -> set[tuple[str, str]]:
    """Return the steps that should fail when one target does: none in a job that waits for a red one."""
    jobs, red, failing = outcome.jobs, set[str](), set[tuple[str, str]]()
    for name, job in jobs.items():
        caller = jobs[job.caller] if job.caller else job
        if (job.condition.stops and red & {*job.needs}) or (caller.condition.stops and red & {*caller.needs}):
            red.add(name)
        bad = [key for one, key, step in all_steps(file) if one == name and fault in targets(step)]
        # a condition on outputs is false if the step that sets them did not run
        conditional = "skipped" in caller.condition.allowed and outcome.result_of(name) == "skipped"
        if bad and name not in red and not conditional:
            failing.add((name, bad[0]))
            red.add(name)
    return failing


@pytest.mark.parametrize(("workflow", "event"), RUNS)
def test_green_when_all_is_well(project: Path, workflow: str, event: str) -> None:
    declared = (events(project / f".github/workflows/{workflow}.yml")[event] or {}) if event != "schedule" else {}
    inputs = {name: INPUTS[name] for name, about in (declared.get("inputs") or {}).items() if about.get("required")}
    outcome = run(project, workflow, project / "log", event, {"inputs": inputs} if inputs else {})
    assert list(find_faults(outcome)) == []
    assert outcome.exit_code == 0
    assert {outcome.result_of(job) for job in outcome.jobs} == {"success"}


def test_a_run_leaves_the_project_as_it_is(project: Path) -> None:
    run(project, "ci", project / "log")
    assert "doing lint" in (project / "log").read_text(encoding="utf-8")
    made = {path.name for path in project.iterdir()}
    assert made <= {".github", "Makefile", "pyproject.toml", "log", "artifacts", "state"}


@pytest.mark.parametrize(("workflow", "fault"), BROKEN)
def test_red_at_the_step_that_is_broken_and_nowhere_else(project: Path, workflow: str, fault: str) -> None:
    break_target(project, fault)
    outcome = run(project, workflow, project / "log")
    found = {(job, key) for job, _, key, _ in find_faults(outcome) if key}
    jobs = {job for job, _, key, _ in find_faults(outcome) if not key}
    assert found == foreseen(project / f".github/workflows/{workflow}.yml", outcome, fault)
    assert found
    assert jobs == {job for job, _ in found}


def command(project: Path, *words: str) -> list[str]:
    words = words or ("--workflow", "ci")
    return [sys.executable, str(project / ".github" / "act" / "run.py"), "--root", str(project), *words]


def started(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(project, *words), check=False, capture_output=True, text=True, timeout=120)


def test_a_job_that_act_leaves_out_is_red(project: Path) -> None:
    text = (project / CI).read_text(encoding="utf-8")
    before, lint, after = text.partition("  lint:\n")
    after = after.replace("runs-on: ubuntu-latest", "runs-on: macos-latest", 1)
    (project / CI).write_text(before + lint + after, encoding="utf-8")
    done = started(project)
    assert done.returncode == 1
    assert "red: lint: did not run" in done.stdout


def test_broken_step_is_named_with_its_output(project: Path) -> None:
    break_target(project, "types")
    done = started(project)
    assert done.returncode == 1
    last = done.stdout[done.stdout.index("\u2500 lint: types") :]
    assert "doing types" in last
    assert "doing lint" not in last
    assert "red: lint: failure; load: not started" in last
    assert f"the whole log is {project / 'var' / 'act' / 'ci.log'}" in last


def test_where_the_time_went_is_printed(project: Path) -> None:
    (project / "Makefile").write_text(".DEFAULT:\n\t@case $@ in types) sleep 1.2;; esac\n", encoding="utf-8")
    last = started(project).stdout.splitlines()
    assert re.search(r"^\d+ s in all, with \d+ processors$", "\n".join(last), re.MULTILINE)
    assert [line for line in last if re.match(r"jobs: lint 1\.\d s; ", line)]
    assert [line for line in last if re.match(r"slowest steps: lint: types 1\.\d s; ", line)]


@pytest.mark.parametrize("lingers", [True, False])
def test_last_lines_of_a_broken_step_are_shown(project: Path, *, lingers: bool) -> None:
    """act itself stops to listen too early, which is the sabotage here."""
    (project / "Makefile").write_text(".DEFAULT:\n\t@seq 20000; echo the reason; exit 1\n", encoding="utf-8")
    if not lingers:
        (project / ".github" / "act" / "linger.sh").write_text("", encoding="utf-8")
    done = started(project)
    assert done.returncode == 1
    assert ("the reason" in done.stdout) is lingers


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_stops_the_jobs(project: Path, stop: signal.Signals) -> None:
    noted = project / "noted"
    (project / "Makefile").write_text(f".DEFAULT:\n\t@echo $$$$ > {noted}; exec sleep 60\n", encoding="utf-8")
    with subprocess.Popen(command(project), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        until(noted.is_file)
        until(lambda: noted.read_text(encoding="utf-8").strip())
        running.send_signal(stop)
        printed, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "stopped" in printed
    step = Path("/proc", noted.read_text(encoding="utf-8").strip())
    until(lambda: not step.exists())


def until(true: Callable[[], Any]) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
