"""A version that answers or trains more slowly, or takes more memory, than the last release is found."""

import re
import shutil
import subprocess
from pathlib import Path

import compare
import pytest

PROJECT = Path(__file__).parents[2]
FIGURES = {"p95, ms": 20.0, "memory, MB": 400.0, "training, s": 10.0}


def test_version_within_the_limit_passes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare, "REPORTS", tmp_path)
    assert compare.report("v1", FIGURES, {name: figure * 1.1 for name, figure in FIGURES.items()}, 1.5) == 0
    assert compare.report("v1", {"p95, ms": 20.0}, FIGURES, 1.5) == 0  # the release did not train yet
    assert "BROKEN" not in capsys.readouterr().out


@pytest.mark.parametrize("slower", FIGURES)
def test_sabotage_each_slower_measurement_alone_fails(tmp_path, monkeypatch, capsys, slower):
    monkeypatch.setattr(compare, "REPORTS", tmp_path)
    assert compare.report("v1", FIGURES, FIGURES | {slower: FIGURES[slower] * 1.6}, 1.5) == 1
    printed = capsys.readouterr().out
    assert printed.count("BROKEN") == 1
    assert f"{slower}: 1.60 times that of v1, at most 1.5" in printed


@pytest.fixture
def repository(tmp_path):
    """Return a copy of this project that has a release, and this environment."""
    copy = tmp_path / PROJECT.name
    left_out = shutil.ignore_patterns(".git", ".venv", "var", ".*_cache", "__pycache__")
    shutil.copytree(PROJECT, copy, ignore=left_out)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "As it is"], ["tag", "v1.0.0"]):
        subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *words], cwd=copy, check=True)
    return copy


def compared(repository, *words):
    uv = shutil.which("uv") or str(PROJECT / ".uv" / "bin" / "uv")
    subprocess.run([uv, "sync", "--quiet"], cwd=repository, check=True)
    command = [uv, "run", "--quiet", "python", "tests/load/compare.py", "--rounds", "1", "--seconds", "4", *words]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=400)


@pytest.mark.slow
def test_sabotage_pause_in_the_predictor_breaks_the_time_to_answer_alone(repository):
    """The pause is long and the limit wide, so that a busy machine does not decide."""
    [predictor] = repository.glob("src/*/product/predictor.py")
    text = predictor.read_text(encoding="utf-8")
    slower, count = re.subn(
        r"(?m)^(        objective, fallback, start = .*)$", r"\1\n        __import__('time').sleep(0.5)", text
    )
    assert count == 1
    predictor.write_text(slower, encoding="utf-8")
    plan = repository / "plan.toml"
    text = re.sub(r"(?ms)^\[speed\].*?(?=^\[|\Z)", "", plan.read_text(encoding="utf-8"))
    text += "\n[speed]\nmax_slowdown = 3.0\n"
    plan.write_text(text, encoding="utf-8")
    done = compared(repository)
    assert done.returncode == 1, done.stdout + done.stderr
    printed = [line.partition(":")[0] for line in done.stdout.splitlines() if "times that of" in line]
    assert printed == ["p95, ms"]
    left = subprocess.run(["git", "worktree", "list"], cwd=repository, capture_output=True, text=True, check=True)
    assert len(left.stdout.splitlines()) == 1


def test_missing_release_is_one_line_with_the_next_step(monkeypatch, tmp_path):
    monkeypatch.setattr(compare, "PROJECT", tmp_path)
    with pytest.raises(SystemExit, match=r"no release to compare with .*; tag one as v1\.0\.0"):
        compare.git("describe", "--tags", "--abbrev=0", "--match", "v*")
