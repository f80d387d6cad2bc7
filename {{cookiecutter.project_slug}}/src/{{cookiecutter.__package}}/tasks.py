"""What developers run: the one list behind `make`, the workflows and the commit hooks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .errors import UserError
from .settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

PYTEST = ["pytest", "-q"]
LOAD_SMOKE = ["python", "tests/load/run.py", "--seconds", "20"]
TASKS: dict[str, tuple[str, list[list[str]]]] = {
    "lint": (
        "Check style, workflows and text.",
        [
            ["ruff", "check"],
            ["ruff", "format", "--check"],
            ["actionlint", ".github/workflows/*.yml"],
            ["zizmor", "--offline", "--quiet", "--persona=pedantic", "--config=.github/zizmor.yml", ".github"],
            ["check-jsonschema", "--builtin-schema=vendor.dependabot", ".github/dependabot.yml"],
        ],
    ),
    "types": ("Check types.", [["mypy"]]),
    "architecture": ("Check that no wheel imports another.", [["lint-imports"]]),
    "test": ("Run the fast tests.", [[*PYTEST, "-m", "not slow", "-n", "2", "tests"]]),
    "test-unit": (
        "Run the tests of single parts: unit, data, model, operations.",
        [[*PYTEST, "-m", "not slow", "tests/unit", "tests/data", "tests/model", "tests/operations"]],
    ),
    "test-integration": (
        "Run a product from raw file to reaction.",
        [[*PYTEST, "-m", "not slow", "tests/integration"]],
    ),
    "test-security": (
        "Let strangers in nowhere, and no personal value out.",
        [[*PYTEST, "-m", "not slow", "tests/security", "tests/privacy"]],
    ),
    "test-bias": ("Test that groups are treated alike.", [[*PYTEST, "tests/bias"]]),
    "test-slow": (
        "Run the slow tests: kill, fill up and overload a product, and load it for 20 seconds.",
        [[*PYTEST, "-m", "slow", "--ignore=tests/browser", "tests"], LOAD_SMOKE],
    ),
    "test-browser": ("Use the page in a real browser; Chromium has to be there.", [[*PYTEST, "tests/browser"]]),
    "load": ("Load a product of its own and hold it to the plan.", [["python", "tests/load/run.py"]]),
    "load-smoke": ("The same for 20 seconds.", [LOAD_SMOKE]),
    "compare": (
        "Hold this version beside the last release: answers, training, memory.",
        [["python", "tests/load/compare.py"]],
    ),
    "soak": ("Load a product for ten minutes and watch its memory.", [["python", "tests/load/soak.py"]]),
    "fix": ("Put right what can be put right without thought.", [["ruff", "check", "--fix"], ["ruff", "format"]]),
    "ci": ("Run the ci workflow on this machine, under act.", [["python", ".github/act/run.py"]]),
}
CHECK = ("lint", "types", "architecture", "test")
MADE = ("var", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".coverage")


def add_tasks(app: typer.Typer) -> None:
    """Make every task a command of `app`."""
    for name, (summary, _) in TASKS.items():
        app.command(name, help=summary, rich_help_panel="For developers")(_runner(name))
    app.command("check", help="Everything that must hold: lint, types, architecture, tests.")(_runner(*CHECK))
    app.command("clean", help="Remove everything that was made: data, models, decisions, caches.")(clean)


def clean() -> None:
    """Remove everything that was made."""
    root = load_settings().root.resolve()
    _check_project(root)
    for path in (root / name for name in MADE):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    typer.echo(f"Removed what was made in {root}.")


def _check_project(folder: Path) -> None:
    if not (folder / "plan.toml").is_file():
        message = f"{folder.resolve()} is not the project's folder, it has no plan.toml; go there, and try again"
        raise UserError(message)


def _runner(*names: str) -> Callable[[], None]:
    def run() -> None:
        _check_project(Path())
        for name in names:
            for command in TASKS[name][1]:
                _run(_present(command))

    return run


def _present(command: list[str]) -> list[str]:
    """Spell out patterns, and leave out tests of wheels that are not here."""
    words = [command[0]]
    for word in command[1:]:
        if "*" in word:
            words.extend(sorted(str(path) for path in Path().glob(word)))
        elif not word.startswith("tests/") or Path(word).exists():
            words.append(word)
    return words


def _run(command: list[str]) -> None:
    program, *words = command
    found = sys.executable if program == "python" else shutil.which(program, path=Path(sys.executable).parent)
    if found is None or (program == "python" and not Path(words[0]).exists()):
        typer.echo(f"error: {command[-1]} is not here; run this in the project's folder, after `make setup`", err=True)
        raise typer.Exit(2)
    typer.echo("$ " + " ".join(command), err=True)
    code = subprocess.run([found, *words], check=False).returncode  # noqa: S603
    if code:
        raise typer.Exit(code)
