"""The training table, taken apart once for all tests of models."""

import pytest

from {{ cookiecutter.__package }}.lake import open_lake
from {{ cookiecutter.__package }}.model.train import training_rows
from {{ cookiecutter.__package }}.plan import load_plan
from {{ cookiecutter.__package }}.settings import Settings


@pytest.fixture(scope="session")
def plan(prepared):
    return load_plan(prepared / "plan.toml")


@pytest.fixture(scope="session")
def objective(plan):
    return plan.objective


@pytest.fixture(scope="session")
def rows(prepared, objective, tmp_path_factory):
    import shutil

    copy = tmp_path_factory.mktemp("rows") / "lake.db"
    shutil.copy(Settings(root=prepared).var / "lake.db", copy)
    with open_lake(f"duckdb:///{copy}") as lake:
        return training_rows(lake, objective)[1]
