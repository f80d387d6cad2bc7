"""The hooks: what they refuse, what they keep, and that they do no more than that."""

from __future__ import annotations

import ast
import json
import keyword
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter

from baking import CHOICES, QUESTIONS, TEMPLATE, bake, git, load_hook
from listing import SHAPES
from names import direct_dependencies, modules

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

HOOKS = ("pre_gen_project", "post_gen_project")


@pytest.fixture(scope="module")
def pre_gen(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Return the hook that checks answers."""
    return load_hook("pre_gen_project", tmp_path_factory.mktemp("hook"))


@pytest.fixture
def post_gen(tmp_path: Path) -> ModuleType:
    """Return the hook that keeps and drops files."""
    return load_hook("post_gen_project", tmp_path)


@pytest.mark.parametrize("name", HOOKS)
def test_hook_uses_the_standard_library_only(name: str) -> None:
    """Nothing to install, nothing that reaches out, no other program."""
    tree = ast.parse((TEMPLATE / "hooks" / f"{name}.py").read_text(encoding="utf-8"))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | froms
    assert names <= sys.stdlib_module_names | {"collections.abc"}
    assert not names & {"socket", "ssl", "urllib", "http", "subprocess", "os", "ctypes", "multiprocessing"}


def test_names_that_python_or_windows_has_are_refused(pre_gen: ModuleType) -> None:
    """Keywords, modules of the standard library and devices cannot be a package."""
    devices = {"con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9"}
    names = {*keyword.kwlist, *sys.stdlib_module_names, *devices}
    slugs = {name.lower().replace("_", "-") for name in names if not name.startswith("_")}
    assert [slug for slug in slugs if not list(pre_gen.slug_faults(slug, 40))] == []


def test_names_of_direct_dependencies_are_refused(pre_gen: ModuleType, baked: Callable[..., Path]) -> None:
    """A project cannot be called as a package that it asks for, as what is imported from it, or as its command."""
    names = direct_dependencies(baked())
    assert len(names) > 20
    used = ["sklearn", "yaml", "ibis", "httpx2", "poe", "lint-imports", "act", "python"]
    assert [name for name in [*names, *used] if not list(pre_gen.slug_faults(name, 40))] == []


def test_names_of_modules_that_are_found_by_their_bare_names_are_refused(
    pre_gen: ModuleType, baked: Callable[..., Path]
) -> None:
    """A package of that name would be taken for a module of the project's tests, or the other way round."""
    stems = {path.stem for answers in SHAPES for path in modules(baked(**answers))}
    assert len(stems) > 40
    assert [stem for stem in stems if not list(pre_gen.slug_faults(stem.replace("_", "-"), 40))] == []


def test_an_answer_of_nothing_is_refused(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As a configuration file can give it."""
    nothing = {"owner": None, "description": None}
    with pytest.raises(FailedHookException):
        cookiecutter(str(template), no_input=True, extra_context=nothing, output_dir=str(tmp_path))
    said = capfd.readouterr().err
    assert re.findall(r"^  (\w+) ''", said, re.MULTILINE) == ["description", "owner"]


def test_good_names_are_not_refused(pre_gen: ModuleType) -> None:
    """The checks let through what will do."""
    for slug in ("x", "desk", "mortgage-desk", "match", "a1", "werkzeug", "click", "class-desk", "con-desk", "a" * 40):
        assert list(pre_gen.slug_faults(slug, 40)) == []


def test_all_refusals_come_at_once(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One run names every bad answer, with all its faults and an example, and writes nothing."""
    bad = {"project_name": " ", "project_slug": "../Class", "description": "a\nb" * 100, "owner": "-me-"}
    with pytest.raises(FailedHookException):
        bake(template, tmp_path / "out", **bad)
    said = capfd.readouterr().err
    assert re.findall(r"^  (\w+) ", said, re.MULTILINE) == ["project_name", "project_slug", "description", "owner"]
    assert re.findall(r"for example: (.+)", said)[1::2] == ["class-desk", "me"]
    assert "has 300 characters, more than 200; has characters that cannot be seen: U+000A" in said
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


def test_post_gen_says_what_comes_next(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The last words are three commands, and they work as they stand."""
    bake(template, tmp_path, project_slug="loan-desk")
    commands, other = capfd.readouterr().out.split("Next:")[1].split("Without make: ")
    assert [line.strip() for line in commands.splitlines() if line] == ["cd loan-desk", "make run", "make test"]
    assert other.strip() == "uv run loan-desk run, uv run poe test"
    pyproject = tomllib.loads((tmp_path / "loan-desk" / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"run", "test"} <= pyproject["tool"]["poe"]["tasks"].keys()


def test_every_choice_of_the_table_exists(post_gen: ModuleType) -> None:
    """A row names a question and one of its answers."""
    assert [row for row in post_gen.TABLE if row.answer not in CHOICES[row.question]] == []


def test_row_that_matches_nothing_fails(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A variant that is gone from the template is noticed by every bake, also one that would not keep it."""
    copy = tmp_path / "template"
    shutil.copytree(template, copy)
    (copy / "{{cookiecutter.project_slug}}" / "LICENSE-BSD-3-Clause").unlink()
    with pytest.raises(FailedHookException):
        bake(copy, tmp_path / "out", license="MIT")
    assert "license = 'BSD-3-Clause': no file's name ends in -BSD-3-Clause" in capfd.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def plant(root: Path, *names: str) -> None:
    """Write files that hold their own names."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def test_variants_and_drops(post_gen: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chosen row keeps its files and drops its paths; the others' variants go, their drops stay."""
    root, row = tmp_path / "project", post_gen.Row
    plant(root, "plan_one.toml", "plan_two.toml", "src/a_one.py", "LICENSE-2.0", "later/x/y.py", "later/z.py", "not")
    monkeypatch.setattr(post_gen, "ANSWERS", {"kind": "one", "scope": "first", "project_slug": "desk"})
    rows = (
        row("scope", "first", drop=("later", "later/x", "src/a.py")),
        row("scope", "all", drop=("not",)),
        row("kind", "one", tag="_one"),
        row("kind", "two", tag="_two"),
        row("scope", "first", tag="-2.0"),
    )
    monkeypatch.setattr(post_gen, "TABLE", rows)
    post_gen.main(root)
    left = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}
    assert left == {"plan.toml": "plan_one.toml", "LICENSE": "LICENSE-2.0", "not": "not"}


@pytest.mark.parametrize(
    ("files", "row", "says"),
    [
        (["a.py"], {"answer": "one", "drop": ("b.py",)}, "there is no b.py"),
        (["a.py"], {"answer": "two", "drop": ("b.py",)}, "there is no b.py"),
        (["a.py"], {"answer": "two", "tag": "_x"}, "no file's name ends in _x"),
        (["a.py", "a_x.py"], {"answer": "one", "tag": "_x"}, "a_x.py would replace a.py"),
    ],
)
def test_table_that_is_behind_the_template_fails(
    post_gen: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    row: dict[str, str],
    says: str,
) -> None:
    """Chosen or not, a row has to find what it names, and may not overwrite."""
    root = tmp_path / "project"
    plant(root, *files)
    monkeypatch.setattr(post_gen, "ANSWERS", {"kind": "one"})
    monkeypatch.setattr(post_gen, "TABLE", (post_gen.Row("kind", **row),))
    with pytest.raises(SystemExit, match=re.escape(says)):
        post_gen.main(root)
    assert sorted(path.name for path in root.iterdir()) == sorted(files)


def test_answers_reach_the_hooks_as_data(tmp_path: Path) -> None:
    """Whatever is in an answer arrives in a hook as it was given."""
    name = '"\'\'\'"""\\ \\u0041 \U0001f680 \n\t</script> $(x)'
    hook = load_hook("post_gen_project", tmp_path, project_name=name, description="\\")
    assert (hook.ANSWERS["project_name"], hook.ANSWERS["description"]) == (name, "\\")
    assert json.loads(hook.ANSWERS["__quoted_description"]) == "\\"


def test_template_is_found_by_a_relative_path(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cookiecutter .` in a clone is what people type; hooks run elsewhere, in the project's folder."""
    monkeypatch.chdir(template)
    assert (Path(cookiecutter(".", no_input=True, output_dir=str(tmp_path))) / "plan.toml").exists()


def test_what_is_offered_is_what_the_hook_knows() -> None:
    """The hook tells a default from an answer by it."""
    templated = {name: value for name, value in QUESTIONS.items() if "{{" in str(value) and not name.startswith("_")}
    assert QUESTIONS["_offered"] == templated


def test_a_project_that_is_there_is_not_written_over(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not even when cookiecutter is told to; a repository without a file is no project."""
    project = bake(template, tmp_path)
    edited = project / "plan.toml"
    edited.write_text("# mine\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    again = {"no_input": True, "overwrite_if_exists": True, "output_dir": str(tmp_path)}
    with pytest.raises(FailedHookException):
        cookiecutter(str(template), **again)
    assert "cruft update" in capfd.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert edited.read_text(encoding="utf-8") == "# mine\n"
    shutil.rmtree(project)
    git(tmp_path, "init", "--quiet", project.name)
    cookiecutter(str(template), **again)
    assert (project / "plan.toml").exists()
