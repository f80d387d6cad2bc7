"""Rewrite the descriptions of the API that fresh projects come with (`make openapi`).

Each kind of project is baked, and describes its API with its own command.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
KINDS = {"binary": "yes or no", "multi": "one of several", "number": "a number"}


def main() -> None:
    """Bake, ask, copy back."""
    for tag, problem in KINDS.items():
        target = TEMPLATE / "{{cookiecutter.project_slug}}" / f"openapi_{tag}.json"
        target.touch()  # the hook expects one for each kind
        with tempfile.TemporaryDirectory() as folder:
            words = ["cookiecutter", str(TEMPLATE), "--no-input", "--output-dir", folder, f"problem={problem}"]
            subprocess.run([sys.executable, "-m", *words], check=True, stdout=subprocess.DEVNULL)
            [project] = Path(folder).iterdir()
            subprocess.run(["uv", "run", "--quiet", project.name, "openapi"], cwd=project, check=True)
            target.write_bytes((project / "openapi.json").read_bytes())


if __name__ == "__main__":
    main()
