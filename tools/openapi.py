"""Rewrite the descriptions of the API and of the table that fresh projects come with (`make openapi`).

Each kind of project is baked, and writes them with its own commands.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
KINDS = {"binary": "yes or no", "multi": "one of several", "number": "a number"}
WRITTEN = {"openapi": ("openapi.json",), "data-card": ("docs/data-card.md", "docs/croissant.json")}


def main() -> None:
    """Bake, ask, copy back."""
    for tag, problem in KINDS.items():
        targets = {}
        for path in (Path(name) for names in WRITTEN.values() for name in names):
            target = TEMPLATE / "{{cookiecutter.project_slug}}" / path.with_stem(f"{path.stem}_{tag}")
            target.touch()  # the hook expects one for each kind
            targets[path] = target
        with tempfile.TemporaryDirectory() as folder:
            words = ["cookiecutter", str(TEMPLATE), "--no-input", "--output-dir", folder, f"problem={problem}"]
            subprocess.run([sys.executable, "-m", *words], check=True, stdout=subprocess.DEVNULL)
            [project] = Path(folder).iterdir()
            for command in WRITTEN:
                subprocess.run(["uv", "run", "--quiet", project.name, command], cwd=project, check=True)
            for path, target in targets.items():
                target.write_bytes((project / path).read_bytes())


if __name__ == "__main__":
    main()
