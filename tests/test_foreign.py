"""A project whose problem was replaced passes its own checks, with no edit of anything else."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from baking import commit, git, own_environment
from foreign import BAKES, FOREIGN, replace_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
CI = "churn"  # the table that runs the whole workflow, with its load test


def run(project: Path, target: str) -> None:
    """Run a documented command, which has to succeed."""
    done = subprocess.run(
        ["make", target],
        cwd=project,
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, f"make {target}\n{done.stdout[-6000:]}{done.stderr[-3000:]}"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.alone) if name == CI else name for name in FOREIGN]
)
def test_project_with_another_problem_passes_its_checks(baked: Callable[..., Path], tmp_path: Path, name: str) -> None:
    """`make openapi`, `make data-card`, `make check`; for one the whole ci workflow instead, and a turn of the loop."""
    project = tmp_path / baked(**BAKES[name]).name
    shutil.copytree(baked(**BAKES[name]), project)
    replace_problem(project, name, test=name != "sensors")
    git(project, "init", "--quiet")
    commit(project, "Ours")
    run(project, "openapi")
    run(project, "data-card")
    commit(project, "The API and the table")
    for target in ("data", "train", "promote", "ci") if name == CI else ("check",):
        run(project, target)
    assert git(project, "status", "--porcelain").splitlines() in ([], ["?? uv.lock"])


def test_example_without_a_protected_column_is_trained(baked: Callable[..., Path], tmp_path: Path) -> None:
    """Candidates that limit gaps between groups are left out where there are no groups."""
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)
    contract = project / "src" / project.name.replace("-", "_") / "problem" / "contract.py"
    text = contract.read_text(encoding="utf-8").replace("import PROTECTED, ", "import ").replace("PROTECTED,", "")
    contract.write_text(text, encoding="utf-8")
    run(project, "data")
    run(project, "train")


def test_api_that_was_not_written_again_is_named(baked: Callable[..., Path], tmp_path: Path) -> None:
    """The test of the description fails and says which command to run."""
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)
    replace_problem(project, "churn", test=True)
    words = ["uv", "run", "--quiet", "pytest", "-q", "tests/integration/test_openapi.py", "-k", "up_to_date"]
    done = subprocess.run(words, cwd=project, env=own_environment(), capture_output=True, text=True, check=False)
    assert done.returncode
    assert "openapi.json is not up to date: run `make openapi`" in done.stdout
