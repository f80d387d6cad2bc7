"""The load test fails when a limit of the plan is broken, and only then."""

import importlib.util
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soak
from payload import draw_features, features_schema
from problems import SHAPES
from serving import serving

from {{ cookiecutter.__package }}.cli.composition import load_project
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.product import predictor as predictors
from {{ cookiecutter.__package }}.product.app import describe
from {{ cookiecutter.__package }}.product.predictor import Predictor

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


def test_measurements_within_all_limits_pass(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    plan = load_plan(PROJECT / "plan.toml")
    assert run.report(figures(plan), plan.speed) == 0
    assert "BROKEN" not in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["p95, ms", "p99, ms", "share of errors", "requests a second"])
def test_sabotage_each_broken_limit_alone_fails(run, tmp_path, monkeypatch, capsys, limit):
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
    printed = capsys.readouterr().out
    assert printed.count("BROKEN") == 1
    assert f"{limit}: " in printed


@pytest.mark.slow
@pytest.mark.parametrize("problem", [*SHAPES, "this project"])
def test_features_that_are_sent_fit_the_contract(monkeypatch, problem):
    monkeypatch.setenv("APP_ROOT", str(PROJECT))
    problem = load_project().problem if problem == "this project" else SHAPES[problem].problem()
    schema = features_schema(describe(problem, "A title"))
    rows = [draw_features(schema) for _ in range(200)]
    for row in rows:
        problem.request.model_validate(row)
    assert {name for row in rows for name in row} == {column.name for column in problem.columns}


class Slow(Predictor):
    """A predictor that takes 50 ms longer."""

    def decide(self, rows):
        time.sleep(0.05)
        return super().decide(rows)


class Failing(Predictor):
    """A predictor that raises."""

    def decide(self, rows):
        raise RuntimeError


class Hanging(Predictor):
    """A predictor that hangs after 20 rows."""

    def decide(self, rows):
        self.count = getattr(self, "count", 0) + len(rows)
        if self.count > 20:
            time.sleep(4)
        return super().decide(rows)


PATIENT = {"requests_per_second": 10, "p95_ms": 20_000, "p99_ms": 20_000}
FAULTS = {
    "none": (Predictor, {}, set(), set()),
    "50 ms more": (Slow, {"p95_ms": 49}, {"p95, ms"}, set()),
    "failing": (Failing, {}, {"share of errors"}, set()),
    "hanging": (Hanging, {"p99_ms": 2000}, {"p99, ms"}, {"share of errors", "requests a second"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_the_product_breaks_its_limit(run, workspace, tmp_path, monkeypatch, capsys, fault):
    """All limits but the tested one are so wide that a busy machine does not break them."""
    predictor, tight, expected, possible = FAULTS[fault]
    monkeypatch.setattr(run, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(predictors, "Predictor", predictor)
    speed = workspace.project.plan.speed.model_copy(update=PATIENT | tight)
    with serving(workspace.project) as (host, port):
        figures = run.load(f"http://{host}:{port}", speed.requests_per_second, 4)
    assert run.report(figures, speed) == bool(expected)
    broken = {line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "in plan.toml" in line}
    assert expected <= broken <= expected | possible
    assert (tmp_path / "reports" / "report.html").stat().st_size > 10_000


class Leaking(Predictor):
    """A predictor that keeps 1 KB of every request."""

    def decide(self, rows):
        self.kept = [*getattr(self, "kept", ()), *(os.urandom(1024) for _ in rows)]
        return super().decide(rows)


@pytest.mark.slow
@pytest.mark.parametrize("predictor", [Predictor, Leaking])
def test_leak_of_one_kilobyte_a_request_is_found(workspace, monkeypatch, predictor):
    monkeypatch.setattr(predictors, "Predictor", predictor)
    with serving(workspace.project) as (host, port):
        grown = soak.soak(f"http://{host}:{port}", os.getpid(), 300, 30)
    assert soak.report(grown, workspace.project.plan.speed.max_leak_bytes) == (predictor is Leaking), grown


@pytest.mark.parametrize(
    ("growing", "wobble", "seconds", "code", "expected"),
    [
        (0, 4096, 60, 0, "memory grows"),
        (100, 4096, 60, 0, "memory grows"),
        (1024, 4096, 60, 1, "over the 512"),
        (500, 1 << 20, 60, 1, "too uncertain"),
        (0, 0, 5, 1, "too short"),
    ],
)
def test_growth_is_compared_by_its_interval(capsys, growing, wobble, seconds, code, expected):
    rate, jumps = 100, random.Random(0)
    samples = [
        (place * soak.EVERY, growing * rate * place * soak.EVERY + jumps.uniform(-wobble, wobble))
        for place in range(int(seconds / soak.EVERY))
    ]
    assert soak.report(soak.growth(samples, rate), 512) == code
    assert expected in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "code"), [(5, 0), (40_000, 1)])
def test_command_starts_a_product_of_its_own_and_its_exit_code_is_the_result(tmp_path, monkeypatch, rate, code):
    other = tmp_path / "other.db"
    monkeypatch.setenv("APP_LEDGER_URL", f"sqlite:///{other}")
    plan = tmp_path / "plan.toml"
    text = (PROJECT / "plan.toml").read_text(encoding="utf-8")
    # the plan of a project may leave any limit out, because each has a default
    text = re.sub(r"(?ms)^\[speed\].*?(?=^\[|\Z)", "", text) + "\n[speed]\n"
    limits = PATIENT | {"requests_per_second": rate}
    text += "".join(f"{name} = {value}\n" for name, value in limits.items())
    plan.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(RUN), "--plan", str(plan), "--seconds", "4"],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert ("requests a second: " in done.stdout) is bool(code)
    assert not other.exists()
