"""Every answer makes a whole project."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from baking import CHOICES, QUESTIONS, TEMPLATE, git, pairwise
from checks import faults, illegal_on_windows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Baked = Callable[..., Path]

# Python wraps its lines by the length of the names in them: the shortest and the longest must do too;
# and a name may end as the names of variants do, or be that of a part of the package
NAMES = [
    {"project_slug": "x"},
    {"project_slug": "a-name-that-is-as-long-as-a-name-may-be0"},
    {"project_name": "Safety First", "problem": "a number"},
    {"project_slug": "phone-number", "problem": "a number", "scope": "product first"},
    {"project_slug": "desk", "problem": "one of several"},
    {"project_slug": "product"},
]
COMBINATIONS = [{}, *NAMES, *pairwise(CHOICES)]


@pytest.mark.parametrize("answers", COMBINATIONS, ids=lambda answers: "-".join(answers.values()) or "defaults")
def test_project_is_whole(baked: Baked, answers: dict[str, str]) -> None:
    """No check finds a fault, whatever was answered."""
    project = baked(owner="acme", **answers)
    assert faults(project, **answers) == []


def test_every_pair_of_choices_is_baked() -> None:
    """The combinations have every two choices together."""
    for one, its_choices in CHOICES.items():
        for other, choices in CHOICES.items():
            pairs = {(row.get(one), row.get(other)) for row in COMBINATIONS}
            assert one == other or {(a, b) for a in its_choices for b in choices} <= pairs


def combination(question: str, choice: str) -> dict[str, str]:
    """Return the first combination that has a choice."""
    return next(answers for answers in COMBINATIONS if answers.get(question) == choice)


@pytest.mark.parametrize("licence", CHOICES["license"])
def test_one_licence_is_left(baked: Baked, licence: str) -> None:
    """The chosen licence is there, in the name of the owner, and no other."""
    project = baked(owner="acme", **combination("license", licence))
    text = (project / "LICENSE").read_text(encoding="utf-8")
    opening = {"MIT": "MIT License", "Apache-2.0": "Apache License", "BSD-3-Clause": "BSD 3-Clause License"}
    assert opening.get(licence, "All rights reserved") in text
    assert ("acme" in text) == (licence != "Apache-2.0")  # whose text names nobody
    stated = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"]
    assert stated == ("LicenseRef-Proprietary" if licence == "proprietary" else licence)
    assert [path.name for path in project.glob("LICENSE*")] == ["LICENSE"]


@pytest.mark.parametrize("version", CHOICES["python_version"])
def test_python_version_is_asked_for(baked: Baked, version: str) -> None:
    """The project says which Python it needs, as text: 3.10 must never become 3.1."""
    project = baked(owner="acme", **combination("python_version", version))
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["requires-python"] == f">={version}"


def test_questions_are_few_and_worded() -> None:
    """At most nine questions, each in words, and each default fits its question."""
    visible = {name for name in QUESTIONS if not name.startswith("_")}
    assert len(visible) <= 9
    assert visible == set(QUESTIONS["__prompts__"])
    labelled = {name: words for name, words in QUESTIONS["__prompts__"].items() if isinstance(words, dict)}
    assert all(set(words) - {"__prompt__"} <= set(CHOICES[name]) for name, words in labelled.items())


def test_python_of_the_template_is_python() -> None:
    """The template language touches Python only where a test imports the package."""
    root = TEMPLATE / "{{cookiecutter.project_slug}}"
    lines = [line for path in root.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    marked = [line for line in lines if re.search(r"\{\{ *cookiecutter|\{%", line)]
    importing = re.compile(r"\s*(from|import) \{\{ cookiecutter\.__package \}\}[\w.]*( import [^{]+| as \w+)?")
    assert [line for line in marked if not importing.fullmatch(line)] == []


def test_template_can_be_checked_out_on_windows() -> None:
    """Every path of the template is legal there."""
    assert illegal_on_windows(git(TEMPLATE, "ls-files").splitlines()) == []
