"""What must hold in every generated project. Each check returns its faults, so that tests can plant some."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from listing import listing, paths, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAY_BE_EMPTY = {"__init__.py", "py.typed"}
LEFTOVER = re.compile(r"\{\{-?\s*_*cookiecutter|\{%|\{#[^-]")
STRANGERS = {
    "names a package registry": re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.\w{2,}"),
    "has a path of some machine": re.compile(r"(?<![\w.}])/(?:root|home|Users|work)/"),
    "has an image or a code owner of somebody else": re.compile(
        r"(?:ghcr\.io/|docker\.io/|quay\.io/|(?m:^\S+ +)@)"
        r"(?!acme\b|astral-sh/uv:|catthehacker/ubuntu:|mlflow/mlflow:)[\w-]+"
    ),
}
ILLEGAL = re.compile(r'(?i)[<>:"|?*\\\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)')


def texts(project: Path) -> Iterator[tuple[str, str]]:
    """Yield path and content of every text file; one with a zero byte is not text."""
    for name in paths(project):
        content = (project / name).read_bytes()
        if b"\0" not in content:
            yield name, content.decode("utf-8", "replace")


def exact_files(project: Path, **answers: str) -> list[str]:
    """Find files that are not in the listing for some answers, and those that are missing."""
    have, want = set(listing(project)), set(place(answers).read_text(encoding="utf-8").splitlines())
    return [f"{name} is not in the listing" for name in have - want] + [f"{name} is missing" for name in want - have]


def leftovers(project: Path) -> list[str]:
    """Find what the template language should have replaced; cruft's own record has the questions as they were."""
    read = [(name, text) for name, text in texts(project) if name != ".cruft.json"]
    return [f"{name} still has {found[0]}" for name, text in read if (found := LEFTOVER.search(text))]


def emptiness(project: Path) -> list[str]:
    """Find files and folders with nothing in them."""
    files = [Path(name) for name, text in texts(project) if not text.strip()]
    folders = [path.relative_to(project) for path in project.rglob("*/") if not any(path.iterdir())]
    empty = [path for path in files + folders if path.name not in MAY_BE_EMPTY and path.parts[0] != ".git"]
    return [f"{path.as_posix()} is empty" for path in empty]


@functools.cache  # most files are the same in every bake
def parse(suffix: str, text: str) -> None:
    """Read a text as what the end of its file's name says it is."""
    match suffix:
        case "toml":
            tomllib.loads(text)
        case "yaml" | "yml":
            list(yaml.safe_load_all(text))
        case "json":
            json.loads(text)
        case "py":
            ast.parse(text)


def unreadable(project: Path) -> list[str]:
    """Find files that are not what their names say."""
    faults = []
    for name, text in texts(project):
        try:
            parse(name.rpartition(".")[2], text)
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            faults.append(f"{name} cannot be parsed: {error}")
    return faults


def endings(project: Path) -> list[str]:
    """Find texts that are not UTF-8 with plain newlines, and exactly one at the end."""
    odd = [name for name, text in texts(project) if re.search("[\r\ufeff\ufffd]", text)]
    ends = [name for name, text in texts(project) if text and (not text.endswith("\n") or text.endswith("\n\n"))]
    return [f"{name} is not plain UTF-8" for name in odd] + [f"{name} does not end in one newline" for name in ends]


def strangers(project: Path) -> list[str]:
    """Find what belongs to an author, an owner or a machine that is not the answered one."""
    return [f"{name} {stranger}" for name, text in texts(project) for stranger in find_strangers(text)]


@functools.cache
def find_strangers(text: str) -> list[str]:
    """Return what a text has of somebody else."""
    return [f"{what}: {found[0]}" for what, pattern in STRANGERS.items() if (found := pattern.search(text))]


def promises(project: Path) -> list[str]:
    """Find tasks and files that the README names and the project does not have."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"(?s)```\w*\n.*?```|`[^`\n]+`", readme))
    try:
        pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError:
        return []  # `unreadable` names the file
    tasks = {"help", "setup", "newest", *pyproject["tool"]["poe"]["tasks"]}
    missing = [f"make {name}" for name in re.findall(r"\bmake ([a-z][\w-]*)", code) if name not in tasks]
    names = re.findall(r"`([\w.][\w./-]*\.(?:py|toml|json|md))`", code)
    missing += [name for name in names if name != ".cruft.json" and not any(project.rglob(name))]  # cruft makes that
    return [f"README.md names {name}, which is not there" for name in missing]


def illegal_on_windows(paths: list[str]) -> list[str]:
    """Find paths that Windows cannot have: characters, devices, endings, length, two that differ in case."""
    long = [f"{path} is too long" for path in paths if len(path) > 150]
    illegal = [f"{path}: {part} is not legal" for path in paths for part in path.split("/") if ILLEGAL.search(part)]
    twice = [path for path, count in Counter(path.lower() for path in paths).items() if count > 1]
    return long + illegal + [f"{path} is there twice but for case" for path in twice]


def windows(project: Path) -> list[str]:
    """Find files that could not be checked out on Windows."""
    return illegal_on_windows(listing(project))


def lint(project: Path) -> list[str]:
    """Find what the project's own linter and formatter would change, without changing it."""
    runs = (["check"], ["format", "--check"])
    done = [
        subprocess.run(
            ["ruff", *words, "--no-cache", "--quiet"], cwd=project, capture_output=True, text=True, check=False
        )
        for words in runs
    ]
    return [f"ruff: {one.stdout}{one.stderr}" for one in done if one.returncode]


CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    leftovers,
    emptiness,
    unreadable,
    endings,
    strangers,
    windows,
    promises,
    lint,
)


def faults(project: Path, **answers: str) -> list[str]:
    """Return what is wrong with a project that was generated for some answers."""
    return exact_files(project, **answers) + [fault for check in CHECKS for fault in check(project)]
