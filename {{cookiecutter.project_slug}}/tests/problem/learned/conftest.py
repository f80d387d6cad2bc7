"""The rules and the candidates of this project, fitted on its own table; made once for all workers."""

from pathlib import Path

import joblib
import pandas as pd
import pytest

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.encoder import encoded
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.recency import take
from {{ cookiecutter.__package }}.stores.files import find_table
from {{ cookiecutter.__package }}.stores.lake import open_lake

PROJECT = Path(__file__).parents[3]
MAX_ROWS = 5_000  # of the table: more would only take longer
FEW_ROWS = 600  # to fit again and again


@pytest.fixture(scope="session")
def project():
    """Return this project, with its own plan and problem."""
    return compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml"))


@pytest.fixture(scope="session")
def problem(project):
    return project.problem


@pytest.fixture(scope="session")
def plan(project):
    return project.plan


@pytest.fixture(scope="session")
def table(project, once):
    """Return the training table that `data` makes of the plan's table; of a large one, some rows drawn at random."""
    if not encoded(project.problem.inputs):
        pytest.skip("models have nothing to learn from: every column is text, protected or personal")

    def make(folder):
        with open_lake(folder / "lake.db") as lake:
            place = find_table(project.plan.data.source, PROJECT)
            build_tables(lake, place, [], project.problem, project.plan)
            table = lake.frame("training")
            joblib.dump(table.sample(min(len(table), MAX_ROWS), random_state=0).sort_index(), folder / "table")

    return joblib.load(once("own-table", make) / "table")


@pytest.fixture(scope="session")
def rows(table, problem):
    """Return the training rows, each assigned to a fold once."""
    try:
        return split_columns(table, problem)
    except UserError as error:
        pytest.skip(f"models cannot be fitted to the table: {error}")


@pytest.fixture(scope="session")
def few(rows):
    """Return some rows of every answer."""
    occurrence = pd.Series(rows.truth).groupby(rows.truth).cumcount()
    kept = occurrence.rank(method="first") <= FEW_ROWS
    return take(rows, kept.to_numpy())


@pytest.fixture(scope="session")
def fitted(rows, problem, once):
    """Return a function that gives the rules or a candidate, fitted on all rows."""
    models = {"rules": problem.rules, **problem.candidates()}

    def load(name):
        folder = once(f"own-fitted-{name}", lambda folder: joblib.dump(fit(models[name], rows), folder / "model"))
        return joblib.load(folder / "model")

    return load


@pytest.fixture(scope="session")
def example(problem):
    """Return the example of every column, as one row."""
    return {column.name: column.example for column in problem.inputs}
