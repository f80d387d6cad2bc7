"""The folder of the tour: a copy of the plan that decides faster, stores of its own, and a product that uses them."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import UserError
from ..core.plan import Plan, load_plan
from ..core.settings import Settings
from ..stores.files import find_table
from .composition import Project, compose

SECONDS_TO_START = 90
SECONDS_TO_STOP = 30
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
START = f"from {__package__}.main import main; main()"
# what a tour of minutes needs: few rows decide, and no step has to last
FAST: Mapping[str, Mapping[str, Any]] = {
    "gates": {"bootstrap_rounds": 200, "assignments": 1, "clean_commit": False},  # its folder is in no commit
    "rollout": {"steps": [0.2, 0.5, 1.0], "decisions": 200, "labels": 20, "shadow_labels": 50, "minimum_hours": 0},
}


@dataclass(frozen=True)
class TourFolder:
    """A folder with a plan, in which commands run as they do in the project's."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of commands: no store, key or address of the project is used."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("APP_", "MLFLOW_"))}
        return kept | {"APP_ROOT": str(self.root), "PYTHONUNBUFFERED": "1"}

    @property
    def project(self) -> Project:
        """The project of the folder, with the stores in it."""
        urls = dict.fromkeys(("ledger_url", "lake_url", "registry_url", "models_url"), "")
        return compose(Settings(root=self.root, **urls), load_plan(self.root / "plan.toml"))  # type: ignore[arg-type]

    def run(self, *words: str) -> int:
        """Run a command of this project to its end, and return its exit code; its output goes to the terminal."""
        command = [sys.executable, "-c", START, *words]
        return subprocess.run(command, env=self.environment, check=False).returncode  # noqa: S603

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """Run the product on a free port inside the block, and yield its address; it writes to `product.log`."""
        log = self.root / "product.log"
        command = [sys.executable, "-c", START, "run", "--port", "0"]
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(command, env=self.environment, stdout=file, stderr=file)  # noqa: S603
        try:
            yield _wait_for_address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def make_folder(project: Project) -> TourFolder:
    """Make the folder anew, with the project's plan edited for the tour. The table is read where it is."""
    root = project.settings.var / "tour"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    place = find_table(project.plan.data.source, project.settings.root)
    source = str(place.resolve()) if isinstance(place, Path) else place
    plan = tomllib.loads((project.settings.root / "plan.toml").read_text(encoding="utf-8-sig"))
    for section, values in {**FAST, "data": {"source": source}}.items():
        if section in Plan.model_fields:
            plan[section] = plan.get(section, {}) | values
    (root / "plan.toml").write_text(write_toml(plan), encoding="utf-8")
    return TourFolder(root)


def write_toml(plan: Mapping[str, Mapping[str, Any]]) -> str:
    """Return sections of values as TOML; tables inside a section are written in one line."""
    lines = []
    for section, values in plan.items():
        lines += [f"[{section}]", *(f"{_write(key)} = {_write(value)}" for key, value in values.items()), ""]
    return "\n".join(lines)


def _write(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_write(key)} = {_write(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_write, value))}]"
    if isinstance(value, float):
        return repr(value)  # inf and nan, too, are spelt as in TOML
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _wait_for_address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(log.read_text(encoding="utf-8")):
            return found.group()
        time.sleep(0.1)
    last = log.read_text(encoding="utf-8").strip().splitlines()[-1:]
    raise UserError(f"the product of the tour did not start: {' '.join(last)}; see {log}")
