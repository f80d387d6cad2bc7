"""Versions: the changelog has them all, each says what an update does, and a new one is tagged."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from baking import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

VERSION = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHANGELOG = (TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8")
# the API of GitHub: knows the tags in a file, and keeps what is asked of it in another
GH = """#!/bin/sh
echo "$@" >> asked
test $# -gt 2 || grep -qx "${2##*/}" tags
"""


def test_every_version_says_what_an_update_does() -> None:
    """Under a heading of its own; the newest version is the one that is about to be tagged."""
    _, *sections = re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)
    released = [section for section in sections if not section.startswith("Unreleased")]
    assert re.match(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d\n", released[0])
    assert [section[:20] for section in released if "### For your project" not in section] == []


@pytest.mark.parametrize("tags", ["v0.0.1\n", f"v{VERSION}\n"])
def test_a_version_is_tagged_once(tmp_path: Path, tags: str) -> None:
    """The workflow's own script, with a stand-in for GitHub."""
    workflow = yaml.safe_load((TEMPLATE / ".github/workflows/tag.yml").read_text(encoding="utf-8"))
    (tmp_path / "gh").write_text(GH, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "tags").write_text(tags, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{VERSION}"\n', encoding="utf-8")
    own = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "f00"}
    script = workflow["jobs"]["tag"]["steps"][-1]["run"]
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=os.environ | own, check=True)
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert (f"ref=refs/tags/v{VERSION} -f sha=f00" in asked) == (VERSION not in tags)
