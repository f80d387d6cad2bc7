import shutil

import pytest
from alerts import need
from processes import copy_project, start


@pytest.fixture(scope="module")
def prepared_project(tmp_path_factory):
    """Return a folder with this project's plan and its first model."""
    need("prometheus")
    root = copy_project(tmp_path_factory.mktemp("live") / "project")
    process = start(root, "run", "--prepare")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    return root


@pytest.fixture
def root(prepared_project, tmp_path):
    return shutil.copytree(prepared_project, tmp_path / "project")
