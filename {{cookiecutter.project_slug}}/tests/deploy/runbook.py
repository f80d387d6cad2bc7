"""The runbook of this project: its pages, what they name, and which of their commands do not exist."""

import re
import tomllib
from functools import cache

import typer
from processes import PROJECT

from {{ cookiecutter.__package }}.cli import main

PAGES = PROJECT / "docs" / "runbook"


def read_pages():
    """Return the text of every page by its name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md"))}


def find_code(text):
    """Return what stands between backticks, in one line each."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def find_dead_links(text):
    """Return the pages that a page links to, and that are not there."""
    links = re.findall(r"\]\(([^)]+)\)", text)
    return [link for link in links if "://" not in link and not (PAGES / link).exists()]


def find_unknown_commands(text):
    """Return the commands of this project, and the tasks of make and poe, that a page names and that do not exist."""
    tasks = read_tasks()
    return [code for code in find_code(text) if not _exists(code.split(), tasks)]


def read_tasks():
    """Return the names of the tasks, each of which is a target of the Makefile, too."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    return {*pyproject["tool"]["poe"]["tasks"]}


def read_program():
    """Return the name of the project's command; the folder may have another name."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    [name] = pyproject["project"]["scripts"]
    return name


def _exists(words, tasks):
    program = read_program()
    if words[0] == "make":
        return len(words) > 1 and words[1] in tasks
    if words[:3] == ["uv", "run", "poe"]:
        return len(words) > 3 and words[3] in tasks
    if words[:2] == ["uv", "run"]:
        return len(words) > 2 and words[2] == program and _is_command(words[3:])
    return words[0] != program or _is_command(words[1:])


@cache
def _read_commands():
    return typer.main.get_command(main.app())


def _is_command(words):
    """Return whether words lead to a command whose options are known."""
    command = _read_commands()
    for place, word in enumerate(words):
        inner = getattr(command, "commands", {})
        if not inner:
            options = {name for parameter in command.params for name in parameter.opts}
            return {each for each in words[place:] if each.startswith("--")} <= options
        if word not in inner:
            return False
        command = inner[word]
    return not getattr(command, "commands", {})
