"""Find which jobs of the tests a change concerns, and set an output for each: true or false.

BASE is the commit that the change is compared with. Without one, or if it is not in the clone, every job runs.
A file that no rule names concerns every job.
"""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from github import set_output

JOBS = ("unit", "integration", "bias", "load")
PRODUCT = ("unit", "integration", "load")
# the first pattern that fits a path decides
RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("docs/runbook/*", ("unit",)),
    ("docs/data-card.md", ("unit",)),
    ("docs/croissant.json", ("unit",)),
    ("data/README.md", ("unit",)),
    ("docs/*", ()),
    ("*.md", ()),
    ("LICENSE", ()),
    ("CODEOWNERS", ()),
    (".github/*", ("unit",)),
    ("deploy/*", ("unit",)),
    ("compose.yaml", ("unit",)),
    ("src/*/data/*", ("unit", "integration", "bias")),
    ("src/*/model/*", ("unit", "integration", "bias")),
    ("src/*/init/*", ("unit",)),
    ("src/*/product/*", PRODUCT),
    ("src/*/operations/*", PRODUCT),
    ("tests/bias/*", ("bias",)),
    ("tests/problem/*", ("unit", "bias")),
    ("tests/load/*", ("load",)),
    ("tests/integration/*", ("integration",)),
    ("tests/security/*", ("integration",)),
    ("tests/privacy/*", ("integration",)),
    ("tests/browser/*", ()),
    ("tests/*/*", ("unit",)),
)


def concerned(paths: list[str]) -> set[str]:
    """Return the jobs that a change of these files concerns."""
    return {job for path in paths for job in next((jobs for rule, jobs in RULES if fnmatch(path, rule)), JOBS)}


def changed_files(root: Path, base: str) -> list[str] | None:
    """Return the files that differ from a commit, or None if there is no such commit."""
    if not base.strip("0"):  # of the first push of a branch it is all zeros
        return None
    words = ["git", "diff", "--name-only", "-z", base, "HEAD", "--"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    return [path for path in done.stdout.split("\0") if path] if done.returncode == 0 else None


def main() -> None:
    """Print the jobs, and set the outputs."""
    paths = changed_files(Path.cwd(), os.environ.get("BASE", ""))
    found = {*JOBS} if paths is None else concerned(paths)
    what = "there is nothing to compare with" if paths is None else f"{len(paths)} files changed"
    sys.stdout.write(f"{what}\n")
    for job in JOBS:
        set_output(job, str(job in found).lower())


if __name__ == "__main__":
    main()
