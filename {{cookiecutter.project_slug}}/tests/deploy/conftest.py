"""A prepared project in a folder of its own, of which products run in processes of their own."""

import shutil

import pytest
from alerts import need
from processes import copy_project, start


@pytest.fixture
def root(once, tmp_path):
    """Return a folder with this project's plan and its first model, which Prometheus may watch."""
    need("prometheus")
    return shutil.copytree(once("live", prepare), tmp_path / "project")


def prepare(folder):
    process = start(copy_project(folder), "run", "--prepare")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
