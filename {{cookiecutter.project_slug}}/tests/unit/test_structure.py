"""The floors of the package: core, problem, stores, wheels, cli. Each rule of the linter is seen to fail."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.cli import composition

PROJECT = Path(__file__).parents[2]
PACKAGE = Path(composition.__file__).parents[1]
FLOORS = "Floors"
VALUE = "The problem is a value"
MLFLOW = "imports MLflow"
PLANTED = [
    # the file, the import that is added, the rule that it breaks
    ("core/plan.py", "from ..stores import ledger", FLOORS),
    ("core/plan.py", "from ..cli import main", FLOORS),
    ("stores/ledger.py", "from ..product import app", FLOORS),
    ("product/app.py", "from ..operations import metrics", FLOORS),
    ("operations/metrics.py", "from ..product import app", FLOORS),
    ("product/app.py", "from ..cli import main", FLOORS),
    ("product/app.py", "from ..problem import contract", VALUE),
    ("cli/server.py", "from ..problem import contract", VALUE),
    ("stores/ledger.py", "from ..problem import rules", VALUE),
    ("product/predictor.py", "import mlflow", MLFLOW),
]
if (PACKAGE / "model").is_dir():
    PLANTED += [
        ("model/train.py", "from ..data import pipeline", FLOORS),
        ("data/pipeline.py", "from ..model import train", FLOORS),
        ("product/app.py", "from ..model import train", FLOORS),
        ("model/train.py", "from ..problem import candidates", VALUE),
    ]


@pytest.fixture
def copied(tmp_path):
    """Return a copy of the package with the rules of the project."""
    shutil.copytree(PACKAGE, tmp_path / "src" / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def find_broken_rules(folder):
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    env = os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert "Analyzed" in done.stdout, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert bool(done.returncode) == bool(broken)
    return broken


@pytest.mark.slow
def test_package_breaks_no_rule(copied):
    assert find_broken_rules(copied) == []


@pytest.mark.slow
@pytest.mark.parametrize(("file", "line", "rule"), PLANTED)
def test_sabotage_planted_import_breaks_its_rule(copied, file, line, rule):
    path = copied / "src" / PACKAGE.name / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    assert any(rule in broken for broken in find_broken_rules(copied))


def test_only_the_composition_imports_the_problem():
    """The linter reads what Python imports; this reads every import statement, also inside functions."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        imported = [node.module or "" for node in ast.walk(ast.parse(path.read_bytes())) if is_relative(node)]
        if any(module.partition(".")[0] == "problem" for module in imported):
            found.add(path.relative_to(PACKAGE).as_posix())
    assert found == {"cli/composition.py"}


def is_relative(node):
    return isinstance(node, ast.ImportFrom) and node.level > 1
