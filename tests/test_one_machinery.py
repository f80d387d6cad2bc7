"""One machinery: whatever the answers, the same files have the same bytes, except for those of the owner."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from baking import TEMPLATE, bake
from listing import SHAPES, paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# the files that may differ between two bakes; a line that ends in / is a folder
OWNED = (
    *("plan.toml", "src/package/problem/", "tests/problem/", "data/", "README.md", "LICENSE", "CODEOWNERS"),
    *("pyproject.toml", "openapi.json"),
    *("Dockerfile", "deploy/kubernetes/overlays/"),  # the command, Python, and the name of the project
    "docs/",  # prose, with the project's command
)
PACKAGE = "src/{{cookiecutter.__package}}"
OTHER_ANSWERS = {"project_name": "Loan Desk", "owner": "acme", "license": "proprietary", "python_version": "3.13"}
BAKES = [*SHAPES, OTHER_ANSWERS, {**OTHER_ANSWERS, "license": "Apache-2.0", "scope": "product first"}]


def contents(project: Path) -> dict[str, bytes]:
    """Return every file by path; the package is called `package`, in paths and import lines of tests and notebooks."""
    package = project.name.replace("-", "_")
    found = {}
    for name in paths(project):
        content = (project / name).read_bytes()
        if name.startswith(("tests/", "notebooks/")) and name.endswith(".py"):
            lines = re.compile(rb"(?m)^(\s*(?:from|import) )" + package.encode() + rb"(?=[. ])")
            content = lines.sub(rb"\1package", content)
        found[name.replace(f"src/{package}/", "src/package/")] = content
    return found


def is_owned(name: str) -> bool:
    """Return whether a file may differ between two bakes."""
    return any(name == owned or (owned.endswith("/") and name.startswith(owned)) for owned in OWNED)


def differences(bakes: list[dict[str, bytes]]) -> set[str]:
    """Return the files, apart from the owner's, that do not have the same bytes in all bakes that have them."""
    versions: dict[str, set[bytes]] = {}
    for name, content in (item for one in bakes for item in one.items()):
        versions.setdefault(name, set()).add(content)
    return {name for name, found in versions.items() if len(found) > 1 and not is_owned(name)}


def test_machinery_is_the_same_for_all_answers(baked: Callable[..., Path]) -> None:
    """No answer changes a file that is not on the list."""
    assert differences([contents(baked(**answers)) for answers in BAKES]) == set()


def test_problem_changes_no_list_of_machinery_files(baked: Callable[..., Path]) -> None:
    """For one scope, the three problems have the same files, except for the owner's."""
    for scope in ("full lifecycle", "product first"):
        lists = [
            frozenset(name for name in contents(baked(**answers)) if not is_owned(name))
            for answers in SHAPES
            if answers["scope"] == scope
        ]
        assert len(lists) == 3
        assert len(set(lists)) == 1


@pytest.mark.parametrize("problem", sorted({answers["problem"] for answers in SHAPES}))
def test_scope_only_leaves_files_out(baked: Callable[..., Path], problem: str) -> None:
    """A product first has fewer files, and apart from prose, owners and pyproject.toml none with another content."""
    full, first = (contents(baked(problem=problem, scope=scope)) for scope in ("full lifecycle", "product first"))
    assert first.keys() < full.keys()
    prose = {"README.md", "CODEOWNERS", "pyproject.toml"} | {name for name in first if name.startswith("docs/")}
    assert {name for name in first if first[name] != full[name]} <= prose


def test_planted_differences_are_found(template: Path, tmp_path: Path) -> None:
    """A file that depends on an answer is named; one that is copied as it is cannot depend on any."""
    copy = tmp_path / "template"
    shutil.copytree(template, copy)
    condition = "{% if cookiecutter.scope == 'full lifecycle' %}\nX = 1\n{% endif %}\n"
    rendered = {"tests/conftest.py": "# {{ cookiecutter.problem }}\n", "tests/problems.py": condition}
    copied = (f"{PACKAGE}/core/errors.py", "Makefile", ".github/workflows/ci.yml", ".pre-commit-config.yaml")
    for name, line in (rendered | dict.fromkeys(copied, "# {{ cookiecutter.problem }}\n")).items():
        path = copy / "{{cookiecutter.project_slug}}" / name
        path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    number = {"problem": "a number", "scope": "product first"}
    bakes = [contents(bake(copy, tmp_path / str(place), **answers)) for place, answers in enumerate(({}, number))]
    assert differences(bakes) == rendered.keys()


def test_python_of_the_tests_has_no_mark_of_the_template_language() -> None:
    """Apart from the package's name in import lines; other Python files are copied as they are."""
    root = TEMPLATE / "{{cookiecutter.project_slug}}"
    allowed = re.compile(r"(?m)^\s*(?:from|import) \{\{ cookiecutter\.__package \}\}[\w.]*")
    texts = {path: path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*.py")}
    assert len(texts) > 40
    marked = {path.name for path, text in texts.items() if re.search(r"\{[{%#]", allowed.sub("", text))}
    assert marked == set()
