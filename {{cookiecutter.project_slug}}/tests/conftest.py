"""A prepared project, made once, of which every test gets a copy of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import pytest
from filelock import FileLock
from starlette.testclient import TestClient
from threadpoolctl import threadpool_limits

from {{ cookiecutter.__package }} import cli
from {{ cookiecutter.__package }}.commands import make_ready, open_registry
from {{ cookiecutter.__package }}.ledger import open_ledger
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.plan import Plan, load_plan
from {{ cookiecutter.__package }}.product.openapi import example
from {{ cookiecutter.__package }}.serve import build
from {{ cookiecutter.__package }}.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[1]
for name in [name for name in os.environ if name.startswith(("APP_", "MLFLOW_")) and not name.startswith("APP_TEST_")]:
    del os.environ[name]  # a test must not write into the ledger or the registry of whoever runs it
threadpool_limits(1)  # tests run side by side, and threads of theirs would fight for the same cores


@dataclass(frozen=True)
class Workspace:
    """A project's folder with data, rules in the registry, and an empty ledger."""

    root: Path

    @property
    def settings(self) -> Settings:
        return Settings(root=self.root, refresh_seconds=0.05)

    @property
    def plan(self) -> Plan:
        return load_plan(self.root / "plan.toml")

    def registry(self) -> Any:
        return open_registry(self.settings)

    def ledger(self) -> Any:
        return open_ledger(self.settings.url("ledger"))

    def lake(self) -> Any:
        from {{ cookiecutter.__package }}.lake import open_lake  # a product on rules has none

        return open_lake(self.settings.url("lake"))

    @contextlib.contextmanager
    def product(self) -> Iterator[TestClient]:
        made = build(self.settings, self.plan, self.registry())
        with made as app, TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return a function that has a folder made once, for all the workers of one run."""
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
def prepared(once: Any) -> Path:
    """Make the folder that is copied."""

    def make(root: Path) -> None:
        shutil.copy(PROJECT / "plan.toml", root)
        if (PROJECT / "data").is_dir():
            shutil.copytree(PROJECT / "data", root / "data")
        make_ready(Settings(root=root), load_plan(root / "plan.toml"))

    return once("prepared", make)


@pytest.fixture(scope="session")
def plan(prepared: Path) -> Plan:
    """Return the plan as it comes with the project."""
    return load_plan(prepared / "plan.toml")


@pytest.fixture(scope="session")
def objective(plan: Plan) -> Any:
    """Return what a mistake costs."""
    return plan.objective


@pytest.fixture(scope="session")
def rows(prepared: Path, objective: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the training table, taken apart."""
    from {{ cookiecutter.__package }}.lake import open_lake
    from {{ cookiecutter.__package }}.model.train import training_rows

    # a copy, because only one process may have a DuckDB file open
    copy = shutil.copy(Settings(root=prepared).var / "lake.db", tmp_path_factory.mktemp("rows"))
    with open_lake(f"duckdb:///{copy}") as lake:
        return training_rows(lake, objective)[1]


@pytest.fixture(scope="session")
def fitted(rows: Any, plan: Plan, once: Any) -> dict[str, Any]:
    """Return the rules and every candidate, fitted on all rows, by name."""
    from {{ cookiecutter.__package }}.model.candidates import candidates
    from {{ cookiecutter.__package }}.model.evaluate import fit
    from {{ cookiecutter.__package }}.model.train import FEATURES

    models = {"rules": RuleBook(), **candidates(FEATURES, plan)}
    path = once("fitted", lambda made: joblib.dump({n: fit(m, rows) for n, m in models.items()}, made / "it"))
    return dict(joblib.load(path / "it"))


@pytest.fixture(scope="session")
def said(rows: Any, plan: Plan, once: Any) -> dict[str, Any]:
    """Return what the rules and every candidate say of the rows, each row held out, by name."""
    from {{ cookiecutter.__package }}.model.candidates import candidates
    from {{ cookiecutter.__package }}.model.evaluate import held_out
    from {{ cookiecutter.__package }}.model.train import FEATURES

    models = {"rules": RuleBook(), **candidates(FEATURES, plan)}
    ask = plan.objective
    path = once("said", lambda made: joblib.dump({n: held_out(m, rows, ask) for n, m in models.items()}, made / "it"))
    return dict(joblib.load(path / "it"))


@pytest.fixture
def workspace(prepared: Path, tmp_path: Path) -> Workspace:
    """Return a copy that a test may change."""
    root = tmp_path / "project"
    shutil.copytree(prepared, root)
    return Workspace(root)


@pytest.fixture
def product(workspace: Workspace) -> Iterator[TestClient]:
    """Return a client of a product that runs in this process."""
    with workspace.product() as client:
        yield client


@pytest.fixture
def command(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a command as a person would: exit code, and what was printed on both streams."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("APP_ROOT", str(workspace.root))
        monkeypatch.setattr("sys.argv", ["project", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            cli.main()
        printed = capsys.readouterr()
        return int(done.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def features() -> dict[str, Any]:
    """Return features that the contract accepts."""
    return example()
