"""The README of a project says what its code is: the layers, the reading path, the commands."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from listing import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_LINES = 1_200
SETTINGS = re.compile(r"`(APP_\w+)`")


def drawn_layers(readme: str) -> list[list[str]]:
    """Return the layers of the README's picture from top to bottom, each with its packages."""
    [picture] = re.findall(r"(?s)```mermaid\nflowchart TD\n(.*?)```", readme)
    [order] = re.findall(r"(?m)^  (\w+(?: --> \w+)+)$", picture)
    [wheels] = re.findall(r"(?s)subgraph wheels\n\s*(.*?)\n", picture)
    layers = {"wheels": wheels.split(" ~~~ ")}
    return [layers.get(name, [name]) for name in order.split(" --> ")]


def linted_layers(project: Path) -> list[list[str]]:
    """Return the layers that import-linter checks; a package that a scope left out is optional there."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    package = project / "src" / project.name.replace("-", "_")
    named = [re.findall(r"\w+", layer) for layer in layers]
    return [[name for name in layer if (package / name).is_dir()] for layer in named]


def reading_path(readme: str) -> list[str]:
    """Return the files that the README names in order."""
    return re.findall(r"(?m)^\d+\. `([^`]+)`$", readme)


@pytest.mark.parametrize("answers", SHAPES, ids=lambda answers: "-".join(answers.values()))
def test_picture_shows_the_layers_that_are_checked(baked: Callable[..., Path], answers: dict[str, str]) -> None:
    """Same layers, same order, same packages."""
    project = baked(**answers)
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert drawn_layers(readme) == linted_layers(project)
    assert len(drawn_layers(readme)) == 5
    assert drawn_layers(readme.replace("stores --> problem", "problem --> stores")) != linted_layers(project)


@pytest.mark.parametrize("answers", SHAPES, ids=lambda answers: "-".join(answers.values()))
def test_reading_path_is_short(baked: Callable[..., Path], answers: dict[str, str]) -> None:
    """All files are there, and together they have few lines."""
    project = baked(**answers)
    names = reading_path((project / "README.md").read_text(encoding="utf-8"))
    assert len(names) >= 8
    lines = {name: len((project / name).read_text(encoding="utf-8").splitlines()) for name in names}
    assert sum(lines.values()) < MAX_LINES, lines


def test_variables_of_the_readme_are_read(baked: Callable[..., Path]) -> None:
    """Each is a field of the settings."""
    project = baked()
    readme = (project / "README.md").read_text(encoding="utf-8")
    settings = (project / "src" / "mortgage_desk" / "core" / "settings.py").read_text(encoding="utf-8")
    names = SETTINGS.findall(readme)
    assert len(set(names)) >= 6
    assert [name for name in names if f"    {name.removeprefix('APP_').lower()}: " not in settings] == []
