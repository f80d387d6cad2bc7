"""Code that no test runs turns `make coverage` red."""

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
POE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["poe"]["tasks"]
COMMANDS = [shlex.split(each["cmd"]) for each in POE["coverage"]["sequence"]]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[-1])
def test_sabotage_tests_that_are_gone_break_the_floor(words: list[str], tmp_path: Path) -> None:
    folders = [word for word in words if word.startswith("tests/")]
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)
    texts = {path: path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).glob("test_*.py")}
    left = str(min((path for path in texts if "mark.slow" not in texts[path]), key=lambda path: len(texts[path])))
    options = [word for word in words[1:] if word not in folders]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, left],
        cwd=ROOT,
        env=os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert " passed" in done.stdout
    assert "FAIL Required test coverage" in done.stdout + done.stderr
