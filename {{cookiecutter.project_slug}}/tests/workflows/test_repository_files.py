"""The files that GitHub reads beside workflows are complete, and each check of that is seen to bite."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from repository_checks import CHECKS
from workflow_checks import plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CI, DEPENDABOT = ".github/workflows/ci.yml", ".github/dependabot.yml"
RULESET, ASKS = ".github/rulesets/main.json", ".github/pull_request_template.md"
COPIED = ("CODEOWNERS", "SECURITY.md", "plan.toml", "pyproject.toml", "Makefile", ".pre-commit-config.yaml")
FAULTS = [
    # the check that has to see it, the file, what is replaced by what, what the check says
    ("owned", "CODEOWNERS", "/deploy/ ", "/deployment/ ", "/deployment/ does not exist"),
    ("owned", "CODEOWNERS", "/product/ @", "/core/ @", "the wheel product has no line"),
    ("owned", "CODEOWNERS", "/plan.toml @", "/plan.toml # @", "/plan.toml has no owner"),
    ("protected", RULESET, '{"type": "deletion"},', "", "the rule deletion is missing"),
    ("protected", RULESET, '{"type": "required_signatures"},', "", "required_signatures is missing"),
    ("protected", RULESET, '"non_fast_forward"', '"creation"', "non_fast_forward is missing"),
    ("protected", RULESET, '"require_code_owner_review": true', '"require_code_owner_review": false', "code_owner"),
    ("protected", RULESET, '["squash"]', '["squash", "rebase"]', "allowed_merge_methods is not"),
    ("protected", RULESET, '"active"', '"evaluate"', "is not active"),
    ("protected", RULESET, "~DEFAULT_BRANCH", "refs/heads/master", "default branch"),
    ("reported", RULESET, '"context": "required"', '"context": "all"', "requires all, which is no job"),
    ("reported", RULESET, '{"context": "required", "integration_id": 15368}', "", "no status is required"),
    ("reported", CI, "  pull_request:\n", "  pull_request:\n    paths: [src/**]\n", "gets no status"),
    ("updated", DEPENDABOT, "ecosystem: docker\n", "ecosystem: npm\n", "docker is missing"),
    ("updated", DEPENDABOT, "    cooldown:\n      default-days: 7\n", "", "uv: no cooldown of 7 days"),
    ("updated", DEPENDABOT, "default-days: 7", "default-days: 1", "uv: no cooldown of 7 days"),
    ("updated", DEPENDABOT, "      - /.github/actions/*\n", "", ".github/actions/setup is not updated"),
    ("asked", ASKS, "`[costs]`", "`[cost]`", "plan.toml has no [cost]"),
    ("asked", ASKS, "`[rollout]`", "small steps", "does not ask about [rollout]"),
    ("asked", ASKS, "- [ ] operations\n", "", "does not name operations"),
    ("exists", "SECURITY.md", "make lint", "make scan", "names make scan"),
    ("exists", "SECURITY.md", ".github/dependabot.yml", ".github/renovate.json", "renovate.json, which does not exist"),
]


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Return a copy of what the checks read."""
    shutil.copytree(root / ".github", tmp_path / ".github")
    for name in COPIED:
        shutil.copy(root / name, tmp_path)
    for path in root.iterdir():  # what CODEOWNERS and SECURITY.md name has to exist, and is not changed
        if not (tmp_path / path.name).exists() and path.name not in {".venv", ".git", "var"}:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize("check", CHECKS)
def test_every_file_holds(check: Callable[[Path], Iterator[str]], root: Path) -> None:
    assert list(check(root)) == []


@pytest.mark.parametrize(("check", "file", "old", "new", "says"), FAULTS)
def test_planted_fault_is_seen_by_its_check_alone(
    project: Path, check: str, file: str, old: str, new: str, says: str
) -> None:
    seen = plant(project, file, old, new, CHECKS)
    assert set(seen) == {check}
    assert says in seen[check][0]


def test_a_required_job_that_is_skipped_after_a_failure_is_seen(project: Path) -> None:
    text = (project / CI).read_text(encoding="utf-8")
    (project / CI).write_text(text.replace("always()", "success()"), encoding="utf-8")
    [reported] = [found for one in CHECKS if (found := list(one(project)))]
    assert "counts as passed" in reported[0]


def test_every_check_has_a_planted_fault() -> None:
    assert {check.__name__ for check in CHECKS} == {check for check, *_ in FAULTS}
