"""Peers' checks of a repository pass on the template and on what it makes; exceptions carry their reason."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from repo_review.processor import process

from baking import TEMPLATE
from listing import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def failed(project: Path) -> list[str]:
    """Return the checks that apply and fail."""
    results = process(project).results
    assert len(results) > 30
    return [f"{result.name}: {result.description}" for result in results if result.result is False]


@pytest.mark.parametrize("answers", SHAPES, ids=lambda answers: "-".join(answers.values()))
def test_a_project_passes(baked: Callable[..., Path], answers: dict[str, str]) -> None:
    """Whatever its kind and scope."""
    assert failed(baked(**answers)) == []


def test_the_template_passes() -> None:
    """As its projects do."""
    assert failed(TEMPLATE) == []


def test_sabotage_is_seen(baked: Callable[..., Path], tmp_path: Path) -> None:
    """Without its README a project does not pass."""
    project = shutil.copytree(baked(), tmp_path / "project")
    (project / "README.md").unlink()
    assert [fault.partition(":")[0] for fault in failed(project)] == ["PY002"]


@pytest.mark.parametrize("folder", ["", "{{cookiecutter.project_slug}}"], ids=["template", "project"])
def test_every_exception_has_its_reason(folder: str) -> None:
    """In a comment on its line."""
    text = (TEMPLATE / folder / "pyproject.toml").read_text(encoding="utf-8")
    [block] = re.findall(r"\[tool\.repo-review\]\nignore = \[\n(.*?)\n\]", text, flags=re.DOTALL)
    assert all(re.fullmatch(r'  "\w+",.* # .+', line) for line in block.splitlines())
