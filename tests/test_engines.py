"""The data wheel of a generated project gives the same rows on every engine of the lake, with PySpark installed."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from baking import run_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPARK = "ibis-framework[pyspark]"


@pytest.mark.slow
def test_every_engine_gives_the_rows_of_duckdb(baked: Callable[..., Path], tmp_path: Path) -> None:
    """None of them is skipped; the documented installation is the one that is tried."""
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)  # which others copy: without an environment, whose programs would be those here
    assert f"uv add '{SPARK}'" in (project / "README.md").read_text(encoding="utf-8")
    words = ("pytest", "-v", "-n", "0", "-m", "slow", "tests/data/test_engines.py")
    done = run_command(project, "uv", "run", "--quiet", "--with", SPARK, *words, seconds=480)
    assert done.returncode == 0, done.stdout[-6000:]
    for engine in ("postgres", "pyspark"):
        assert re.search(rf"test_every_command_gives_the_rows_of_duckdb\[{engine}\].* PASSED", done.stdout), done.stdout
        assert re.search(rf"test_joined_columns_are_those_of_duckdb\[{engine}\].* PASSED", done.stdout), done.stdout
    assert "SKIPPED" not in done.stdout, done.stdout
