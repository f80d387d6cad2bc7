"""Collect without waste, and give every test the fixtures of `workspaces.py`."""

import gc
import re
from pathlib import Path

import pytest

gc.disable()  # while tests are collected, which leaves no garbage


def pytest_configure(config: pytest.Config) -> None:
    """Import the fixtures, which takes seconds, wherever tests run: not in the process that hands them out."""
    if not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("workspaces")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import modules that have slow tests alone when these are not asked for: it takes seconds."""
    if config.getoption("markexpr") != "not slow" or collection_path.suffix != ".py":
        return None
    return bool(re.search(r"(?m)^pytestmark = .*\bslow\b", collection_path.read_text(encoding="utf-8"))) or None


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collection, and collect less often: a sixth of the time otherwise."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000, 20, 20)
