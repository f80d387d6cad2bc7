"""A project follows its template: what users changed stays, what the template changed arrives."""

from __future__ import annotations

import json
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from baking import commit, git, own_environment
from checks import emptiness, endings, exact_files, leftovers, lint, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
PACKAGE = "src/{{cookiecutter.__package}}"
KEPT = {"README.md": "\nOurs.\n", "Makefile": "\nours: ", "pyproject.toml": "[tool.ours]"}
STATIC = (emptiness, endings, leftovers, lint, unreadable)


def cruft(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run cruft in a folder."""
    return subprocess.run(["cruft", *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def upstream(template: Path, tmp_path: Path) -> Path:
    """Return a clone of the template that a test may change."""
    git(tmp_path, "clone", "--quiet", str(template), "upstream")
    return tmp_path / "upstream"


def create(upstream: Path, folder: Path, **answers: str) -> Path:
    """Let cruft make a project, in a repository of its own."""
    extra = ("--extra-context", json.dumps(answers))
    made = cruft(folder, "create", str(upstream), "--no-input", "--output-dir", str(folder), *extra)
    assert made.returncode == 0, made.stderr
    project = folder / "mortgage-desk"
    git(project, "init", "--quiet")
    commit(project, "As generated")
    return project


@pytest.fixture
def project(upstream: Path, tmp_path: Path) -> Path:
    """Return a project that cruft made from the defaults."""
    return create(upstream, tmp_path)


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Rewrite a file, and see that this changed it."""
    before = path.read_text(encoding="utf-8")
    path.write_text(change(before), encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") != before


def update(project: Path, *words: str) -> None:
    """Update a project, which must neither fail nor leave anything to settle."""
    done = cruft(project, "update", "--skip-apply-ask", *words)
    assert done.returncode == 0, done.stderr
    assert list(project.rglob("*.rej")) == []
    assert "<<<<<<<" not in git(project, "diff", "HEAD")
    assert git(project, "diff", "--name-only", "--diff-filter=U") == ""


def own_checks(project: Path) -> None:
    """Let a project check itself, as its user would."""
    done = subprocess.run(
        ["make", "check"], cwd=project, env=own_environment(), capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_fresh_project_is_up_to_date(project: Path) -> None:
    """`cruft check` is content with what `cruft create` made, and so are the checks."""
    assert cruft(project, "check").returncode == 0
    assert [fault for check in STATIC for fault in check(project)] == []


def test_edits_survive_an_update(upstream: Path, project: Path) -> None:
    """The user's contract, rules, plan and files, and the template's changes to the same files, are all there."""
    package = project / "src" / "mortgage_desk"
    edit(package / "contract.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(package / "model" / "rules.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(project / "plan.toml", lambda text: text.replace("p99_ms = ", "p99_ms = 1"))
    (package / "product" / "ours.py").write_text('"""A module of the user\'s."""\n', encoding="utf-8")
    (project / ".editorconfig").unlink()
    commit(project, "Ours")

    root = upstream / "{{cookiecutter.project_slug}}"
    edit(root / PACKAGE / "contract_binary.py", lambda text: text.replace('"""', '"""Theirs: ', 1))
    edit(root / PACKAGE / "model" / "rules_binary.py", lambda text: text.replace('"""', '"""Theirs: ', 1))
    edit(root / "plan_binary.toml", lambda text: "# Theirs\n" + text)
    edit(root / ".editorconfig", lambda text: text + "\n# theirs\n")
    (root / PACKAGE / "product" / "theirs.py").write_text(
        '"""A module of the template\'s: {{ not rendered }}."""\n', encoding="utf-8"
    )
    (root / "CHANGELOG.md").unlink()
    commit(upstream, "Theirs")

    assert cruft(project, "check").returncode == 1
    update(project)
    assert cruft(project, "check").returncode == 0
    for name in ("contract.py", "model/rules.py"):
        text = (package / name).read_text(encoding="utf-8")
        assert text.startswith('"""Theirs: ')
        assert text.endswith('OURS = "kept"\n')
    plan = (project / "plan.toml").read_text(encoding="utf-8")
    assert plan.startswith("# Theirs\n")
    assert tomllib.loads(plan)["speed"]["p99_ms"] > 1000
    assert (package / "product" / "ours.py").exists()
    assert (package / "product" / "theirs.py").exists()
    assert not (project / ".editorconfig").exists()
    assert not (project / "CHANGELOG.md").exists()
    assert [fault for check in STATIC for fault in check(project)] == []
    own_checks(project)


def test_answer_can_be_changed_by_an_update(project: Path, tmp_path: Path) -> None:
    """Another licence arrives by an update, under the same name; a bad answer changes nothing."""
    refused = cruft(project, "update", "--skip-apply-ask", "--variables-to-update", json.dumps({"owner": "-me"}))
    assert refused.returncode
    assert "for example: me" in refused.stderr
    assert git(project, "status", "--porcelain") == ""
    # by file, as the README says for shells whose quotes differ
    answers = json.loads((project / ".cruft.json").read_text(encoding="utf-8"))
    answers["context"]["cookiecutter"]["license"] = "Apache-2.0"
    (tmp_path / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    update(project, "--variables-to-update-file", str(tmp_path / "answers.json"))
    assert "Apache License" in (project / "LICENSE").read_text(encoding="utf-8")
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["license"] == "Apache-2.0"


def test_product_first_grows_into_the_full_lifecycle(upstream: Path, tmp_path: Path) -> None:
    """The wheels that were left out arrive with an update of the answer, and the user's edits stay."""
    project = create(upstream, tmp_path, scope="product first")
    package = project / "src" / "mortgage_desk"
    edit(package / "contract.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(package / "model" / "rules.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(project / "README.md", lambda text: text + "\nOurs.\n")
    edit(project / "Makefile", lambda text: text + "\n.PHONY: ours\nours: ## Ours\n\t@true\n")
    edit(project / "pyproject.toml", lambda text: text + "\n[tool.ours]\nkept = true\n")
    ours = '"""Ours."""\n\n\ndef test_ours():\n    assert True\n'
    (project / "tests" / "unit" / "test_ours.py").write_text(ours, encoding="utf-8")
    commit(project, "Ours")
    update(project, "--variables-to-update", json.dumps({"scope": "full lifecycle"}))
    added = [".cruft.json is not in the listing", "tests/unit/test_ours.py is not in the listing"]
    assert sorted(exact_files(project, scope="full lifecycle")) == added
    assert [(project / name).read_text(encoding="utf-8").count(mark) for name, mark in KEPT.items()] == [1, 1, 1]
    for name in ("contract.py", "model/rules.py"):
        assert (package / name).read_text(encoding="utf-8").endswith('OURS = "kept"\n')
    assert [fault for check in STATIC for fault in check(project)] == []
    own_checks(project)


def test_the_full_lifecycle_shrinks_to_the_product(project: Path) -> None:
    """What the README says of wheels that are not wanted: they go, and the user's edits to the rest stay."""
    edit(project / "plan.toml", lambda text: text + "# ours\n")
    commit(project, "Ours")
    update(project, "--variables-to-update", json.dumps({"scope": "product first"}))
    assert exact_files(project, scope="product first") == [".cruft.json is not in the listing"]
    assert (project / "plan.toml").read_text(encoding="utf-8").endswith("# ours\n")
    assert [fault for check in STATIC for fault in check(project)] == []


def test_refused_answers_leave_nothing_behind(upstream: Path, tmp_path: Path) -> None:
    """Under cruft a refusal is the same as under cookiecutter."""
    bad = json.dumps({"project_slug": "../up", "owner": "", "project_name": "a\nb"})
    out = tmp_path / "out"
    out.mkdir()
    refused = cruft(tmp_path, "create", str(upstream), "--no-input", "--output-dir", str(out), "--extra-context", bad)
    assert refused.returncode
    assert refused.stderr.count("for example: ") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "upstream"]
    assert list(out.iterdir()) == []
