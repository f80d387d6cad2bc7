"""A prepared project, made once, of which every test gets a copy of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from starlette.testclient import TestClient

from {{ cookiecutter.__package }}.commands import make_ready, open_registry
from {{ cookiecutter.__package }}.ledger import open_ledger
from {{ cookiecutter.__package }}.plan import Plan, load_plan
from {{ cookiecutter.__package }}.product.openapi import example
from {{ cookiecutter.__package }}.serve import build
from {{ cookiecutter.__package }}.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[1]


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


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Make the folder that is copied; the workers of one run share it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    root, done = shared / "prepared", shared / "prepared.done"
    with FileLock(f"{root}.lock"):
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            shutil.copy(PROJECT / "plan.toml", root)
            if (PROJECT / "data").is_dir():
                shutil.copytree(PROJECT / "data", root / "data")
            make_ready(Settings(root=root), load_plan(root / "plan.toml"))
            done.touch()
    return root


@pytest.fixture
def workspace(prepared: Path, tmp_path: Path) -> Workspace:
    """Return a copy that a test may change."""
    root = tmp_path / "project"
    shutil.copytree(prepared, root)
    return Workspace(root)


@pytest.fixture
def product(workspace: Workspace) -> Iterator[TestClient]:
    """Return a client of a product that runs in this process."""
    app = build(workspace.settings, workspace.plan, workspace.registry())
    with app as made, TestClient(made, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def features() -> dict[str, Any]:
    """Return features that the contract accepts."""
    return example()
