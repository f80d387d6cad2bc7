"""Commands about personal data: forget a subject, delete what is too old, and look for personal values."""

import contextlib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.errors import UserError
from ..core.words import count_nouns

if TYPE_CHECKING:
    from ..stores.forgotten import Forgotten, Identifier
    from ..stores.scan import Finding
    from .composition import Project
    from .lake_rows import LakeRows

SHOWN = 20  # places of personal values
LAKE_ROWS = ".lake_rows"  # a project without data has none
LEFT_OUT = "`data` leaves out; only you can delete them there."
OTHER = {"subject": "--reference for a case", "reference": "a subject without --reference"}
commands = typer.Typer()


@commands.command()
def forget(
    subject: Annotated[str, typer.Argument(help="The subject, as callers name it.")] = "",
    *,
    reference: Annotated[str, typer.Option(help="In place of a subject: the reference of a case.")] = "",
) -> None:
    """Delete everything about a subject, or about a case, and keep it out of later training tables.

    Decisions, reactions, outcomes, shadow scores, rows of the lake and reports are deleted; files of the owner are
    named. Run it again after an interruption. Exit 1: a file in var/ or a text in the ledger still has it.
    """
    from ..stores.forgotten import Identifier
    from .composition import load_project

    if bool(subject) == bool(reference):
        raise UserError("forget: give a subject, or --reference with the reference of a case")
    given = Identifier("subject", subject) if subject else Identifier("reference", reference)
    try:
        given.text.encode()
    except UnicodeEncodeError:
        raise UserError("forget: the text is not UTF-8; give it as callers do") from None
    if _forget(load_project(), given):
        raise typer.Exit(1)


@commands.command()
def retention() -> None:
    """Delete decisions that are older than the plan allows (privacy.keep_decisions_days), and what refers to them.

    Counts of each model stay as events, and so do the windows of `monitor`.
    """
    from collections import Counter
    from datetime import UTC, datetime, timedelta

    from ..stores.erasure import overwrite_deleted
    from ..stores.retention import delete_expired
    from .composition import load_project, out

    project, counts = load_project(), Counter[str]()
    days = project.plan.privacy.keep_decisions_days
    if not days:
        out.print("Decisions are kept: privacy.keep_decisions_days is 0 in plan.toml.", markup=False)
        return
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    with _open_rows(project) as rows, project.ledger() as ledger:
        for deleted in delete_expired(ledger, before):
            counts.update(deleted)
        counts.update(rows.remove_expired(ledger, before) if rows else {})
        overwrite_deleted(ledger, rewrite=False)
    out.print(f"Older than {days} days, before {before}: {_describe(counts)}.", markup=False)


@commands.command()
def scan_personal(
    places: Annotated[list[Path] | None, typer.Argument(help="Files, folders; by default every store.")] = None,
) -> None:
    """Look for e-mail addresses, phone numbers, IBANs, cards and national ids in what is stored.

    Prints places and kinds, never a value. Exit 1: there are some.
    """
    from .composition import load_project, out

    findings, number = _scan(load_project(), places), 0
    for number, (place, found) in enumerate(findings, 1):
        if number <= SHOWN:
            out.print(f"{place}: {found.kind}, {found.length} characters", markup=False)
    if number > SHOWN:
        out.print(f"... and {number - SHOWN} more", markup=False)
    if number:
        next_step = "delete them, and mark their column PERSONAL in contract.py"
        out.print(f"{count_nouns(number, 'personal-looking value')}; {next_step}.", markup=False)
        raise typer.Exit(1)
    out.print("No personal-looking value.", markup=False)


def _forget(project: "Project", given: "Identifier") -> list[str]:
    """Forget, print what was deleted, and return the places that still have the text."""
    from ..stores.erasure import delete_subject, find_mentions, find_references, has_rows, overwrite_deleted
    from ..stores.forgotten import Identifier, list_of, read_forgotten
    from .composition import out
    from .traces import MINIMUM, find_copies, find_traces, remove_traces

    var = project.settings.var
    with _open_rows(project) as rows, project.ledger() as ledger:
        references = find_references(ledger, given)
        wanted = list_of([given, *(Identifier("reference", text) for text in references)])
        in_source = _describe_source(rows, wanted)
        is_known = has_rows(ledger, given) or read_forgotten(ledger).has(*given) or bool(rows and rows.has(wanted))
        if not is_known and not in_source.endswith(LEFT_OUT):
            raise UserError(f"forget: no store has the {given.kind}; check it, or give {OTHER[given.kind]}")
        counts = delete_subject(ledger, given)
        removed = rows.remove(ledger, read_forgotten(ledger)) if rows else {}
        overwrite_deleted(ledger, rewrite=True)
        mentions = find_mentions(ledger, given.text) if len(given.text) >= MINIMUM else {}
    reports = remove_traces(var, {given.text, *references})
    out.print(f"Forgotten. Ledger: {_describe(counts)}. Lake: {_describe(removed)}.", markup=False)
    still = [f"ledger: {number} in {column}" for column, number in mentions.items()]
    still += [str(path) for path in find_traces(var, {given.text, *references})]
    lines = [in_source, f"Removed in var/: {', '.join(reports)}." if reports else ""]
    lines += [f"{place} still has the text: edit or delete it, and run the command again." for place in still]
    lines += [f"{var / name} has copies of other runs, which are not searched." for name in find_copies(var)]
    for line in filter(None, lines):
        out.print(line, markup=False)
    return still


def _scan(project: "Project", places: list[Path] | None) -> "Iterator[Finding]":
    from ..core.settings import sqlite_path
    from ..stores.scan import scan_database, scan_folder, scan_lake

    if missing := [str(place) for place in places or () if not place.exists()]:
        raise UserError(f"scan-personal: {', '.join(missing)}: no such file or folder")
    var = project.settings.var
    for place in places or ([var] if var.is_dir() else []):
        yield from scan_folder(place)
    if places:
        return
    file = sqlite_path(project.settings.ledger)
    if file is None or var not in file.resolve().parents:
        with project.ledger() as ledger:
            yield from scan_database("ledger", ledger.engine)
    if project.settings.lake_url and find_spec(LAKE_ROWS, __package__):
        with project.lake() as lake:
            yield from scan_lake("lake", lake)


def _open_rows(project: "Project") -> "contextlib.AbstractContextManager[LakeRows | None]":
    """Hold the lake, or nothing in a project without one."""
    if not find_spec(LAKE_ROWS, __package__):
        return contextlib.nullcontext()
    from .lake_rows import open_rows

    opened: contextlib.AbstractContextManager[LakeRows | None] = open_rows(project)
    return opened


def _describe_source(rows: "LakeRows | None", wanted: "Forgotten") -> str:
    """Return in a line which source still has rows about somebody, or that it cannot be read."""
    if rows is None:
        return ""
    try:
        found = rows.find_in_sources(wanted)
    except UserError as error:
        return f"The sources were not searched ({error})."
    shown = "; ".join(f"{place} still has it, in {number} rows" for place, number in found.items())
    return f"{shown}, which {LEFT_OUT}" if found else ""


def _describe(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {table}" for table, number in counts.items() if number) or "nothing"
