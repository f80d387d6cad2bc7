"""A folder of this project itself, for tests that start its commands as processes."""

import shutil

import pytest
from processes import copy_project, start


@pytest.fixture
def own_folder(once, tmp_path):
    """Return a prepared folder with this project's own plan, data and models, which a test may change."""

    def make(root):
        process = start(copy_project(root / "project"), "run", "--prepare")
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed

    shutil.copytree(once("own-project", make) / "project", tmp_path / "own")
    return tmp_path / "own"
