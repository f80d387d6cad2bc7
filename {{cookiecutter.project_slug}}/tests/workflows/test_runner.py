"""The runner under act: what it promises, what it hears, and what it gives to jobs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import engine
import pytest
from events import Outcome, find_faults
from isolation import copy_project, find_standins, make_environment
from workflows import read_jobs

WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: ./.github/actions/setup
      - {id: tests, name: tests, run: make test}
      - {name: push, if: "!github.event.act", run: make push}
      - {name: tidy, if: always(), run: make clean}
      - {name: tell, if: failure(), run: make tell}
      - {name: never, if: false, run: make never}
  ship: {needs: test, if: "!github.event.act", runs-on: ubuntu-latest, steps: [{run: make ship}]}
  look: {needs: [ship], runs-on: ubuntu-latest, steps: [{run: make look}]}
"""
GREEN = [("0", "success"), ("tests", "success"), ("2", "skipped"), ("3", "success"), ("4", "skipped"), ("5", "skipped")]


def ended(job: str, result: str, steps: list[tuple[str, str]], **matrix: str) -> list[dict[str, Any]]:
    """Return what act says of a job."""
    about = {"jobID": job, "matrix": matrix}
    ended = [about | {"stage": "Main", "stepID": [key], "stepResult": one} for key, one in steps]
    return [*ended, about | {"jobResult": result}]


SKIPPED = [*ended("ship", "skipped", []), *ended("look", "skipped", [])]


