"""The scripts that the data wheel is measured beside do its work: all give the same results."""

from __future__ import annotations

import importlib.util
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from baking import TEMPLATE, run_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

DATA = TEMPLATE / "benchmarks" / "data"


def load_run() -> ModuleType:
    """Return the script that measures as a module."""
    spec = importlib.util.spec_from_file_location("benchmark_of_data", DATA / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_all_give_the_same_results(baked: Callable[..., Path], tmp_path: Path) -> None:
    """Two thousand rows of both kinds, by the wheel, SQL, Polars and pandas."""
    compare, found = load_run().compare, {}
    project = tmp_path / baked().name
    shutil.copytree(baked(), project)
    for kind in ("parquet", "csv"):
        python = ("uv", "run", "--quiet", "--with", "polars", "python")
        made = run_command(project, *python, str(DATA / "rows.py"), str(tmp_path / kind), "2000", kind, seconds=600)
        assert made.returncode == 0, made.stdout
        for name in ("wheel", "duckdb", "polars", "pandas"):
            words = (str(DATA / "work.py"), name, kind, str(tmp_path / kind), str(tmp_path / f"{kind} {name}"))
            done = run_command(project, *python, *words, seconds=120)
            assert done.returncode == 0, done.stdout
            found[kind, name] = json.loads(done.stdout.splitlines()[-1])
    expected = found["parquet", "duckdb"]
    assert (expected["rows"], expected["quarantined"]) == (1988, 16)
    assert [compare(each, expected, " ".join(key)) for key, each in found.items()] == [""] * 8


@pytest.mark.parametrize(
    ("what", "value"), [("rows", 3), ("folds", [2, 1]), ("sums", {"n": 1.5001}), ("bins", {"n": [2, 0]}), ("sums", {})]
)
def test_other_results_are_reported(what: str, value: object) -> None:
    """A run that counts or adds up something else is not compared by its time."""
    expected = {"rows": 2, "quarantined": 0, "folds": [1, 1], "sums": {"n": 1.5}, "bins": {"n": [1, 1], "y": [2]}}
    compare = load_run().compare
    assert compare({**expected, "sums": {"n": 1.5 + 1e-12}}, expected, "x") == ""
    assert compare({**expected, what: value}, expected, "x").startswith(f"x: {what} differ: ")
