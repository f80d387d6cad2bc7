"""What every test has: settings of its own, and projects that are generated once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment

from baking import bake, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from the settings, and the settings away from the tests, of whoever runs them."""
    home = tmp_path_factory.mktemp("settings")
    folders = {"cookiecutters_dir": str(home / "templates"), "replay_dir": str(home / "replay")}
    (home / "cookiecutter.yaml").write_text(json.dumps(folders), encoding="utf-8")
    (home / "gitconfig").write_text(
        "[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COOKIECUTTER_CONFIG", str(home / "cookiecutter.yaml"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile each text once: cookiecutter has a new environment for every project, which forgets it."""
    compiled: dict[tuple[object, ...], CodeType] = {}
    usual: Callable[..., CodeType] = Environment.compile

    def compile_once(environment: Environment, source: str, *given: object) -> CodeType:
        key = (source, *given, environment.trim_blocks, environment.lstrip_blocks)
        if key not in compiled:
            compiled[key] = usual(environment, source, *given)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the template; tests that change it take a clone."""
    return snapshot(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def baked(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a project for some answers, generated once; tests that change it take a copy."""
    made: dict[tuple[tuple[str, str], ...], Path] = {}

    def get(**answers: str) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in made:
            made[key] = bake(template, tmp_path_factory.mktemp("bake"), **answers)
        return made[key]

    return get