def found(tmp_path: Path, events: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    file = tmp_path / "w.yml"
    file.write_text(WORKFLOW, encoding="utf-8")
    outcome = Outcome(read_jobs(file))
    for event in events:
        outcome.add(event)
    return list(find_faults(outcome))


def test_all_as_promised(tmp_path: Path) -> None:
    assert found(tmp_path, ended("test", "success", GREEN) + SKIPPED) == []


@pytest.mark.parametrize(
    ("place", "result"), [(0, "failure"), (1, "skipped"), (2, "success"), (3, "skipped"), (4, "failure")]
)
def test_a_step_with_another_result_is_seen(tmp_path: Path, place: int, result: str) -> None:
    key = GREEN[place][0]
    steps = [*GREEN[:place], (key, result), *GREEN[place + 1 :]]
    assert found(tmp_path, ended("test", "success", steps) + SKIPPED) == [("test", "", key, result)]


def test_what_was_never_spoken_of_did_not_run(tmp_path: Path) -> None:
    missing = [("test", "", key, "did not run") for key in ("", *(key for key, _ in GREEN))]
    label = [{"jobID": "test", "matrix": {}, "msg": "Skipping unsupported platform"}]
    assert found(tmp_path, SKIPPED) == missing
    assert found(tmp_path, label + SKIPPED) == missing
    assert found(tmp_path, ended("test", "success", GREEN[1:]) + SKIPPED) == [("test", "", "0", "did not run")]


def test_what_would_ship_must_not_run(tmp_path: Path) -> None:
    shipped = ended("ship", "success", [("0", "success")]) + ended("look", "success", [("0", "success")])
    assert found(tmp_path, ended("test", "success", GREEN) + shipped) == [("ship", "", "", "success")]


def test_a_step_ends_as_it_ends_not_as_its_first_part(tmp_path: Path) -> None:
    events = ended("test", "success", [("0", "failure"), *GREEN[1:]]) + SKIPPED
    part = {"jobID": "test", "matrix": {}, "stage": "Main", "stepID": ["0", "0"], "stepResult": "success"}
    after = part | {"stage": "Post", "stepID": ["0"]}
    assert found(tmp_path, [part, *events, after]) == [("test", "", "0", "failure")]


def test_each_leg_of_a_matrix_counts(tmp_path: Path) -> None:
    worse = [GREEN[0], ("tests", "failure"), *GREEN[2:]]
    events = ended("test", "failure", worse, python="3.11") + ended("test", "success", GREEN, python="3.12") + SKIPPED
    assert found(tmp_path, events) == [("test", "3.11", "", "failure"), ("test", "3.11", "tests", "failure")]


def test_what_is_skipped_after_a_failure_is_no_fault_of_its_own(tmp_path: Path) -> None:
    steps = [GREEN[0], ("tests", "failure"), ("2", "skipped"), ("3", "success"), ("4", "success"), ("5", "skipped")]
    wrong = [("test", "", "", "failure"), ("test", "", "tests", "failure")]
    assert found(tmp_path, ended("test", "failure", steps) + SKIPPED) == wrong
    steps[3] = ("3", "skipped")  # it has the condition always()
    assert found(tmp_path, ended("test", "failure", steps) + SKIPPED) == [*wrong, ("test", "", "3", "skipped")]


CALLS = """\
name: calls
on: push
jobs:
  watch: {steps: [{run: watch}]}
  train: {name: a call, needs: watch, if: "!cancelled() && inputs.retrain", uses: ./.github/workflows/b.yml}
  tell: {needs: train, steps: [{run: tell}]}
"""
CALLED = "name: called\non: workflow_call\njobs: {fit: {steps: [{run: fit}]}, propose: {needs: fit, steps: [{run: p}]}}"
INSIDE = "a call/called/"


@pytest.fixture
def calls(tmp_path: Path) -> Outcome:
    """Return the outcome, without events yet, of a workflow that calls another one."""
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    for name, text in (("a", CALLS), ("b", CALLED)):
        (tmp_path / ".github" / "workflows" / f"{name}.yml").write_text(text, encoding="utf-8")
    return Outcome(read_jobs(tmp_path / ".github" / "workflows" / "a.yml"))


def hear(outcome: Outcome, **results: str) -> list[tuple[str, str]]:
    """Add what act reports of jobs with these results, and return the faults as job and result."""
    for job, result in results.items():
        label = (INSIDE if job in {"fit", "propose"} else "calls/") + job
        for event in ended(job, result, [] if result == "skipped" else [("0", result)]):
            outcome.add(event | {"job": label})
    return [(job, result) for job, _, key, result in find_faults(outcome) if not key]


def test_jobs_of_a_called_workflow_count(calls: Outcome) -> None:
    assert hear(calls, watch="success", fit="success", propose="success", tell="success") == []
    assert list(calls.runs) == [("watch", ""), ("train / fit", ""), ("train / propose", ""), ("tell", "")]
    assert calls.result_of("train") == "success"


def test_call_that_its_condition_skips_is_no_fault(calls: Outcome) -> None:
    assert hear(calls, watch="success", train="skipped", tell="skipped") == []
    assert {calls.result_of(job) for job in ("train / fit", "train / propose")} == {"skipped"}
    assert not calls.is_stopped("tell")


def test_called_jobs_that_never_ran_are_seen(calls: Outcome) -> None:
    assert hear(calls, watch="success", tell="success") == [("train / fit", "did not run")]
    assert calls.is_stopped("train / propose")


def test_failure_in_a_called_workflow_stops_what_needs_the_call(calls: Outcome) -> None:
    found = hear(calls, watch="success", fit="failure", propose="skipped")  # act says nothing of the last job
    assert found == [("train / fit", "failure")]
    assert [job for job in calls.jobs if calls.is_stopped(job)] == ["train / propose", "tell"]


def test_call_goes_on_after_a_failure_if_its_condition_says_so(calls: Outcome) -> None:
    found = hear(calls, watch="failure", fit="success", propose="success", tell="skipped")
    assert found == [("watch", "failure")]
    assert [job for job in calls.jobs if calls.is_stopped(job)] == ["tell"]


def test_summaries_are_kept_without_secrets(calls: Outcome) -> None:
    event = {"jobID": "watch", "command": "summary", "content": "key 123", "msg": "  \u2699  Summary - key ***"}
    calls.add(event | {"job": "calls/watch", "stepID": ["0"], "stage": "Main"})
    assert calls.summaries == ["key ***"]


def test_standins_are_found_through_local_actions(tmp_path: Path) -> None:
    action, standin = tmp_path / ".github/actions/setup/action.yml", tmp_path / ".github/act/standins/a/b/c/action.yml"
    for file, text in ((action, "runs: {steps: [{uses: a/b/c@v1}]}"), (standin, "runs: {steps: []}")):
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    workflow = tmp_path / "w.yml"
    workflow.write_text(WORKFLOW, encoding="utf-8")
    assert find_standins(tmp_path, workflow) == [f"--local-repository=a/b@v1={tmp_path}/.github/act/standins/a/b"]
    standin.unlink()
    with pytest.raises(LookupError, match=r"setup/action.yml: a/b/c@v1 has no stand-in"):
        find_standins(tmp_path, workflow)


def test_jobs_that_ignore_the_signal_are_killed_with_act(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS_TO_STOP", 0.2)
    script = 'trap "" INT; sleep 60 & echo $!; wait'
    with contextlib.closing(engine.run_act(["sh", "-c", script], tmp_path, dict(os.environ), Outcome())) as printed:
        job = int(next(printed))
    status, until = Path(f"/proc/{job}/status"), time.monotonic() + 5
    while status.exists() and "State:\tZ" not in status.read_text(encoding="utf-8"):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("in_git", [False, True])
def test_jobs_get_a_copy_without_what_git_ignores(tmp_path: Path, *, in_git: bool) -> None:
    project, copied = tmp_path / "project", tmp_path / "copy"
    (project / "new").mkdir(parents=True)
    for name, text in ((".gitignore", ".env\n*.csv\n"), (".env", "KEY=1\n"), ("new/a.csv", "1\n"), ("run", "#!\n")):
        (project / name).write_text(text, encoding="utf-8")
    (project / "run").chmod(0o755)
    if in_git:
        for words in (["init", "-q"], ["add", "-f", ".gitignore", "new/a.csv"]):
            subprocess.run(["git", *words], cwd=project, check=True)
    before = sorted(project.rglob("*"))
    copy_project(project, copied)
    have = {str(path.relative_to(copied)) for path in copied.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert have == {".gitignore", "run"} | ({str(Path("new/a.csv"))} if in_git else set())
    assert (copied / "run").stat().st_mode & 0o100
    assert sorted(project.rglob("*")) == before
    status = subprocess.run(["git", "status", "--porcelain"], cwd=copied, check=True, capture_output=True)
    assert status.stdout == b""


@pytest.mark.parametrize("is_changed", [False, True])
def test_jobs_get_the_commit_itself_with_its_tags_unless_files_differ(tmp_path: Path, *, is_changed: bool) -> None:
    project, copied = tmp_path / "project", tmp_path / "copy"
    project.mkdir()
    (project / "run").write_text("#!\n", encoding="utf-8")
    author = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "run"], [*author, "commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    if is_changed:
        (project / "new").write_text("new\n", encoding="utf-8")
    copy_project(project, copied)
    asked = ["git", "describe", "--tags", "--exact-match"]
    done = subprocess.run(asked, cwd=copied, check=False, capture_output=True, text=True)
    assert done.stdout.strip() == ("" if is_changed else "v1")
    assert (copied / "new").exists() is is_changed
    status = subprocess.run(["git", "status", "--porcelain"], cwd=copied, check=True, capture_output=True)
    assert status.stdout == b""


def test_jobs_get_little_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"HOME": "/h", "UV_CACHE_DIR": "/c", "UV": "/tools/uv", "PATH": "/p/.venv/bin:/usr/bin"}
    dropped = {"UV_PROJECT_ENVIRONMENT": "/e", "VIRTUAL_ENV": "/v", "GITHUB_TOKEN": "t", "GIT_DIR": "/g"}
    for name, value in (given | dropped).items():
        monkeypatch.setenv(name, value)
    got = make_environment(tmp_path)
    assert {name: got.get(name) for name in ("HOME", "UV_CACHE_DIR")} == {"HOME": "/h", "UV_CACHE_DIR": "/c"}
    assert got["PATH"] == f"/tools:/usr/bin:{tmp_path}/.uv/bin"
    assert not dropped.keys() & got
