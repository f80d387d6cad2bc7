"""The template's own workflows: rules that each is seen to break once, and runs under act."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from acting import WORKFLOWS, foreseen, read, run_act
from baking import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

CI = "ci.yml"
COMMANDS = sorted({step["run"] for job in read("ci")["jobs"].values() for step in job["steps"] if "run" in step})
COMMANDS.remove("make release")  # it does not run under act
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
# the rules of generated projects that hold here too
RULES = ("pinned", "least_rights", "limited", "counts", "quoted")
FAULTS = [
    # the rule that has to see it, what is replaced by what, what the rule says
    ("pinned", " # v7.0.1", "", "ci.yml: not pinned"),
    ("pinned", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "ci.yml: not pinned"),
    ("least_rights", "permissions: {}\n", "permissions: write-all\n", "ci.yml: permissions at the top"),
    ("least_rights", "    permissions:\n      contents: read\n", "", "ci.yml: check: does not name"),
    ("limited", "    timeout-minutes: 20\n", "", "ci.yml: fast: no timeout"),
    ("limited", "        timeout-minutes: 70\n", "", "ci.yml: whole: step 3: no timeout"),
    ("counts", "run: make check", "run: make check\n        continue-on-error: true", "step 3: may fail"),
    ("quoted", '"3.12"', "3.12", "3.12 is a number"),
    ("keeps_no_credentials", "persist-credentials: false", "persist-credentials: true", "check: keeps credentials"),
    ("covers_every_system", "windows-2025", "ubuntu-22.04", "no windows"),
    ("covers_every_system", '"3.14"', '"3.10"', "no Python 3.14"),
    ("covers_every_system", "  schedule:", "  repository_dispatch:", "no weekly run"),
    ("releases_what_is_tested", "needs: [check, fast, whole]", "needs: [check]", "does not wait for fast, whole"),
    ("releases_what_is_tested", "      contents: read", "      contents: write", "check: may write"),
    ("releases_what_is_tested", " && !github.event.act", "", "release: would run at a desk"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[ModuleType]:
    """Return the rules of generated projects as a module."""
    folders = [str(PROJECT / "tests" / "workflows"), str(PROJECT / ".github" / "act")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*folders, *sys.path])
        spec = importlib.util.spec_from_file_location("workflow_checks", f"{folders[0]}/workflow_checks.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def keeps_no_credentials(template: Path) -> Iterator[str]:
    """Find checkouts that leave the token in .git, where every later step can read it."""
    for name, job in read("ci", template)["jobs"].items():
        for step in job["steps"]:
            if "checkout" in step.get("uses", "") and step["with"]["persist-credentials"] is not False:
                yield f"{name}: keeps credentials"


def covers_every_system(template: Path) -> Iterator[str]:
    """Find systems and versions of Python that are not tested, and a schedule that is missing."""
    content: dict[Any, Any] = read("ci", template)
    matrix = content["jobs"]["fast"]["strategy"]["matrix"]
    yield from (
        f"no {name}" for name in ("macos", "ubuntu", "windows") if not any(one.startswith(name) for one in matrix["os"])
    )
    yield from (f"no Python 3.{minor}" for minor in range(11, 15) if f"3.{minor}" not in map(str, matrix["python"]))
    if "schedule" not in content[True]:  # YAML 1.1 reads the key `on` as a boolean
        yield "no weekly run"


def releases_what_is_tested(template: Path) -> Iterator[str]:
    """Find a release that does not wait for every other job, and other jobs that may write."""
    jobs = read("ci", template)["jobs"]
    release = jobs["release"]
    if missing := sorted(jobs.keys() - {"release"} - set(release["needs"])):
        yield f"release: does not wait for {', '.join(missing)}"
    if "!github.event.act" not in release["if"]:
        yield "release: would run at a desk"
    yield from (
        f"{name}: may write"
        for name, job in jobs.items()
        if name != "release" and "write" in job.get("permissions", {}).values()
    )


OWN = (keeps_no_credentials, covers_every_system, releases_what_is_tested)


@pytest.fixture(scope="module")
def rules(shared: ModuleType) -> dict[str, Callable[[Path], Iterator[str]]]:
    """Return every rule by its name."""
    return {name: getattr(shared, name) for name in RULES} | {rule.__name__: rule for rule in OWN}


def test_own_workflows_hold(rules: dict[str, Callable[[Path], Iterator[str]]]) -> None:
    """No rule finds a fault."""
    assert [fault for rule in rules.values() for fault in rule(TEMPLATE)] == []


@pytest.mark.parametrize(("rule", "old", "new", "says"), FAULTS)
def test_planted_fault_is_seen_by_its_rule_alone(
    rules: dict[str, Callable[[Path], Iterator[str]]], tmp_path: Path, rule: str, old: str, new: str, says: str
) -> None:
    """Each rule bites, and only there."""
    shutil.copytree(WORKFLOWS, tmp_path / ".github" / "workflows")
    file = tmp_path / ".github" / "workflows" / CI
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    seen = {name: found for name, one in rules.items() if (found := list(one(tmp_path)))}
    assert set(seen) == {rule}
    assert says in seen[rule][0]


def test_every_rule_has_a_planted_fault() -> None:
    """A rule that nobody has seen failing proves nothing."""
    assert {*RULES, *(rule.__name__ for rule in OWN)} == {rule for rule, *_ in FAULTS}


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """Return a folder of programs that do nothing, but fail for the command in FAULT: what is tried is the workflow."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("make", "uv"):
        (folder / name).write_text('#!/bin/sh\ntest "${0##*/} $*" != "$FAULT"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("event", ["push", "pull_request", "schedule", "workflow_dispatch"])
def test_every_job_runs_from_every_event(template: Path, tmp_path: Path, stubs: Path, event: str) -> None:
    """All steps of all combinations of the matrix are green, whatever system they ask for."""
    found = run_act(template, "ci", tmp_path, event=event, PATH=f"{stubs}:/usr/bin:/bin")
    assert len(found) == 1 + 12 + 1
    assert found == foreseen(read("ci")["jobs"])


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_broken_command_makes_its_step_red_and_no_other(
    template: Path, tmp_path: Path, stubs: Path, command: str
) -> None:
    """Later steps of its job are skipped; other jobs go on."""
    fault = command.replace('"', "")
    found = run_act(template, "ci", tmp_path, PATH=f"{stubs}:/usr/bin:/bin", FAULT=fault)
    assert found == foreseen(read("ci")["jobs"], command)
    assert "failure" in {result for results in found.values() for result in results}


@pytest.mark.slow
def test_workflow_runs_its_real_commands(template: Path, tmp_path: Path) -> None:
    """With one test in place of all, and one version of Python: this machine may have no other."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    chosen = "-k 'test_every_version_says or test_demo_says' -p no:cacheprovider"  # one that runs alone, one not
    found = run_act(template, "ci", tmp_path, f"--matrix=python:{version}", PYTEST_ADDOPTS=chosen)
    jobs = read("ci")["jobs"]
    expected = {key: steps for key, steps in foreseen(jobs).items() if key[0] != "fast" or version in key[1]}
    assert found == expected
    printed = (tmp_path / "log").read_text(encoding="utf-8")
    assert printed.count("1 passed") == 5
    assert "On record" in printed
