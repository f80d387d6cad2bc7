"""The load test is red when a limit of the plan is broken, and only then."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.plan import load_plan

RUN = Path(__file__).with_name("run.py")
PROJECT = RUN.parents[2]


@pytest.fixture
def run():
    """Return the script as a module; nothing happens on import."""
    spec = importlib.util.spec_from_file_location("load_run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(plan, **changes):
    speed = plan.speed
    count = int(speed.requests_per_second * speed.seconds)
    good = {"num_requests": count, "num_failures": 0, "start_time": 0.0, "last_request_timestamp": float(speed.seconds)}
    return good | {"response_times": {"5": count}} | changes


def test_good_figures_are_green(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    plan = load_plan(PROJECT / "plan.toml")
    assert run.report(figures(plan), plan.speed) == 0
    assert "BROKEN" not in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["p95, ms", "p99, ms", "share of errors", "requests a second"])
def test_sabotage_each_limit_alone_is_red(run, tmp_path, monkeypatch, capsys, limit):
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    plan = load_plan(PROJECT / "plan.toml")
    speed = plan.speed
    count = figures(plan)["num_requests"]
    tail = {"p95, ms": (0.9, speed.p95_ms + 1), "p99, ms": (0.98, speed.p99_ms + 1)}
    changes = {
        "share of errors": {"num_failures": count},
        "requests a second": {"last_request_timestamp": speed.seconds * 2.0},
    }.get(limit)
    if changes is None:
        part, slow = tail[limit]
        changes = {"response_times": {"5": int(count * part), str(slow): count - int(count * part)}}
    assert run.report(figures(plan, **changes), speed) == 1
    said = capsys.readouterr().out
    assert said.count("BROKEN") == 1
    assert f"{limit}: " in said


@pytest.mark.slow
def test_a_rate_that_cannot_be_reached_is_red(tmp_path):
    plan = tmp_path / "plan.toml"
    shutil.copy(PROJECT / "plan.toml", plan)
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("requests_per_second = 40", "requests_per_second = 40000"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(RUN), "--plan", str(plan), "--seconds", "4"],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "requests a second: " in done.stdout
