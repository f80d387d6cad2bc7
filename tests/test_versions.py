"""Versions: the changelog has them all, each says what an update does, and a new one is tagged."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from baking import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

VERSION = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHANGELOG = (TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for GitHub is a shell script")
# GitHub's command: knows the releases in a file, and keeps what is asked of it in another
GH = """#!/bin/sh
echo "$@" >> asked
case $2 in view) grep -qx "$3" released;; create) cat > notes;; esac
"""


def test_every_version_says_what_an_update_does() -> None:
    """Under a heading of its own; the newest version is the one that is about to be tagged."""
    _, *sections = re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)
    released = [section for section in sections if not section.startswith("Unreleased")]
    assert re.match(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d\n", released[0])
    assert [section[:20] for section in released if "### For your project" not in section] == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return what the release reads, with a stand-in for GitHub."""
    (tmp_path / "gh").write_text(GH, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    for name in ("pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).write_bytes((TEMPLATE / name).read_bytes())
    return tmp_path


def release(repository: Path, released: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the workflow."""
    (repository / "released").write_text(released, encoding="utf-8")
    own = {"PATH": f"{repository}{os.pathsep}{os.environ['PATH']}", "GITHUB_SHA": "f00"}
    command = [sys.executable, str(TEMPLATE / "tools" / "release.py")]
    return subprocess.run(
        command, cwd=repository, env=os.environ | own, capture_output=True, text=True, check=False, timeout=60
    )


@POSIX
def test_new_version_is_tagged_and_released_with_its_notes(repository: Path) -> None:
    """The tag is made at the commit that was tested, and the notes are the version's section alone."""
    assert release(repository, "v0.0.1\n").returncode == 0
    asked = (repository / "asked").read_text(encoding="utf-8")
    assert f"release create v{VERSION} --target f00" in asked
    notes = (repository / "notes").read_text(encoding="utf-8")
    assert "### For your project" in notes
    assert notes in CHANGELOG
    assert "\n## " not in notes


@POSIX
def test_version_is_released_once(repository: Path) -> None:
    """A version that is there already is left as it is."""
    done = release(repository, f"v{VERSION}\n")
    assert (done.returncode, done.stdout) == (0, f"v{VERSION} has been released already\n")
    assert "create" not in (repository / "asked").read_text(encoding="utf-8")


@POSIX
def test_version_without_notes_is_not_released(repository: Path) -> None:
    """The message names the version; GitHub is not asked."""
    (repository / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n", encoding="utf-8")
    done = release(repository, "")
    assert done.returncode == 1
    assert f"CHANGELOG.md has no section for {VERSION}" in done.stderr
    assert not (repository / "asked").exists()
