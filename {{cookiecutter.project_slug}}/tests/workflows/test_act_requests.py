"""What act is asked for: workflow, event, inputs, and Docker or this machine."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from isolation import find_standins, make_arguments
from workflows import choose_event, find_workflow, read_condition, read_jobs, write_caller

RUN = Path(__file__).resolve().parents[2] / ".github" / "act" / "run.py"
FILES = {
    "call": "on: {workflow_dispatch: {inputs: {size: {options: [a, b]}, all: {type: boolean}}}}\njobs: {}",
    "called": "on: {workflow_call: {inputs: {why: {required: true}, rows: {type: number}}}}\njobs: {}",
    "many": "on: [pull_request, push]\njobs: {}",
    "nightly": "on: {schedule: [{cron: 1 2 * * *}], workflow_dispatch: null}\njobs: {}",
    "tagged": "on: {push: {tags: ['v*']}}\njobs: {}",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project of small workflows."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    write(tmp_path, FILES)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("workflow", "event", "chosen", "expected"),
    [
        ("many", "", "push", {"ref": "refs/heads/main", "act": True}),
        ("many", "pull_request", "pull_request", {"number": 1}),
        ("nightly", "", "workflow_dispatch", {"ref": "refs/heads/main"}),
        ("nightly", "schedule", "schedule", {"schedule": "1 2 * * *"}),
        ("tagged", "", "push", {"ref": "refs/tags/v1.2.3"}),
    ],
)
def test_event_has_the_payload_of_its_kind(
    root: Path, workflow: str, event: str, chosen: str, expected: dict[str, Any]
) -> None:
    got, payload = choose_event(find_workflow(root, workflow), event, {})
    assert got == chosen
    assert payload | expected == payload


def test_given_payload_has_priority_but_for_what_keeps_jobs_from_pushing(root: Path) -> None:
    _, payload = choose_event(find_workflow(root, "tagged"), "push", {"ref": "refs/tags/v9", "act": False})
    assert (payload["ref"], payload["act"]) == ("refs/tags/v9", True)  # a step that pushes must not run


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "no workflow is given; choose one of: call, called, many, nightly, tagged"),
        (["--workflow", "nope"], "there is no workflow 'nope'; choose one of: call, called"),
        (["--workflow", "many", "--event", "schedule"], "no event 'schedule'; choose one of: pull_request, push"),
        (["--workflow", "call", "--inputs", "x=1"], "there is no input 'x'; there is: size, all"),
        (["--workflow", "call", "--inputs", "size=c"], "input size is 'c', expected one of: a, b"),
        (["--workflow", "call", "--inputs", "all=yes"], "input all is 'yes', expected one of: true, false"),
        (["--workflow", "call", "--inputs", "size"], "inputs: 'size' is not name=value"),
        (["--workflow", "many", "--inputs", "size=a"], "many.yml, push: there is no input 'size'; there is: none"),
        (["--workflow", "called"], "called.yml, workflow_call: input why is required: --inputs why=value"),
        (["--workflow", "many", "--secrets", "/no/file"], "/no/file: no such file"),
        (["--workflow", "many", "--event-file", "/no/file"], "No such file or directory: '/no/file'"),
    ],
)
def test_wrong_request_is_refused_with_what_there_is(
    root: Path, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "--root", str(root), *words])
    assert runpy.run_path(str(RUN), run_name="act")["main"]() == 2  # the load test has a module `run` as well
    assert says in capsys.readouterr().out
    assert not (root / "var" / "act" / "many.log").exists()


def test_caller_gives_inputs_with_their_types(root: Path, tmp_path: Path) -> None:
    write_caller(find_workflow(root, "called"), {"why": "1", "rows": "2"}, tmp_path / "caller.yml")
    [(name, job)] = json.loads((tmp_path / "caller.yml").read_text(encoding="utf-8"))["jobs"].items()
    assert name == "call"
    assert job == {"uses": "./.github/workflows/called.yml", "with": {"why": "1", "rows": 2}, "secrets": "inherit"}


BOTH, GREEN, SKIPPED = {"success", "skipped"}, {"success"}, {"skipped"}


@pytest.mark.parametrize(
    ("text", "allowed", "stops"),
    [
        (None, GREEN, True),
        ("always()", GREEN, False),
        ("$E{ !cancelled() }E", GREEN, False),
        ("failure()", BOTH, False),
        ("$E{ !cancelled() && needs.a.outputs.b == 'true' }E", BOTH, False),
        ("$E{ !cancelled() && !failure() && needs.a.outputs.b == 'true' }E", BOTH, True),
        ("steps.a.outputs.b == 'true'", BOTH, True),
        ("$E{ !github.event.act }E", SKIPPED, True),
        ("$E{ always() && !github.event.act }E", SKIPPED, False),
        ("!github.event.act || inputs.all", BOTH, True),
        (False, BOTH, True),
    ],
)
def test_condition_allows_results(text: object, allowed: set[str], stops: bool) -> None:  # noqa: FBT001
    if isinstance(text, str):
        text = text.replace("$E{", "$" + "{" * 2).replace("}E", "}" * 2)
    condition = read_condition(text)
    assert (condition.allowed, condition.stops) == (allowed, stops)


def test_jobs_of_a_called_workflow_are_known(root: Path) -> None:
    calls = "name: a\non: push\njobs: {x: {steps: []}, y: {name: why, needs: x, uses: ./.github/workflows/b.yml}}"
    called = "name: bee\non: workflow_call\njobs: {x: {steps: [{run: 'true'}]}, z: {needs: [x], steps: []}}"
    write(root, {"a": calls, "b": called})
    jobs = read_jobs(find_workflow(root, "a"))
    assert list(jobs) == ["x", "y", "y / x", "y / z"]
    assert (jobs["y"].needs, jobs["y"].label) == (("x",), "why/bee/")
    assert (jobs["y / z"].needs, jobs["y / z"].caller) == (("y / x",), "y")


def arguments(root: Path, folder: Path, **files: Path | None) -> list[str]:
    return list(make_arguments(root, find_workflow(root, "many"), folder / "state", folder / "artifacts", dict(files)))


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a docker, first on the PATH, that says that its engine is there."""
    file = tmp_path / "bin" / "docker"
    file.parent.mkdir()
    file.write_text('#!/bin/sh\n[ "$1" = info ]\n', encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(file.parent))
    monkeypatch.delenv("ACT_HOST", raising=False)
    return file


