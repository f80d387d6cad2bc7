"""Wheels meet in the stores only: each works with the folders of the others removed."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from processes import copy_project

from {{ cookiecutter.__package }}.cli import composition

PACKAGE = Path(composition.__file__).parents[1]
FULL = importlib.util.find_spec(f"{composition.__package__}.model") is not None
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FULL, reason="a product first has no other wheels to remove")]

SERVE = """
from starlette.testclient import TestClient
from {package}.cli.composition import load_project
from {package}.cli.server import build
with build(load_project()) as app, TestClient(app, "http://localhost") as product:
    features = product.get("/openapi.json").json()["components"]["schemas"]["Features"]["examples"][0]
    decision = product.post("/v1/decisions", json=features)
    assert decision.status_code == 201, decision.text
    assert not decision.json()["fallback"]
    print(decision.json()["model"])
"""
MAIN = "from {package}.cli.main import main; main()"
PRODUCT_NEEDS_NOT = ["data", "model", "cli/data.py", "cli/model.py", "stores/lake.py", "stores/registry.py"]
TRAINING_NEEDS_NOT = ["product", "operations", "cli/product.py", "cli/operations.py", "cli/server.py"]


def copy_package(folder, *removed):
    """Copy the package to a folder and remove some of its parts."""
    copy = folder / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name in removed:
        path = copy / name
        assert path.exists()
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def run_code(source, root, code, *words):
    """Run code with a copy of the package in place of the package; return exit code and all that is printed."""
    environment = os.environ | {"PYTHONPATH": str(source), "APP_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-c", code.format(package=PACKAGE.name), *words]
    done = subprocess.run(words, env=environment, cwd=root, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


def test_product_serves_stored_models_without_data_and_model(own_folder, tmp_path):
    source = copy_package(tmp_path / "src", *PRODUCT_NEEDS_NOT)
    code, printed = run_code(source, own_folder, SERVE)
    assert code == 0, printed
    assert "rules:" in printed


def test_learned_model_is_served_without_data_and_model(own_folder, tmp_path):
    whole = copy_package(tmp_path / "whole")
    for command in ("data", "train"):
        code, printed = run_code(whole, own_folder, MAIN, command)
        assert code in (0, 1), printed
    promoted, printed = run_code(whole, own_folder, MAIN, "promote", "--force", "a test")
    source = copy_package(tmp_path / "src", *PRODUCT_NEEDS_NOT)
    code, served = run_code(source, own_folder, SERVE)
    assert code == 0, served
    assert promoted != 0 or "rules:" not in served, printed


def test_project_of_an_older_version_has_no_sources_and_reads_plain_tables(tmp_path):
    source = copy_package(tmp_path / "src", "problem/sources.py")
    code, printed = run_code(source, copy_project(tmp_path / "project"), MAIN, "data")
    assert code == 0, printed
    assert "rows to learn from" in printed


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("SOURCE = Source(delimiters=';')", "sources.py: delimiters: unknown key; the nearest known one is delimiter"),
        ("SOURCE = Source(encoding='utf-7.5')", "sources.py: encoding: no encoding of text is called 'utf-7.5'"),
        ("SOURCE = Source(key=1 / 0)", "sources.py, line 3: ZeroDivisionError"),
        ("from ..core.nothing import x", "sources.py, line 3: ModuleNotFoundError"),
    ],
)
def test_fault_of_sources_is_one_line(tmp_path, line, fault):
    source = copy_package(tmp_path / "src")
    path = source / PACKAGE.name / "problem" / "sources.py"
    path.write_text(f"from ..core.source import Source\n\n{line}\n", encoding="utf-8")
    code, printed = run_code(source, copy_project(tmp_path / "project"), MAIN, "data")
    assert (code, printed.count("\n")) == (2, 1), printed
    assert printed.startswith(f"error: {fault}")


def test_training_works_without_product_and_operations(tmp_path):
    source = copy_package(tmp_path / "src", *TRAINING_NEEDS_NOT)
    root = copy_project(tmp_path / "project")
    for command in ("data", "train"):
        code, printed = run_code(source, root, MAIN, command)
        assert code in (0, 1), printed
        assert "Traceback" not in printed
    assert "version" in printed or "No candidate" in printed


@pytest.mark.parametrize(
    ("file", "line", "code", "removed"),
    [
        ("product/app.py", "from ..model import train as _train", SERVE, PRODUCT_NEEDS_NOT),
        ("model/train.py", "from ..product import predictor as _predictor", MAIN, TRAINING_NEEDS_NOT),
    ],
)
def test_sabotage_import_of_another_wheel_is_seen(own_folder, tmp_path, file, line, code, removed):
    source = copy_package(tmp_path / "src", *removed)
    path = source / PACKAGE.name / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nfrom ..core", f"\n{line}\nfrom ..core", 1), encoding="utf-8")
    exit_code, printed = run_code(source, own_folder, code, *(["train"] if code == MAIN else []))
    assert exit_code == 1
    assert "ImportError" in printed or "ModuleNotFoundError" in printed
