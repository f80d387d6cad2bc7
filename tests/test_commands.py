"""A fresh project does what it documents, command by command, in a repository of its own."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from baking import DEFAULTS, TEMPLATE, commit, git, run_command
from listing import SHAPES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.alone]
# the machinery is the same for every problem and scope: the workflow, broken ones and the browser run once, and
# `make check` for the others and, below, for a project without a wheel
CHECK, ALL = ("make check",), ("make ci", "make test-workflows", "make test-browser")
SECONDS = 2700
# every problem and every scope at least once; the fast tests bake all combinations
ONCE = [answers for answers in SHAPES if len(answers.items() - DEFAULTS.items()) <= 1]


def run(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person at a terminal would."""
    return run_command(project, *command.split(), seconds=SECONDS)


@pytest.mark.parametrize("answers", ONCE, ids=["-".join(answers.values()) for answers in ONCE])
def test_documented_commands_work(baked: Callable[..., Path], tmp_path: Path, answers: dict[str, str]) -> None:
    """Its checks and its workflow pass as they stand, and what they make is left out of git."""
    project = tmp_path / baked(**answers).name
    shutil.copytree(baked(**answers), project)
    git(project, "init", "--quiet")
    commit(project, "As generated")
    documented = run(project, "make help").stdout
    for command in ALL if answers.items() <= DEFAULTS.items() else CHECK:
        assert re.search(rf"(?m)^ *{command.split()[1]} ", documented), documented
        done = run(project, command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
    assert git(project, "status", "--porcelain").splitlines() in ([], ["?? uv.lock"])


@pytest.mark.longest
@pytest.mark.parametrize(
    ("scope", "command"),
    [("full lifecycle", "make test-slow"), ("full lifecycle", "make coverage"), ("product first", "make ci")],
)
def test_longer_commands_work(baked: Callable[..., Path], tmp_path: Path, scope: str, command: str) -> None:
    """What kills, fills up and overloads a product, what measures coverage, and the workflow of a product first."""
    project = tmp_path / baked(scope=scope).name
    shutil.copytree(baked(scope=scope), project)
    git(project, "init", "--quiet")
    commit(project, "As generated")
    done = run(project, command)
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"


@pytest.mark.longest
def test_what_is_not_wanted_can_be_deleted(baked: Callable[..., Path], tmp_path: Path) -> None:
    """All checks pass without the files that the README names."""
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)
    said = (TEMPLATE / "README.md").read_text(encoding="utf-8").split("when you delete")[1].split(";")[0]
    named = re.findall(r"`([\w*/.]+)`", said)
    assert len(named) == 3
    for name in named:
        [path] = project.glob(name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = run(project, "make check")
    assert done.returncode == 0, done.stdout[-6000:]


def test_demo_works_on_a_fresh_clone(template: Path, tmp_path: Path) -> None:
    """It ends by itself, with the decision and the reaction on record."""
    git(tmp_path, "clone", "--quiet", str(template), "clone")
    done = run(tmp_path / "clone", "make demo")
    assert done.returncode == 0, done.stdout
    assert '"verdict": "accept"' in done.stdout.split("On record")[1]
    assert git(tmp_path / "clone", "status", "--porcelain") == ""


def test_demo_says_which_step_failed(template: Path, tmp_path: Path) -> None:
    """A project that cannot work is not shown as one that does."""
    git(tmp_path, "clone", "--quiet", str(template), "clone")
    plan = tmp_path / "clone" / "{{cookiecutter.project_slug}}" / "plan_binary.toml"
    plan.write_text("[prduct]\n" + plan.read_text(encoding="utf-8"), encoding="utf-8")
    done = run(tmp_path / "clone", "make demo")
    assert done.returncode != 0
    assert "demo: `make data` ended with" in done.stdout
