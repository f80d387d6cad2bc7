"""The checks bite: each finds the fault that is planted for it, and only there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import checks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTS: list[tuple[str, str, bytes, str]] = [
    # the check that has to find it, the file, what is put into it, what the check has to say
    ("exact_files", "notes.md", b"# Notes\n", "notes.md is not in the listing"),
    ("leftovers", "README.md", b"# {{ cookiecutter.project_name }}\n", "README.md still has {{ cookiecutter"),
    ("leftovers", "Makefile", b"{% if x %}\n", "Makefile still has {%"),
    ("emptiness", "Makefile", b"", "Makefile is empty"),
    ("emptiness", "README.md", b" \n", "README.md is empty"),
    ("unreadable", "a.yaml", b"a: [1\n", "a.yaml cannot be parsed"),
    ("unreadable", "pyproject.toml", b'[project]\ndescription = "\\ud83d\\ude80"\n', "pyproject.toml cannot be parsed"),
    ("unreadable", "a.json", b"{,}\n", "a.json cannot be parsed"),
    ("unreadable", "a.py", b"def\n", "a.py cannot be parsed"),
    ("endings", "README.md", b"# A\r\n", "README.md is not plain UTF-8"),
    ("endings", "README.md", b"\xef\xbb\xbf# A\n", "README.md is not plain UTF-8"),
    ("endings", "README.md", b"# caf\xe9\n", "README.md is not plain UTF-8"),
    ("endings", "README.md", b"# A", "README.md does not end in one newline"),
    ("endings", "README.md", b"# A\n\n", "README.md does not end in one newline"),
    ("strangers", "Dockerfile", b"FROM ghcr.io/somebody/base\n", "ghcr.io/somebody"),
    ("strangers", ".github/CODEOWNERS", b"*  @somebody\n", "@somebody"),
    ("strangers", "README.md", b"On py" + b"pi.org\n", "README.md names a package registry"),
    ("strangers", "README.md", b"See /home/me/x\n", "README.md has a path of some machine"),
    ("promises", "README.md", b"`make trian`\n", "names make trian"),
    ("promises", "README.md", b"```\nmake trian # a model\n```\n", "names make trian"),
    ("promises", "README.md", b"See `src/candidates.py`.\n", "names src/candidates.py"),
    ("windows", "aux.py", b"", "aux.py is not legal"),
    ("windows", "makefile", b"x\n", "makefile is there twice but for case"),
    ("lint", "src/a.py", b"import os\n", "F401"),
    ("lint", "src/a.py", b'"""A module."""\n\nX = [1,2]\n', "src/a.py"),
]


@pytest.mark.parametrize(("check", "name", "content", "says"), FAULTS, ids=lambda value: str(value)[:30])
def test_planted_fault_is_found(
    baked: Callable[..., Path], tmp_path: Path, check: str, name: str, content: bytes, says: str
) -> None:
    """The check is silent before the fault, and names it after."""
    project = tmp_path / "mortgage-desk"
    shutil.copytree(baked(owner="acme"), project)
    find = getattr(checks, check)
    assert find(project) == []
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_bytes(content)
    assert any(says in fault for fault in find(project))


def test_what_make_fetched_is_not_linted_before_there_is_a_repository(
    baked: Callable[..., Path], tmp_path: Path
) -> None:
    """A new user has a uv in the folder, and no git that ignores it."""
    project = tmp_path / "mortgage-desk"
    shutil.copytree(baked(owner="acme"), project)
    for folder in (".uv/uv", "src"):
        (project / folder).mkdir(parents=True, exist_ok=True)
        (project / folder / "fetched.py").write_text("import os\n", encoding="utf-8")
    faults = checks.lint(project)
    assert any("src/fetched.py" in fault for fault in faults)
    assert not any(".uv" in fault for fault in faults)


def test_missing_file_and_empty_folder_are_found(baked: Callable[..., Path], tmp_path: Path) -> None:
    """What is gone is noticed as well as what is too much."""
    project = tmp_path / "mortgage-desk"
    shutil.copytree(baked(owner="acme"), project)
    (project / "LICENSE").unlink()
    (project / "later").mkdir()
    assert checks.exact_files(project) == ["LICENSE is missing"]
    assert checks.emptiness(project) == ["later is empty"]


@pytest.mark.parametrize("path", ["a?b.py", "con", "x/nul.txt", "ends.", 'a"b', "x" * 151])
def test_paths_that_windows_refuses_are_found(path: str) -> None:
    """Each kind of illegal path is named."""
    assert checks.illegal_on_windows([path])


def test_every_check_has_a_planted_fault() -> None:
    """A check nobody has seen failing proves nothing."""
    assert {"exact_files", *(check.__name__ for check in checks.CHECKS)} == {check for check, *_ in FAULTS}
