"""The lists of every file of a generated project, one for each kind of project, in `listings/`.

They are there to be read in a review: a file that appears or goes shows up as a line. `make listing`
rewrites them.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from baking import CHOICES, DEFAULTS, bake, snapshot

LISTINGS = Path(__file__).with_name("listings")
SHAPING = ("problem", "scope")  # the questions whose answers decide which files there are
SHAPES = [dict(zip(SHAPING, kind, strict=True)) for kind in itertools.product(*(CHOICES[name] for name in SHAPING))]


def paths(project: Path) -> list[str]:
    """Return the paths of a project's files, but for git's own."""
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if path.parts[0] != ".git")


def listing(project: Path) -> list[str]:
    """Return the same, the package called `package`."""
    package = project.name.replace("-", "_")
    return [path.replace(f"src/{package}/", "src/package/") for path in paths(project)]


def place(answers: dict[str, str]) -> Path:
    """Return the file that has the list of a project with these answers."""
    shape = [(DEFAULTS | answers)[name] for name in SHAPING]
    return LISTINGS / ("-".join(shape).replace(" ", "-") + ".txt")


def main() -> None:
    """Rewrite the lists."""
    LISTINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        template = snapshot(Path(folder, "template"))
        for number, answers in enumerate(SHAPES):
            lines = listing(bake(template, Path(folder, str(number)), **answers))
            place(answers).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
