"""A prepared project of a synthetic problem, made once, of which every test gets a copy of its own."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from filelock import FileLock
from postgres import Control, run_postgres
from problems import SHAPES, USUAL, Shape
from starlette.testclient import TestClient
from threadpoolctl import threadpool_limits

from {{ cookiecutter.__package }}.cli import composition, main
from {{ cookiecutter.__package }}.cli.composition import Project
from {{ cookiecutter.__package }}.cli.main import app
from {{ cookiecutter.__package }}.cli.preparation import prepare
from {{ cookiecutter.__package }}.cli.server import build
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.core.settings import Settings, load_settings, sqlite_url
from {{ cookiecutter.__package }}.stores.ledger import open_ledger

PROJECT = Path(__file__).parents[1]
FULL = importlib.util.find_spec(f"{composition.__package__}.model") is not None  # data, models and monitoring are here
for name in [name for name in os.environ if name.startswith(("APP_", "MLFLOW_")) and not name.startswith("APP_TEST_")]:
    del os.environ[name]  # a test must not write into the ledger or the registry of whoever runs it
threadpool_limits(1)  # tests run side by side, and their threads would compete for the same cores


@dataclass(frozen=True)
class Workspace:
    """A project's folder with data, rules in the registry, and an empty ledger."""

    root: Path
    shape: Shape = USUAL

    @property
    def project(self) -> Project:
        """The project, with its plan as it is now."""
        settings = Settings(root=self.root, refresh_seconds=0.05)
        return self.shape.project(settings, load_plan(self.root / "plan.toml"))

    @contextlib.contextmanager
    def product(self) -> Iterator[TestClient]:
        """Serve the product in this process."""
        with build(self.project) as app, TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
            yield client

    def edit_plan(self, old: str, new: str) -> None:
        """Replace a text of plan.toml that has to be there."""
        path = self.root / "plan.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def make_folder(root: Path, shape: Shape) -> Path:
    """Write the plan and the table of a synthetic problem."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "plan.toml").write_text(shape.plan, encoding="utf-8")
    rows = shape.table()
    with (root / "data" / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root


@pytest.fixture(scope="session")
def new_workspace() -> Callable[[Path, Shape], Workspace]:
    """Return a function that writes the plan and the table of a shape into a folder, and prepares nothing."""
    return lambda root, shape: Workspace(make_folder(root, shape), shape)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return a function that makes a folder once, for all the workers of one run."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        made, done = shared / name, shared / f"{name}.done"
        with FileLock(f"{made}.lock"):
            if not done.exists():
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                make(made)
                done.touch()
        return made

    return folder


@pytest.fixture(scope="session")
def prepared(once: Any) -> Callable[[str], Path]:
    """Return a function that gives the prepared folder of a shape; tests copy it."""

    def add_registry(root: Path) -> None:
        # MLflow takes seconds to create its tables: every shape gets a copy of them
        empty = once("registry", lambda folder: Workspace(make_folder(folder, USUAL)).project.registry)
        (root / "var").mkdir()
        shutil.copy(empty / "var" / "registry.db", root / "var")

    def folder(name: str) -> Path:
        def make(root: Path) -> None:
            make_folder(root, SHAPES[name])
            if FULL:
                add_registry(root)
            prepare(Workspace(root, SHAPES[name]).project)

        return Path(once(f"prepared-{name.replace(' ', '-')}", make))

    return folder


@pytest.fixture(scope="session")
def make_workspace(prepared: Callable[[str], Path]) -> Callable[..., Workspace]:
    """Return a function that copies the prepared project of a shape to a new folder."""

    def make(root: Path, name: str = "usual") -> Workspace:
        shutil.copytree(prepared(name), root)
        return Workspace(root, SHAPES[name])

    return make


@pytest.fixture
def new_ledger(once: Any, tmp_path: Path) -> Callable[[Column], str]:
    """Return a function that gives the URL of an empty ledger of a label, whose migrations were run once."""

    def copy(target: Column) -> str:
        def make(root: Path) -> None:
            with open_ledger(sqlite_url(root / "ledger.db"), target):
                pass

        kind = "text" if target.categories else target.kind
        shutil.copy(once(f"ledger-{kind}", make) / "ledger.db", tmp_path)
        return sqlite_url(tmp_path / "ledger.db")

    return copy


@pytest.fixture
def workspace(prepared: Callable[[str], Path], tmp_path: Path) -> Workspace:
    """Return a project of the usual shape that a test may change."""
    shutil.copytree(prepared("usual"), tmp_path / "project")
    return Workspace(tmp_path / "project")


# a product of each shape takes a second to prepare: the fast tests have two of them
EACH_SHAPE = [
    name if name in {"usual", "optional numbers"} else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES
]


@pytest.fixture(params=EACH_SHAPE)
def any_workspace(request: pytest.FixtureRequest, prepared: Callable[[str], Path], tmp_path: Path) -> Workspace:
    """Return a project of every shape in turn."""
    shutil.copytree(prepared(request.param), tmp_path / "project")
    return Workspace(tmp_path / "project", SHAPES[request.param])


@pytest.fixture
def product(workspace: Workspace) -> Iterator[TestClient]:
    """Return a client of a product of the usual shape that runs in this process."""
    with workspace.product() as client:
        yield client


@pytest.fixture
def any_product(any_workspace: Workspace) -> Iterator[TestClient]:
    """Return a client of a product of every shape in turn."""
    with any_workspace.product() as client:
        yield client


@pytest.fixture
def features() -> dict[str, Any]:
    """Return features that the usual contract accepts."""
    return {column.name: column.example for column in USUAL.problem().columns}


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[str, Control]]:
    """Return the URL of a PostgreSQL database, and a function that stops and starts its server."""
    with run_postgres() as running:
        yield running


@cache
def put_together() -> Any:
    """Return the commands, which a process puts together once."""
    return typer.main.get_command(app())


@pytest.fixture
def run_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command on a workspace: exit code, and what was printed on both streams."""

    def run(workspace: Workspace, *words: str) -> tuple[int, str, str]:
        def load() -> Project:
            settings = load_settings()
            return workspace.shape.project(settings, load_plan(settings.root / "plan.toml"))

        monkeypatch.setattr(composition, "load_project", load)
        monkeypatch.setenv("APP_ROOT", str(workspace.root))
        monkeypatch.setattr("sys.argv", ["project", *words])
        monkeypatch.setattr(composition.out, "quiet", False)  # as in a new process: --json of an earlier command set it
        capsys.readouterr()
        with monkeypatch.context() as patched:
            if main.app is app:
                patched.setattr(main, "app", put_together)
            with pytest.raises(SystemExit) as done:
                main.main()
        printed = capsys.readouterr()
        return int(done.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def command(workspace: Workspace, run_command: Any) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command on the workspace of the usual shape."""
    return lambda *words: run_command(workspace, *words)
