"""A product on a socket of its own, for requests that a test client would put right."""

import shutil

import pytest
from serving import serving


@pytest.fixture(scope="module")
def address(prepared, tmp_path_factory):
    """Return host and port of a product that ends with the module's tests."""
    root = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(prepared, root)
    with serving(root) as at:
        yield at
