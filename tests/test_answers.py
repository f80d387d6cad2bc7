"""Hostile answers: each is shown exactly as it was given, or refused before anything is written."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from cookiecutter.exceptions import CookiecutterException
from jinja2 import TemplateError
from markdown_it import MarkdownIt

from baking import QUESTIONS, TEMPLATE, bake, load_hook, render
from checks import faults, texts

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
# Each of these, where it ran as a command, would leave a file called `pwned`.
SHELL = "$(touch pwned) `touch pwned`; touch pwned & | > pwned"
PYTHON = "'''\"\"\"); __import__('pathlib').Path('pwned').touch() #"
SHOWN = [
    "x",
    'He said "no"',
    "It's a 'desk'",
    "C:\\new\\table \\u0041 \\",
    "{single} braces } {",
    "%} and }} but not their openings",
    "<b>bold</b> & <script>alert(1)</script>",
    "# heading: [link](x) *star* `code` | cell",
    "- yes: no, null ~ !!python/object %TAG @ ---",
    "\U0001f680 rockets \U0001f469\u200d\U0001f4bb and flags \U0001f1eb\U0001f1f7",
    "\u0642\u0631\u0636 \u05d4\u05dc\u05d5\u05d5\u05d0\u05d4",
    "Desk \u00e9\u00e8 \u6f22\u5b57 \u0437\u0430\u0451\u043c",
    SHELL,
    PYTHON,
    "class",
    "a" * 60,
    # what Markdown would hide, or read as something else
    "<!-- see below",
    "``` and ~~~",
    "---",
    "[TODO]: x",
    "N #",
    "1. one",
    "12) twelve, and 3. not",
    "+ plus",
    "&lt; &copy; $x$ ~~y~~ a\\_b",
]
REFUSED = [
    ("project_name", "a" * 200, "more than 60"),
    ("description", "a" * 201, "more than 200"),
    ("project_name", "", "is empty"),
    ("description", " \u200d", "is empty"),
    *[("project_name", blank, "is empty") for blank in ("\u3164", "\u2800", "\ufe0f")],
    ("project_name", "two\nlines", "U+000A"),
    ("description", "a\ttab", "U+0009"),
    ("project_name", "a\x00b", "U+0000"),
    ("description", "a\x1b[31mred", "U+001B"),
    ("project_name", "\u202eturned round", "U+202E"),
    ("description", "half a \ud83d", "U+D83D"),
    ("project_name", " padded ", "begins or ends with a space"),
    ("project_name", "{% raw %}x{% endraw %}", "which the template language changes"),
    ("description", "{{ 6 * 7 }}", "which the template language changes"),
    ("description", "{{ '{{' }} braces", "braces that the template language would read"),
    *[("project_slug", name, "Python keyword") for name in ("class", "async", "none")],
    *[("project_slug", name, "standard library") for name in ("json", "this", "concurrent", "imp")],
    *[
        ("project_slug", name, "module that the project needs")
        for name in ("sklearn", "scikit-learn", "mlflow", "yaml")
    ],
    *[("project_slug", name, "folder that tools ignore") for name in ("dist", "htmlcov", "node-modules", "var")],
    *[("project_slug", name, "module that the project needs") for name in ("serving", "conftest", "run", "poe")],
    *[("project_slug", name, "reserved on Windows") for name in ("con", "nul", "com1", "lpt9")],
    *[("project_slug", name, "project's tools use") for name in ("uv", "tests", "make", "sh")],
    *[
        ("project_slug", name, "must be lower-case")
        for name in ("Desk", "1desk", "a_b", "a--b", "-a", "a-", "é", "a b")
    ],
    *[
        ("project_slug", name, "must be lower-case")
        for name in ("", ".", "..", "a/b/c", "../../up", "a\\b", "/tmp/x", "~")
    ],
    *[
        ("project_slug", name, "must be lower-case")
        for name in ("a;b", "$(touch pwned)", "a'b", 'a"b', "a\nb", "\U0001f680")
    ],
    ("project_slug", "a" * 41, "more than 40"),
    ("project_slug", "a" * 200, "more than 40"),
    *[
        ("owner", name, "single hyphens")
        for name in ("", "-a", "a--b", "a b", "a/b", "$(touch pwned)", "é", "a\nb", "@me")
    ],
    ("owner", "a" * 40, "more than 39"),
]


def shown(markdown: str) -> list[str]:
    """Return what a reader sees of the headings and paragraphs of a text."""
    lines = [token.children or [] for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)]
    return ["".join(child.content for child in children) for children in lines if children]


@pytest.mark.parametrize("answer", SHOWN, ids=ascii)
def test_answer_is_shown_exactly(answer: str) -> None:
    """README and package have the answer to the letter; no other file depends on it (`test_one_machinery.py`)."""
    answers = {"project_name": answer, "description": answer, "owner": "acme", "project_slug": "a-desk"}
    readme, pyproject = (render(PROJECT / name, **answers) for name in ("README.md", "pyproject.toml"))
    assert shown(readme)[:2] == [answer, answer]
    assert tomllib.loads(pyproject)["project"]["description"] == answer


@pytest.mark.parametrize("answer", [SHELL, PYTHON, "{single} braces } {", "1. one"], ids=ascii)
def test_answer_makes_a_whole_project(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """No check finds a fault, only prose has the answer, and nothing of it is run."""
    monkeypatch.chdir(tmp_path)
    answers = {"project_name": answer, "description": answer, "owner": "acme", "project_slug": "a-desk"}
    project = bake(template, tmp_path, **answers)
    assert faults(project) == []
    holders = [name for name, text in texts(project) if answer in text.replace("\\", "")]
    assert set(holders) <= {"README.md", "pyproject.toml"}
    assert list(tmp_path.rglob("pwned")) == []


@pytest.mark.parametrize(("question", "answer", "says"), REFUSED, ids=lambda value: ascii(value)[:40])
def test_answer_is_refused(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], question: str, answer: str, says: str
) -> None:
    """The refusal says why, leaves nothing behind, and its example is accepted."""
    inside = tmp_path / "in" / "here"
    inside.mkdir(parents=True)
    with pytest.raises(CookiecutterException):
        bake(template, inside, **{question: answer})
    said = capfd.readouterr().err
    assert said.startswith("Nothing was generated")
    assert says in said
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "in", inside]
    example = re.findall(rf"^  {question} .*\n.*\n    for example: (.*)", said, re.MULTILINE)
    assert len(example) == 1
    hook = load_hook("pre_gen_project", tmp_path, **{"project_slug": "a-desk", question: example[0]})
    assert list(hook.refusals()) == []


@pytest.mark.parametrize("answer", ["{% raw %}", "{{", "{#", "{{ nothing }}", "{% for %}"])
def test_broken_template_language_is_refused(template: Path, tmp_path: Path, answer: str) -> None:
    """What cookiecutter itself cannot read as an answer stops it before anything is written."""
    with pytest.raises((CookiecutterException, TemplateError)):
        bake(template, tmp_path, project_name=answer)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("question", ["license", "python_version"])
def test_choice_that_is_none_is_refused(template: Path, tmp_path: Path, question: str) -> None:
    """A licence or a version that is not offered stops cookiecutter."""
    with pytest.raises(ValueError, match=question):
        bake(template, tmp_path, **{question: "3.10"})
    assert list(tmp_path.iterdir()) == []


def test_typed_answers(template: Path, tmp_path: Path) -> None:
    """What is typed at the prompts is taken as it is, and braces are refused there as well."""
    visible = [name for name in QUESTIONS if not name.startswith("_")]

    def typed(**answers: str) -> subprocess.CompletedProcess[str]:
        lines = "".join(answers.get(name, "") + "\n" for name in visible)
        asked = [sys.executable, "-m", "cookiecutter", str(template), "--output-dir", str(tmp_path)]
        return subprocess.run(asked, input=lines, capture_output=True, text=True, encoding="utf-8", check=False)

    refused = typed(project_name="{{ 6 * 7 }}", project_slug="a-desk")
    assert refused.returncode
    assert "braces that the template language would read" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    accepted = typed(project_name='A "desk" \\ \U0001f680', project_slug="a-desk", license="2")
    assert (accepted.returncode, accepted.stderr) == (0, "")
    assert shown((tmp_path / "a-desk" / "README.md").read_text(encoding="utf-8"))[0] == 'A "desk" \\ \U0001f680'
    assert "Apache License" in (tmp_path / "a-desk" / "LICENSE").read_text(encoding="utf-8")
