"""The notebook runs from top to bottom on a fresh project, and fails where there is no table yet."""

import os
import shutil
import subprocess

import pytest
from processes import PROJECT, copy_project, start

pytestmark = pytest.mark.slow


def export(root):
    """Run the notebook in an environment of its own, so that this one stays as it is, and write its page."""
    uv = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
    page = root / "notebook.html"
    words = [uv, "run", "--quiet", "--isolated", "--group", "notebook", "marimo", "export", "html"]
    words += [str(PROJECT / "notebooks" / "explore.py"), "--output", str(page)]
    environment = os.environ | {"APP_ROOT": str(root)}
    done = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr, page


def test_notebook_shows_the_training_table_and_fails_without_one(tmp_path):
    root = copy_project(tmp_path / "project")
    code, printed, _ = export(root)
    assert code != 0
    assert "run the `data` command first" in printed
    made = start(root, "data")
    assert made.wait(timeout=120) == 0, made.stdout.read()
    code, printed, page = export(root)
    assert code == 0, printed
    assert "rows of the training table" in page.read_text(encoding="utf-8")
