"""A project follows its template: the owner's files stay as they are, and changes of the template arrive."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from baking import TEMPLATE, commit, git, own_environment, run_command, snapshot
from checks import emptiness, endings, exact_files, leftovers, lint, unreadable
from demo import ask, example_body, product

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow
PACKAGE = "src/{{cookiecutter.__package}}"
KEPT = {"README.md": "\nOurs.\n", "Makefile": "\nours: ", "pyproject.toml": "[tool.ours]"}
STATIC = (emptiness, endings, leftovers, lint, unreadable)
OWNED = ("plan.toml", "src/mortgage_desk/problem/contract.py", "src/mortgage_desk/problem/rules.py", "openapi.json")


def cruft(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run cruft in a folder."""
    return subprocess.run(["cruft", *words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def upstream(template: Path, tmp_path: Path) -> Path:
    """Return a clone of the template that a test may change."""
    git(tmp_path, "clone", "--quiet", str(template), "upstream")
    return tmp_path / "upstream"


def create(upstream: Path, folder: Path, *words: str, **answers: str) -> Path:
    """Let cruft make a project, in a repository of its own."""
    extra = ("--extra-context", json.dumps(answers), *words)
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
    assert not re.search(r"(?m)^\+{1,2}<<<<<<< ", git(project, "diff", "HEAD"))
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


def test_update_leaves_the_owners_files_alone(upstream: Path, project: Path) -> None:
    """The template changes the same lines of plan, problem, its tests and the API; the project's stay byte for byte."""
    package = project / "src" / "mortgage_desk"
    edit(package / "problem" / "contract.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(package / "problem" / "rules.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(project / "plan.toml", lambda text: text.replace("p99_ms = ", "p99_ms = 1"))
    edit(project / "README.md", lambda text: text + "\nOurs.\n")
    (package / "problem" / "ours.py").write_text('"""A module of the owner\'s."""\n', encoding="utf-8")
    (project / ".editorconfig").unlink()
    commit(project, "Ours")
    owned = {path: path.read_bytes() for path in project.rglob("*") if "problem" in path.parts and path.is_file()}
    owned |= {project / name: (project / name).read_bytes() for name in OWNED}

    root = upstream / "{{cookiecutter.project_slug}}"
    for path in (*(root / PACKAGE / "problem").glob("*.py"), *(root / "tests" / "problem").glob("*.py")):
        edit(path, lambda text: "# Theirs\n" + text)
    edit(root / "plan_binary.toml", lambda text: "# Theirs\n" + text)
    edit(root / "openapi_binary.json", lambda text: text.replace("{", '{"theirs": 1,', 1))
    edit(root / ".editorconfig", lambda text: text + "\n# theirs\n")
    edit(root / PACKAGE / "core" / "errors.py", lambda text: text.replace('"""', '"""Theirs: ', 1))
    (root / PACKAGE / "problem" / "theirs.py").write_text('"""A module of the template\'s."""\n', encoding="utf-8")
    (root / PACKAGE / "product" / "theirs.py").write_text(
        '"""A module of the template\'s: {{ not rendered }}."""\n', encoding="utf-8"
    )
    (root / "CHANGELOG.md").unlink()
    commit(upstream, "Theirs")

    assert cruft(project, "check").returncode == 1
    update(project)
    assert cruft(project, "check").returncode == 0
    assert {path: path.read_bytes() for path in owned} == owned
    assert not (package / "problem" / "theirs.py").exists()
    assert (package / "core" / "errors.py").read_text(encoding="utf-8").startswith('"""Theirs: ')
    assert (package / "product" / "theirs.py").exists()
    assert (project / "README.md").read_text(encoding="utf-8").endswith("Ours.\n")
    assert not (project / ".editorconfig").exists()
    assert not (project / "CHANGELOG.md").exists()
    assert [fault for check in STATIC for fault in check(project)] == []


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
    edit(package / "problem" / "contract.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(package / "problem" / "rules.py", lambda text: text + '\n\nOURS = "kept"\n')
    edit(project / "README.md", lambda text: text + "\nOurs.\n")
    edit(project / "Makefile", lambda text: text + "\n.PHONY: ours\nours: ## Ours\n\t@true\n")
    edit(project / "pyproject.toml", lambda text: text + "\n[tool.ours]\nkept = true\n")
    ours = '"""Ours."""\n\n\ndef test_ours():\n    assert True\n'
    (project / "tests" / "unit" / "test_ours.py").write_text(ours, encoding="utf-8")
    commit(project, "Ours")
    update(project, "--variables-to-update", json.dumps({"scope": "full lifecycle"}))
    added = {".cruft.json is not in the listing", "tests/unit/test_ours.py is not in the listing"}
    found = set(exact_files(project, scope="full lifecycle"))
    # the owner's tests and the data card do not arrive by an update; the README says so
    owned = ("tests/problem/learned/", "docs/croissant.json", "docs/data-card.md")
    assert {fault for fault in found if not fault.startswith(owned)} == added
    assert [(project / name).read_text(encoding="utf-8").count(mark) for name, mark in KEPT.items()] == [1, 1, 1]
    for name in ("contract.py", "rules.py"):
        assert (package / "problem" / name).read_text(encoding="utf-8").endswith('OURS = "kept"\n')
    assert [fault for check in STATIC for fault in check(project)] == []
    run_command(project, "make", "data-card", seconds=600)
    own_checks(project)


def test_the_full_lifecycle_shrinks_to_the_product(project: Path) -> None:
    """Wheels that are not wanted are removed, and the owner's files stay, also the tests that need these wheels."""
    edit(project / "plan.toml", lambda text: text + "# ours\n")
    commit(project, "Ours")
    update(project, "--variables-to-update", json.dumps({"scope": "product first"}))
    # what is left of learned models and of data is the owner's, whom the README tells to remove it
    shutil.rmtree(project / "tests" / "problem" / "learned")
    for name in ("data-card.md", "croissant.json"):
        (project / "docs" / name).unlink()
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


VERSION_0_2_0 = "699f08afdef95e76873b7e8e2c8cd85b1b2c706d"  # the commit that v0.2.0 tags
OLD_EDITS = {
    "src/mortgage_desk/contract.py": ("ge=0, le=30, examples=[3.2]", "ge=0, le=40, examples=[3.2]"),
    "src/mortgage_desk/model/rules.py": ("OTHERWISE = 0.08", "OTHERWISE = 0.07"),
    "src/mortgage_desk/model/candidates.py": ("LogisticRegression())", "LogisticRegression(C=0.5))"),
    "plan.toml": ("band = 0.05 ", "band = 0.06 "),
    "README.md": ("## Start", "Ours.\n\n## Start"),
}
MOVED = {
    "src/mortgage_desk/contract.py": "src/mortgage_desk/problem/contract.py",
    "src/mortgage_desk/model/rules.py": "src/mortgage_desk/problem/rules.py",
    "src/mortgage_desk/model/candidates.py": "src/mortgage_desk/problem/candidates.py",
}
COLUMN = "debt_to_income"


def command(project: Path, *words: str) -> str:
    """Run a command of a project, which has to succeed, and return what it printed."""
    done = subprocess.run(
        words, cwd=project, env=own_environment(), capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def ask_three(url: str) -> list[dict[str, object]]:
    """Ask for three decisions, and return each without its id and time."""
    body = example_body(ask(f"{url}/openapi.json"))
    found = [ask(f"{url}/v1/decisions", {**body, COLUMN: value}) for value in (0.2, 0.4, 0.9)]
    return [{key: one[key] for key in ("answer", "score", "model", "needs_review", "fallback")} for one in found]


def recorded(url: str) -> dict[str, dict[str, object]]:
    """Return all recorded decisions by id."""
    return {one["id"]: one for one in ask(f"{url}/v1/decisions?limit=100")}


def documented_steps() -> list[list[str]]:
    """Return the commands by which the changelog updates a project of 0.2.0."""
    section = (TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## 0.2.0")[0]
    [block] = re.findall(r"(?s)```\n(.*?update_to_0_3.*?)```", section)
    return [line.partition("#")[0].split() for line in block.splitlines()]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a template with its history, and a project of 0.2.0 that was edited, has learned, and was used."""
    upstream = snapshot(tmp_path_factory.mktemp("history"), history=True)
    folder = tmp_path_factory.mktemp("used")
    project = create(upstream, folder, "--checkout", VERSION_0_2_0)
    for name, (old, new) in OLD_EDITS.items():
        edit(project / name, lambda text, old=old, new=new: text.replace(old, new, 1))  # type: ignore[misc]
    for words in ("openapi", "data", "train", "promote"):
        command(project, "uv", "run", "--quiet", "mortgage-desk", words)
    commit(project, "Ours")
    git(project, "tag", "before")
    return upstream, project


@pytest.fixture
def edited(used: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return the template with its history, and a clone of the used project as it was before its update."""
    upstream, project = used
    git(tmp_path, "clone", "--quiet", str(project), project.name)
    git(tmp_path / project.name, "checkout", "--quiet", "-B", "main", "before")
    return upstream, tmp_path / project.name


def test_project_of_0_2_0_is_updated_and_nothing_is_lost(used: tuple[Path, Path]) -> None:
    """By the documented steps: decisions, reactions, edits and the learned champion are all there."""
    upstream, project = used
    with product(project) as url:
        before = ask_three(url)
        first, second, _ = recorded(url)
        ask(f"{url}/v1/decisions/{first}/reaction", {"verdict": "accept"})
        answer = "no" if recorded(url)[second]["answer"] == "yes" else "yes"
        ask(f"{url}/v1/decisions/{second}/reaction", {"verdict": "override", "answer": answer, "note": "known"})
        kept = recorded(url)
    assert {one["model"] for one in before} == {"mitigated:2"}
    for words in documented_steps():
        if "cruft" in words:
            update(project)
        else:
            program, *rest = (word.replace("TEMPLATE", str(upstream)) for word in words)
            command(project, sys.executable if program == "python" else program, *rest)
    for name, (_, new) in OLD_EDITS.items():
        assert new in (project / MOVED.get(name, name)).read_text(encoding="utf-8")
        assert name not in MOVED or not (project / name).exists()
    assert "skip" not in json.loads((project / ".cruft.json").read_text(encoding="utf-8"))
    assert "Reaction" not in (project / MOVED["src/mortgage_desk/contract.py"]).read_text(encoding="utf-8")
    commit(project, "Update to 0.3.0")
    with product(project) as url:
        now = recorded(url)
        assert {key: {name: now[key][name] for name in row} for key, row in kept.items()} == kept
        assert ask_three(url) == before
    assert "2 of them from reactions" in command(project, "uv", "run", "--quiet", "mortgage-desk", "data")
    own_checks(project)
    assert "Updated." in command(project, sys.executable, str(upstream / "tools" / "update_to_0_3.py"), ".")
    assert git(project, "status", "--porcelain") == ""


def test_update_script_refuses_what_is_not_committed(edited: tuple[Path, Path]) -> None:
    """It says what to do, and changes nothing."""
    upstream, project = edited
    edit(project / "plan.toml", lambda text: text + "# ours\n")
    script = [sys.executable, str(upstream / "tools" / "update_to_0_3.py"), "."]
    done = subprocess.run(script, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there are changes that are not committed; commit them first" in done.stderr
    assert git(project, "status", "--porcelain").split() == ["M", "plan.toml"]


def test_update_script_keeps_edited_classes_and_tests(edited: tuple[Path, Path]) -> None:
    """An edited Reaction stays in the contract, an edited test moves, and both are named."""
    upstream, project = edited
    edit(project / "src/mortgage_desk/contract.py", lambda text: text.replace("max_length=500", "max_length=600"))
    edit(project / "tests/model/test_behaviour.py", lambda text: text.replace('"""', '"""Ours. ', 1))
    commit(project, "Ours")
    said = command(project, sys.executable, str(upstream / "tools" / "update_to_0_3.py"), ".")
    assert "contract.py: your Reaction was edited, and is not used any more" in said
    assert "tests/problem/learned/test_behaviour.py: edited by you" in said
    contract = (project / "src/mortgage_desk/problem/contract.py").read_text(encoding="utf-8")
    assert "class Reaction" in contract
    assert "class Decision" not in contract
    assert (project / "tests/problem/learned/test_behaviour.py").read_text(encoding="utf-8").startswith('"""Ours. ')
    assert git(project, "status", "--porcelain") == ""
