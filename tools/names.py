"""Write the names that a project may not take into `hooks/pre_gen_project.py` (`make names`).

These are the names of a project's direct dependencies, of what is imported from them, and of their commands, and
the names of the modules of its tests. A project with such a name would hide them, or be hidden by them.
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
# what the distributions given as arguments let one import, and their commands
ASK = """
import importlib.metadata as m, json, re, sys
wanted = set(sys.argv[1:])
plain = lambda name: re.sub(r"[-_.]+", "-", name).lower()
found = [name for name, owners in m.packages_distributions().items() if wanted & set(map(plain, owners))]
commands = [path.stem for one in m.distributions() if plain(one.name) in wanted for path in one.files or ()
            if path.parent.name in ("bin", "Scripts") and path.parts[0] == ".."]
print(json.dumps(found + commands))
"""


def direct_dependencies(project: Path) -> set[str]:
    """Return the names of the distributions that a project asks for, in lower case with hyphens."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    optional = pyproject["project"]["optional-dependencies"].values()
    groups = (pyproject["project"]["dependencies"], *pyproject["dependency-groups"].values(), *optional)
    return {match[0].lower() for group in groups for one in group if (match := re.match(r"[\w-]+", one))}


def names_of(project: Path) -> set[str]:
    """Return the names that are taken in a project, as a slug would spell them in Python."""
    direct = direct_dependencies(project)
    subprocess.run(["uv", "sync", "--quiet", "--all-extras"], cwd=project, check=True)
    asked = ["uv", "run", "--quiet", "python", "-c", ASK, *sorted(direct)]
    found = json.loads(subprocess.run(asked, cwd=project, check=True, capture_output=True).stdout)
    names = {name.replace("-", "_").lower() for name in [*direct, *found, *(path.stem for path in modules(project))]}
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
