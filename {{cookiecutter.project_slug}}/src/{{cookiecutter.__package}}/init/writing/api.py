"""What proposed files describe, before they are written into the project: the API, and the table."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ...core.errors import UserError

CARDS = ("docs/data-card.md", "docs/croissant.json")


def describe_api(
    files: Mapping[str, str], source: Path, package: str, others: Mapping[str, Path]
) -> tuple[dict[str, str], str]:
    """Return `openapi.json` and the data card of proposed files by path, and why there is no card, or "".

    Fresh processes make them in a copy of the package. `source`: the package as it is; `package`: its path in the
    project; `others`: files by path that are not proposed, such as the table, where they are there.

    Raises UserError: the files do not fit.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source, Path(folder, package), ignore=shutil.ignore_patterns("__pycache__"))
        for path, content in {**files, **others}.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path) and content.is_file():
                shutil.copyfile(content, place)
            elif isinstance(content, str):
                place.write_text(content, encoding="utf-8")
        if fault := _run("openapi", source.name, folder, package):
            raise UserError(f"the proposed files do not work together: {fault}; report this, please")
        fault = _run("data-card", source.name, folder, package)
        made = ["openapi.json", *(CARDS if not fault else ())]
        return {path: Path(folder, path).read_text(encoding="utf-8") for path in made}, fault


def _run(command: str, name: str, folder: str, package: str) -> str:
    """Run a command of the copied package. Return the error that it printed, or ""."""
    code = f"from {name}.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": str(Path(folder, package).parent), "APP_ROOT": folder}
    words = [sys.executable, "-c", code, command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""
