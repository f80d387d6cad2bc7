"""The tour runs the whole lifecycle in stores of its own, and leaves those of the project as they are."""

import os
import subprocess
import sys
import tomllib

import pytest
from processes import PROJECT, START

from {{ cookiecutter.__package }}.cli import tour
from {{ cookiecutter.__package }}.cli.tour_folder import write_toml

PROGRAM = tour.__package__.partition(".")[0].replace("_", "-")


def test_plan_is_written_as_it_was_read():
    text = (PROJECT / "plan.toml").read_text(encoding="utf-8")
    plan = tomllib.loads(text) | {"review": {"above": float("inf")}, "product": {"question": 'Is "é" \\ \n ok?'}}
    assert tomllib.loads(write_toml(plan)) == plan


@pytest.mark.slow
def test_tour_runs_from_the_rules_to_a_good_challenger_and_leaves_the_project_as_it_is(own_folder):
    before = {path: path.stat().st_mtime_ns for path in sorted((own_folder / "var").glob("*.db"))}
    environment = os.environ | {"APP_ROOT": str(own_folder), "APP_LEDGER_URL": "sqlite:////nowhere/ledger.db"}
    words = [sys.executable, "-c", START, "tour", "--count", "300"]
    done = subprocess.run(
        words, env=environment, cwd=own_folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for command in ("simulate", "data", "train", "monitor", "rollout advance", "history"):
        assert f"$ uv run {PROGRAM} {command}" in done.stdout
    assert "Rolled back: " in done.stdout
    assert (own_folder / "var" / "tour" / "report.html").stat().st_size > 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
