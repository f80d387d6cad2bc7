"""The model card of a version: write it, or compare a committed one with the registry."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UserError

if TYPE_CHECKING:  # imported by the commands that need it, so that --help answers at once
    from .composition import Project

SHOWN = 20  # lines that differ
NEXT_STEP = "run `make model-card`, and commit it"
commands = typer.Typer()


@commands.command()
def card(
    version: Annotated[str, typer.Argument(help="A version, or an alias.")] = "challenger",
    *,
    output: Annotated[Path | None, typer.Option(help="Write to this file, .md, instead of printing.")] = None,
    check: Annotated[Path | None, typer.Option(help="Write nothing; exit 1 if this committed card is stale.")] = None,
) -> None:
    """Write the model card of a version, with the figures of the champion that it was compared with."""
    from ..stores.files import write_text
    from .composition import load_project, out
    from .model import prepare

    if output and check:
        raise UserError("--output and --check: one writes the card and one compares it; give one of them")
    project = load_project()
    if check is not None:
        code, text = compare_card(project, version, check)
        out.print(text, markup=False)
        raise typer.Exit(code)
    prepare(project)
    text = make_card(project, version)
    if output is None:
        typer.echo(text)
    else:
        write_text("--output", output, text)


def make_card(project: "Project", version: str) -> str:
    """Return the card of a version, or of what an alias points to. Raises UserError: the registry has none."""
    from ..model.card import DATA_CARD, write_card
    from ..stores.models import digest_of

    registry, root = project.registry, project.settings.root
    number = registry.version(version) or version
    if number == "challenger":
        raise UserError("the registry has no challenger; `train` makes one of a candidate that passes")
    registry.check_version("card", number)
    data_card = root / DATA_CARD
    digest = digest_of(data_card.read_bytes())[:16] if data_card.is_file() else None
    found = registry.evidence(number)
    return write_card(found, project.problem, project.plan, licence=_read_licence(root), data_card=digest)


def compare_card(project: "Project", version: str, path: Path) -> tuple[int, str]:
    """Return 1 and the lines that differ if a committed card is stale; 0 if it is not, or if there is none to compare.

    Rules need no card, and a registry that has no such alias has nothing to compare. Nothing is written.
    """
    number = project.registry.version(version)
    if number is None and not version.isdecimal():
        return 0, f"The registry has no {version}: {path} is not compared."
    number = number or version
    name = project.registry.tags(number).get("name", "model")
    if name == "rules":
        return 0, f"The {version} is the rules, which need no card: {path} is not compared."
    if not path.exists():
        return 0, f"{path} is not there, so that nothing is compared; to have a card, {NEXT_STEP}."
    try:
        committed = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"--check: {path}: {error.strerror}; name the file of a card") from None
    fresh = make_card(project, version).splitlines()
    changes = [*difflib.unified_diff(committed, fresh, str(path), f"{name}:{number} in the registry", n=0, lineterm="")]
    if not changes:
        return 0, f"{path} is up to date."
    more = [f"and {len(changes) - SHOWN} more lines"] if len(changes) > SHOWN else []
    heading = f"{path} is not up to date with the {version}, {name}:{number}: {NEXT_STEP}."
    return 1, "\n".join([heading, *changes[:SHOWN], *more])


def _read_licence(root: Path) -> str:
    """Return the licence that pyproject.toml names, or ""."""
    import tomllib

    try:
        found = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        licence = found["project"]["license"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return licence if isinstance(licence, str) else ""
