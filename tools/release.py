"""Tag and release the version of pyproject.toml on GitHub, with its section of CHANGELOG.md, unless that is done."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path


def find_notes(changelog: str, version: str) -> str:
    """Return the section of a version, without its heading.

    Raises
    ------
    LookupError
        There is no such section.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    found = [
        text for heading, _, text in (section.partition("\n") for section in sections) if heading.split()[0] == version
    ]
    if not found:
        message = f"CHANGELOG.md has no section for {version}, the version in pyproject.toml"
        raise LookupError(message)
    return found[0].strip() + "\n"


def main(root: Path) -> int:
    """Release the version and return the exit code."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    try:
        notes = find_notes((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if subprocess.run(["gh", "release", "view", f"v{version}"], capture_output=True, check=False).returncode == 0:
        print(f"v{version} has been released already")
        return 0
    # a tag that exists already is released as it is; otherwise it is made at the commit that was tested
    command = ["gh", "release", "create", f"v{version}", "--target", os.environ["GITHUB_SHA"], "--title", f"v{version}"]
    return subprocess.run([*command, "--notes-file", "-"], input=notes, text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
