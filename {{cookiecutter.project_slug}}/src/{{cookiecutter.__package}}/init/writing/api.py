"""The description of the API that proposed files make, before they are written into the project."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ...core.errors import UserError


def describe_api(files: Mapping[str, str], source: Path, package: str) -> str:
    """Return `openapi.json` of proposed files by path, which a fresh process reads in a copy of the package.

    `source`: the package as it is; `package`: its path in the project. Raises UserError: the files do not fit.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source, Path(folder, package), ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        code = f"from {source.name}.cli.main import main; main()"
        environment = os.environ | {"PYTHONPATH": str(Path(folder, package).parent), "APP_ROOT": folder}
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", code, "openapi"], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UserError(f"the proposed files do not work together: {done.stderr.strip()}; report this, please")
        return Path(folder, "openapi.json").read_text(encoding="utf-8")
