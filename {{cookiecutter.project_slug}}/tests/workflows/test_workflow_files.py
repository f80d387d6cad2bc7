"""Every workflow is as it has to be, and each check of that is seen to bite."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import workflow_checks
from workflow_checks import CHECKS, plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
CI, SETUP, DOCS = ".github/workflows/ci.yml", ".github/actions/setup/action.yml", "docs/pipelines.md"
DATA, TRAIN = (f".github/workflows/{name}.yml" for name in ("data", "train"))
ACTION = "some/action@" + "a" * 40
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
FAULTS = [
    # the check that has to see it, the file, what is replaced by what, what the check says
    ("pinned", CI, f"{CHECKOUT} # v7.0.1", "actions/checkout@v7", "ci.yml: not pinned"),
    ("pinned", CI, f"{CHECKOUT} # v7.0.1", CHECKOUT, "ci.yml: not pinned"),
    ("pinned", CI, f"uses: {CHECKOUT} # v7.0.1", '"uses": "actions/checkout@main"', "checkout@main"),
    ("pinned", SETUP, " # v10.0.1", "", "action.yml: not pinned"),
    ("least_rights", CI, "permissions: {}\n", "", "ci.yml: permissions at the top"),
    ("least_rights", CI, "permissions: {}\n", "permissions: write-all\n", "ci.yml: permissions at the top"),
    ("least_rights", CI, "    permissions:\n      contents: read\n", "", "ci.yml: changes: does not name"),
    ("no_credentials", CI, "persist-credentials: false", "persist-credentials: true", "ci.yml: changes: step 1"),
    ("no_credentials", CI, "        with:\n          persist-credentials: false\n", "", "ci.yml: lint: step 1"),
    ("no_credentials", CI, "persist-credentials: false", "persist-credentials: false\n          ref: main", "step 1"),
    ("limited", CI, "    timeout-minutes: 20\n", "", "ci.yml: unit: no timeout"),
    ("limited", CI, "        timeout-minutes: 3\n", "", "ci.yml: lint: step 3: no timeout"),
    ("runs_make", CI, "run: make lint", "run: make lnt", "'make lnt' is no target"),
    ("runs_make", CI, "run: make lint", "run: make lint || true", "'make lint || true' is no target"),
    ("runs_make", SETUP, "run: make setup-ci", "run: uv sync", "'uv sync' is no target"),
    ("one_runner", CI, "runs-on: ubuntu-latest", "runs-on: windows-latest", "ci.yml: changes: runs on windows-latest"),
    ("at_a_desk", CI, f"{CHECKOUT} # v7.0.1", f"{ACTION} # v1.0.0", f"{ACTION} has no stand-in"),
    ("at_a_desk", SETUP, "astral-sh/setup-uv", "some/action", "action.yml: some/action@"),
    ("counts", CI, "run: make lint", "run: make lint\n        continue-on-error: true", "step 3: may fail"),
    ("counts", CI, "    name: lint\n", "    name: lint\n    if: false\n", "ci.yml: lint: is switched off"),
    ("one_at_a_time", TRAIN, "inputs.within || 'lifecycle'", "github.ref", "train.yml: saves state"),
    ("one_at_a_time", DATA, "cancel-in-progress: false", "cancel-in-progress: true", "data.yml: saves state"),
    ("documented", DATA, "secrets.APP_LAKE_URL", "secrets.LAKE", "Secrets lacks LAKE"),
    ("documented", DOCS, "| `KUBECONFIG` |", "| KUBECONFIG |", "Secrets lacks KUBECONFIG"),
    ("documented", DOCS, "`packages: write`", "`packages: read`", "Permissions lacks release: production packages"),
    ("documented", DATA, "secrets.APP_LEDGER_URL", "vars.LEDGER", "a variable is not in docs/pipelines.md: LEDGER"),
    ("quoted", CI, "run: make lint", "run: make lint\n        env:\n          PYTHON: 3.10", "ci.yml: 3.1 is a number"),
    ("plain", CI, "name: ci", "name: cookiecutter.project_slug", "ci.yml: has a word of the template"),
]


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Return a copy of what the checks read."""
    shutil.copytree(root / ".github", tmp_path / ".github")
    shutil.copytree(root / "docs", tmp_path / "docs")
    shutil.copy(root / "Makefile", tmp_path)
    return tmp_path


@pytest.mark.parametrize("check", CHECKS)
def test_every_workflow_holds(check: Callable[[Path], Iterator[str]], root: Path) -> None:
    assert workflow_checks.workflows(root)
    assert list(check(root)) == []


# a project without models has fewer workflows
@pytest.mark.parametrize(
    ("check", "file", "old", "new", "says"), [fault for fault in FAULTS if (ROOT / fault[1]).exists()]
)
def test_planted_fault_is_seen_by_its_check_alone(
    project: Path, check: str, file: str, old: str, new: str, says: str
) -> None:
    seen = plant(project, file, old, new, CHECKS)
    assert set(seen) == {check}
    assert says in seen[check][0]


def test_every_check_has_a_planted_fault() -> None:
    assert {check.__name__ for check in CHECKS} == {check for check, *_ in FAULTS}
