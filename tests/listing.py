"""The list of every file of a generated project, kept in `listing.txt`.

It is there to be read in a review: a file that appears or goes shows up as a line. `make listing`
rewrites it from the defaults.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from baking import bake, snapshot

LISTING = Path(__file__).with_name("listing.txt")


def listing(project: Path) -> list[str]:
    """Return the paths of a project's files, its package called `package`."""
    package = project.name.replace("-", "_")
    paths = sorted(path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file())
    return [path.replace(f"src/{package}/", "src/package/") for path in paths]


def expected() -> list[str]:
    """Return the paths that a project has to have."""
    return LISTING.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lines = listing(bake(snapshot(Path(folder, "template")), Path(folder)))
    LISTING.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(lines)} files in {LISTING.name}")
