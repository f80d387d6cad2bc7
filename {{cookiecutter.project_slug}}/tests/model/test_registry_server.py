"""The registry on an MLflow server with PostgreSQL: a whole turn, and two processes that register at once."""

import contextlib
import dataclasses
import multiprocessing
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from postgres import make_schema
from problems import USUAL

from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import load_settings
from {{ cookiecutter.__package }}.stores.evidence import EVIDENCE

pytestmark = pytest.mark.slow
PROBLEM = USUAL.problem()
SECONDS = 120
WITHOUT_OTHER_LIMITS = "[gates]\nmax_calibration_error = 1.0\nmax_log_odds_shift = 1e9\n"


@contextlib.contextmanager
def run_server(database, folder):
    """Run an MLflow server and yield its address; artefacts are in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--backend-store-uri", database]
    command = [sys.executable, "-m", "mlflow", "server", *words, "--artifacts-destination", str(folder)]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder.parent / "server.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder.parent)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            assert server.poll() is None, (folder.parent / "server.log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def server(postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server") / "artefacts"
    folder.mkdir()
    with run_server(make_schema(postgres[0]), folder) as address:
        yield address, folder


@pytest.fixture
def served(workspace, server, monkeypatch):
    """Return a workspace whose registry is on the server, with a plan that limits nothing but the cost."""
    monkeypatch.setenv("APP_REGISTRY_URL", server[0])
    monkeypatch.setenv("APP_MODELS_URL", (workspace.root / "var" / "models").as_uri())
    workspace.edit_plan("[groups.limits]\nfalse_positive_rate = 0.5", "[slices]\nmax_cost_increase = 1e9")
    workspace.edit_plan("[gates]\n", WITHOUT_OTHER_LIMITS)
    return workspace


def test_version_is_trained_shown_promoted_and_made_again(served, server, run_command):
    dear = dataclasses.replace(served, shape=dataclasses.replace(USUAL, rules=[], otherwise=0.0))
    for words in (("run", "--prepare"), ("train",)):
        code, out, error = run_command(dear, *words)
        assert (code, error) == (0, ""), out
    registry = dear.project.registry
    version = registry.version("challenger")
    assert f"\n# learned:{version}\n" in run_command(dear, "card")[1]
    [file] = [path for path in server[1].rglob(EVIDENCE) if '"recipe"' in path.read_text(encoding="utf-8")]
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace('"pass"', '"passed"'), encoding="utf-8")
    assert f"{EVIDENCE} was changed after registration" in run_command(dear, "promote")[2]
    file.write_text(content, encoding="utf-8")
    code, out, error = run_command(dear, "promote")
    assert (code, error) == (0, ""), out
    assert (registry.version("champion"), dear.project.models.entry("champion")["version"]) == (version, version)
    code, out, _ = run_command(dear, "reproduce")
    assert "the largest difference of a prediction is 0." in out
    assert out.splitlines()[1:] == ["  differs: commit: it was trained with files that no commit has"]


def register_twice(root, ready):
    os.environ["APP_ROOT"] = str(root)
    ready.wait()
    registry = USUAL.project(load_settings(), load_plan(root / "plan.toml")).registry
    for name in ("first", "second"):
        version = registry.register(PROBLEM.rules.fit(), name=name, inputs=PROBLEM.inputs, metrics={}, tags={})
        registry.set_alias("challenger", version)


def test_two_processes_that_register_at_once_lose_nothing(served):
    registry = served.project.registry
    before = len(registry.versions())
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=register_twice, args=(served.root, ready)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=SECONDS)
        assert process.exitcode == 0
    versions = registry.versions()
    assert len(versions) == before + 4
    assert all(registry.is_intact(version) for version in versions[:4])
    assert all(registry.evidence(version)["edits"] == [] for version in versions[:4])
    assert registry.find_edited_aliases() == {}
