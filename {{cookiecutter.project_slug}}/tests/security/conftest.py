"""A product on a socket of its own, for requests that a test client would correct."""

import pytest
from serving import serving


@pytest.fixture(scope="module")
def address(make_workspace, tmp_path_factory):
    """Return host and port of a product that ends with the module's tests."""
    project = make_workspace(tmp_path_factory.mktemp("served") / "project").project
    with serving(project, read_seconds=1) as place:
        yield place
