"""Projects made from this template, as people make them."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context

if TYPE_CHECKING:
    from types import ModuleType

TEMPLATE = Path(__file__).resolve().parent.parent
QUESTIONS: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES: dict[str, list[str]] = {name: value for name, value in QUESTIONS.items() if isinstance(value, list)}
CHOICES = {name: choices for name, choices in CHOICES.items() if not name.startswith("_")}
DEFAULTS = {name: choices[0] for name, choices in CHOICES.items()}


def bake(template: Path, folder: Path, **answers: str) -> Path:
    """Generate a project from a template into a folder, in this process."""
    return Path(cookiecutter(str(template), no_input=True, extra_context=answers, output_dir=str(folder)))


def run_command(project: Path, *words: str, seconds: int) -> subprocess.CompletedProcess[str]:
    """Run a command as a person at a terminal would, and return all that it printed."""
    return subprocess.run(
        words,
        cwd=project,
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def render(file: Path, **answers: str) -> str:
    """Return one file of the template as cookiecutter renders it for some answers."""
    context = generate_context(str(TEMPLATE / "cookiecutter.json"), extra_context=answers)
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    text: str = create_env_with_context(context).from_string(file.read_text(encoding="utf-8")).render(**context)
    return text


def load_hook(name: str, folder: Path, **answers: str) -> ModuleType:
    """Return a hook as a module, rendered for some answers but not run."""
    path = folder / f"{name}.py"
    path.write_text(render(TEMPLATE / "hooks" / f"{name}.py", **answers), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pairwise(choices: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return combinations that between them have every pair of choices.

    >>> len(pairwise({"a": ["1", "2"], "b": ["x", "y"], "c": ["m", "n"]}))
    4
    """

    def pairs(row: dict[str, str]) -> set[frozenset[tuple[str, str]]]:
        return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}

    rows = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    wanted, chosen = set().union(*map(pairs, rows)), []
    while wanted:
        chosen.append(max(rows, key=lambda row: len(pairs(row) & wanted)))
        wanted -= pairs(chosen[-1])
    return chosen


def snapshot(folder: Path, *, history: bool = False) -> Path:
    """Commit the template's files, also new ones, to a repository of its own; with or without earlier commits."""
    if history:
        git(folder, "clone", "--quiet", str(TEMPLATE), ".")
        git(folder, "rm", "-r", "--quiet", ".")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TEMPLATE,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (TEMPLATE / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((TEMPLATE / name).read_bytes())
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "The template")
    return folder


def own_environment() -> dict[str, str]:
    """Return the environment without what `uv run` and pytest put into it: a terminal's."""
    here = str(Path(sys.executable).parent)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_RUN", "PYTEST", "VIRTUAL_ENV"))
    }
    return kept | {"PATH": os.pathsep.join(path for path in kept["PATH"].split(os.pathsep) if path != here)}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it said."""
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
