"""The runner and the tasks of the workflows are no packages: they lie where the workflows are."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / ".github" / name) for name in ("act", "pipeline")]


@pytest.fixture(autouse=True)
def without_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let act run on this machine, offline, whatever there is."""
    monkeypatch.setenv("ACT_HOST", "1")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
