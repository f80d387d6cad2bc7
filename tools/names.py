"""Bring the names that a project may not take in `hooks/pre_gen_project.py` up to date (`make names`).

They are whatever a fresh project and its environment already call something: what its packages are
called, also those of other systems, what they let one import, which commands they install, and the
modules of its tests. A project that took such a name would hide them, or be hidden by them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
HOOK = TEMPLATE / "hooks" / "pre_gen_project.py"
BLOCK = re.compile(r'(NEEDED = frozenset\(\n    """\n).*?(    """)', re.DOTALL)
ASK = """
import importlib.metadata as m, json, pathlib, sys
found = {*m.packages_distributions(), *(one.name.replace(".", "-") for one in m.distributions())}
print(json.dumps([*found, *(path.stem for path in pathlib.Path(sys.executable).parent.iterdir())]))
"""


def names_of(project: Path) -> set[str]:
    """Return the names that a project's environment has taken, as a slug would spell them in Python."""
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, check=True)
    asked = ["uv", "run", "--quiet", "python", "-c", ASK]
    found = json.loads(subprocess.run(asked, cwd=project, check=True, capture_output=True).stdout)
    found += [package["name"] for package in tomllib.loads((project / "uv.lock").read_text())["package"]]
    found += [path.stem for path in modules(project)]
    names = {name.replace("-", "_").lower() for name in found} - {project.name.replace("-", "_")}
    return {name for name in names if re.fullmatch(r"[a-z][a-z0-9_]*", name)} - sys.stdlib_module_names


def modules(project: Path) -> list[Path]:
    """Return the Python files that are found by their bare names: tests, and the scripts beside workflows."""
    return [*project.glob("tests/**/*.py"), *project.glob(".github/act/*.py")]


def main() -> None:
    """Rewrite the list in the hook."""
    with tempfile.TemporaryDirectory() as folder:
        bake = [
            sys.executable,
            "-m",
            "cookiecutter",
            str(TEMPLATE),
            "--no-input",
            "--output-dir",
            folder,
        ]
        subprocess.run(bake, check=True)
        names = names_of(next(Path(folder).iterdir()))
    lines = textwrap.fill(" ".join(sorted(names)), 110, initial_indent="    ", subsequent_indent="    ")
    text, count = BLOCK.subn(rf"\1{lines}\n\2", HOOK.read_text(encoding="utf-8"))
    if count != 1:
        sys.exit(f"found {count} lists of names in {HOOK.name}; there should be one")
    HOOK.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(names)} names")


if __name__ == "__main__":
    main()