def test_an_engine_runs_the_real_actions(root: Path, docker: Path, tmp_path: Path) -> None:
    words = arguments(root, tmp_path)
    assert words[words.index("-P") + 1] == "ubuntu-latest=ghcr.io/catthehacker/ubuntu:act-24.04"
    assert words[words.index("--artifact-server-path") + 1] == str(tmp_path / "artifacts")
    assert words[words.index("--cache-server-path") + 1] == str(tmp_path / "state")
    assert not [word for word in words if "--local-repository" in word or "offline" in word or "BASH_ENV" in word]


@pytest.mark.parametrize("without", ["engine", "program", "permission"])
def test_without_an_engine_this_machine_is_the_runner(
    root: Path, docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    if without == "engine":
        docker.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    elif without == "program":
        docker.unlink()
    else:
        monkeypatch.setenv("ACT_HOST", "1")
    words = arguments(root, tmp_path)
    assert words[words.index("-P") + 1] == "ubuntu-latest=-self-hosted"
    assert {"--action-offline-mode", "--no-cache-server"} <= set(words)
    assert f"ACT_STATE={tmp_path / 'state'}" in words
    assert not [word for word in words if "server-path" in word]


def test_secrets_and_variables_are_empty_unless_given(root: Path, tmp_path: Path) -> None:
    assert {"--secret-file=/dev/null", "--var-file=/dev/null"} <= set(arguments(root, tmp_path))
    given = tmp_path / "keys"
    given.write_text("KEY=1\n", encoding="utf-8")
    assert f"--secret-file={given}" in arguments(root, tmp_path, secret=given, var=None)


def test_input_that_a_standin_does_not_have_is_refused(tmp_path: Path) -> None:
    standin = tmp_path / ".github/act/standins/a/b/action.yml"
    standin.parent.mkdir(parents=True)
    standin.write_text("inputs: {path: {}}\nruns: {steps: []}", encoding="utf-8")
    for name, refused in (("path", False), ("overwrite", True)):
        step = {"uses": "a/b@v1", "with": {name: "x"}}
        write(tmp_path, {"w": json.dumps({"jobs": {"x": {"steps": [step]}}})})
        if refused:
            with pytest.raises(LookupError, match=r"w.yml: a/b@v1: its stand-in has no input overwrite"):
                find_standins(tmp_path, find_workflow(tmp_path, "w"))
        else:
            assert len(find_standins(tmp_path, find_workflow(tmp_path, "w"))) == 1
