"""Small workflows under act: calls, conditions, state and artefacts, secrets; each with a fault that is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engine import run
from events import Outcome, find_faults

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PIN = "@" + "a" * 40
OPERATE = """\
name: operate
on:
  schedule: [{cron: 1 2 * * *}]
  workflow_dispatch: {inputs: {retrain: {type: boolean, default: false}}}
jobs:
  operate:
    name: watch, and one step
    runs-on: ubuntu-latest
    outputs: {retrain: "$E{ steps.watch.outputs.retrain }E"}
    steps:
      - id: watch
        run: echo "retrain=$RETRAIN" >> "$GITHUB_OUTPUT"
        env: {RETRAIN: "$E{ inputs.retrain }E"}
      - {name: advance, run: echo advance}
      - {name: keep, if: "$E{ !cancelled() }E", run: echo keep}
      - {name: tell, if: failure(), run: echo tell}
      - {name: push, if: "!github.event.act", run: exit 1}
  train:
    name: training
    needs: operate
    if: $E{ !cancelled() && needs.operate.outputs.retrain == 'true' }E
    uses: ./.github/workflows/train.yml
    with: {within: operate}
    secrets: inherit
  last: {needs: train, runs-on: ubuntu-latest, steps: [{name: last, run: echo last}]}
"""
TRAIN = """\
name: train
on: {workflow_call: {inputs: {within: {type: string, required: true}}}}
jobs:
  fit:
    runs-on: ubuntu-latest
    env: {KEY: "$E{ secrets.KEY }E", PLACE: "$E{ vars.PLACE }E"}
    steps:
      - uses: actions/cache/restore@PIN
        with: {path: var, key: "s-$E{ github.run_id }E", restore-keys: s-}
      - {name: fit, run: 'mkdir -p var; echo x >> var/runs; cat var/runs; echo "key=$KEY place=$PLACE"'}
      - {name: summary, run: 'echo "### fitted with $KEY" >> "$GITHUB_STEP_SUMMARY"'}
      - {uses: actions/cache/save@PIN, with: {path: var, key: "s-$E{ github.run_id }E-fit"}}
      - {uses: actions/upload-artifact@PIN, with: {name: card, path: var/*, if-no-files-found: error}}
  propose:
    needs: fit
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@PIN, with: {name: card, path: in}}
      - {name: propose, run: test -s in/runs}
"""
SIGNS = """\
on: push
jobs:
  sign:
    runs-on: ubuntu-latest
    steps:
      - {name: log in, uses: docker/login-action@PIN}
      - {name: attest, if: "!github.event.act", uses: actions/attest-build-provenance@PIN}
"""
TRAINS = {"operate", "train / fit", "train / propose", "last"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of these workflows."""
    shutil.copytree(ROOT / ".github" / "act", tmp_path / ".github" / "act")
    (tmp_path / ".github" / "workflows").mkdir()
    for name, text in (("operate", OPERATE), ("train", TRAIN), ("signs", SIGNS)):
        write(tmp_path, name, text)
    return tmp_path


def write(project: Path, name: str, text: str) -> None:
    text = text.replace("@PIN", PIN).replace("$E{", "$" + "{" * 2).replace("}E", "}" * 2)
    (project / ".github" / "workflows" / f"{name}.yml").write_text(text, encoding="utf-8")


def run_here(project: Path, workflow: str, event: str = "", **inputs: str) -> Outcome:
    payload: dict[str, Any] = {"inputs": inputs} if inputs else {}
    return run(project, workflow, project / "var" / "act" / f"{workflow}.log", event, payload)


def faults(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the faults of steps as job and name, and those of jobs as job and result."""
    names = {(job, step.key): step.name for job, one in outcome.jobs.items() for step in one.steps}
    return [(job, names[job, key] if key else result) for job, _, key, result in find_faults(outcome)]


def test_call_is_made_only_if_its_condition_holds(project: Path) -> None:
    idle = run_here(project, "operate", "schedule")
    assert (faults(idle), {job for job, _ in idle.runs if idle.result_of(job) == "success"}) == ([], {"operate"})
    asked = run_here(project, "operate", retrain="true")
    assert faults(asked) == []
    assert {job for job, _ in asked.runs if asked.result_of(job) == "success"} >= TRAINS


def test_failed_step_is_the_one_fault_and_the_call_goes_on(project: Path) -> None:
    write(project, "operate", OPERATE.replace("run: echo advance", "run: exit 1"))
    outcome = run_here(project, "operate", retrain="true")
    assert faults(outcome) == [("operate", "failure"), ("operate", "advance")]
    results = outcome.runs["operate", ""].results
    assert [results[key] for key in ("2", "3", "4")] == ["success", "success", "skipped"]
    assert outcome.result_of("train / propose") == "success"


def test_failure_in_the_called_workflow_leaves_later_jobs_unstarted(project: Path) -> None:
    write(project, "train", TRAIN.replace("cat var/runs;", "exit 1;"))
    outcome = run_here(project, "operate", retrain="true")
    assert faults(outcome) == [("train / fit", "failure"), ("train / fit", "fit")]
    assert [job for job in outcome.jobs if outcome.is_stopped(job)] == ["train / propose", "last"]


def test_called_job_without_a_runner_did_not_run(project: Path) -> None:
    write(project, "train", TRAIN.replace("runs-on: ubuntu-latest", "runs-on: other", 1))
    assert ("train / fit", "did not run") in faults(run_here(project, "operate", retrain="true"))


def test_call_is_an_event_with_typed_inputs(project: Path) -> None:
    outcome = run_here(project, "train", "workflow_call", within="operate")
    assert (list(outcome.jobs), faults(outcome)) == (["call", "call / fit", "call / propose"], [])


def test_state_goes_from_run_to_run_and_artefacts_begin_anew(project: Path) -> None:
    for number in (1, 2):
        outcome = run_here(project, "train", within="operate")
        assert outcome.runs["call / fit", ""].output["1"][:-1] == ["x"] * number
    kept = project / "var" / "act"
    assert (kept / "artifacts" / "train" / "card" / "runs").read_text(encoding="utf-8") == "x\n" * 2
    assert len(list((kept / "state").iterdir())) == 2
    assert (kept / "train.summary.md").read_text(encoding="utf-8") == "### fitted with \n"


def test_missing_artefact_is_red_where_it_is_taken(project: Path) -> None:
    write(project, "train", TRAIN.replace("name: card, path: in", "name: cart, path: in"))
    assert faults(run_here(project, "train", within="x")) == [
        ("call / propose", "failure"),
        ("call / propose", f"actions/download-artifact{PIN}"),
    ]


def test_secrets_reach_the_jobs_and_no_text_that_is_printed_or_kept(project: Path) -> None:
    (project / "keys").write_text("KEY=hunter-of-42\n", encoding="utf-8")
    (project / "places").write_text("PLACE=desk\n", encoding="utf-8")
    (project / ".gitignore").write_text("keys\n", encoding="utf-8")
    write(project, "train", TRAIN.replace("echo x >>", 'test "$KEY" = hunter-"of-42"; echo x >>'))
    words = ["--root", str(project), "--workflow", "train", "--inputs", "within=x"]
    files = ["--secrets", str(project / "keys"), "--vars", str(project / "places")]
    command = [sys.executable, str(project / ".github" / "act" / "run.py"), *words]
    given = subprocess.run([*command, *files], check=False, capture_output=True, text=True, timeout=120)
    assert given.returncode == 0, given.stdout
    kept = "".join(path.read_text(encoding="utf-8") for path in (project / "var" / "act").glob("train.*"))
    assert f"the summaries of the jobs are in {project / 'var' / 'act' / 'train.summary.md'}" in given.stdout
    assert "key=*** place=desk" in kept
    assert "### fitted with ***" in kept
    assert "hunter-of-42" not in kept + given.stdout + given.stderr
    # without them the same step fails
    empty = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert "red: call / fit: failure; call / propose: not started" in empty.stdout


def test_what_signs_must_not_run_here(project: Path) -> None:
    outcome = run_here(project, "signs")
    assert faults(outcome) == [("sign", "failure"), ("sign", "log in")]
    assert outcome.runs["sign", ""].results["1"] == "skipped"
