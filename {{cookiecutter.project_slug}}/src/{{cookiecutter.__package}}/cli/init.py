"""The command that turns a table into a problem of one's own."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UserError
from .main import OWNED

if TYPE_CHECKING:  # imported by the command, so that --help answers at once
    from ..init.proposal import Proposal
    from ..init.study import Study

commands = typer.Typer()
PACKAGE = OWNED.parent
LARGEST_COPY = 50_000_000  # bytes of a table that is copied into the project
SHOWN = 40  # columns in the terminal; the report has all
STORES = ("ledger", "models", "lake", "registry")
DIFF = {"+": "green", "-": "red", "@": "cyan"}


@commands.command()
def init(  # noqa: PLR0913  # each is an option
    table: Annotated[str, typer.Argument(help="A CSV, Parquet, JSON Lines or Excel file, or the URL of a database.")],
    target: Annotated[str, typer.Option(help="The column with the answers to learn.")],
    *,
    sheet: Annotated[str, typer.Option(help="Sheet of a workbook, or table of a database.")] = "",
    key: Annotated[str | None, typer.Option(help="The column that identifies a row.")] = None,
    protected: Annotated[list[str] | None, typer.Option(help="Recorded for audits, never an input of models.")] = None,
    personal: Annotated[list[str] | None, typer.Option(help="Identifies a person; never stored.")] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Used although a finding would leave it out.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Left out.")] = None,
    parts: Annotated[list[str] | None, typer.Option(help="Dates of which month and weekday count, too.")] = None,
    time_column: Annotated[str | None, typer.Option("--time", help="When a row was recorded.")] = None,
    outcome_order: Annotated[str, typer.Option(help="The answers in order: of two, the last is predicted.")] = "",
    number: Annotated[bool, typer.Option("--number", help="The target is a number, however few values.")] = False,
    question: Annotated[str, typer.Option(help="The question that the product answers.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the report and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace edited files, too; copies are kept.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Turn a table into a problem of your own: contract, rules, plan, sources and tests.

    On a newer table: files that nobody edited follow; edited ones stay, and the differences are shown. Exit 1.
    """
    from ..core.settings import load_settings
    from ..init.proposal import propose
    from ..init.questions import ask_about_findings, ask_descriptions
    from ..init.study import describe, study
    from ..init.table import Options
    from ..init.writing.apply import read_descriptions
    from ..stores.files import find_table
    from .composition import out

    settings = load_settings()
    root = settings.root.resolve()
    if root not in PACKAGE.resolve().parents:
        raise UserError(f"{root}: the package is in {PACKAGE.parent}; run `init` in the project's folder")
    options = Options(
        target=target,
        key=key,
        protected=tuple(protected or ()),
        personal=tuple(personal or ()),
        kept=tuple(keep or ()),
        dropped=tuple(drop or ()),
        parts=tuple(parts or ()),
        time=time_column,
        outcome_order=tuple(answer.strip() for answer in outcome_order.split(",") if answer.strip()),
        number=number,
        question=question,
    )
    found = find_table(table, Path())
    with out.status("reading the table"):
        studied = study(found, sheet, options)
    place, copied = _find_place(table, found, root)
    descriptions = read_descriptions(root, place, target)
    studied = describe(studied, descriptions)
    if sys.stdin.isatty() and not yes:
        options = ask_about_findings(studied, options)
        descriptions |= ask_descriptions(studied, options)
        studied = describe(studied, descriptions)
    with out.status("looking for rules"):
        proposal = propose(studied.profiles, studied.findings, studied.source, options, studied.key, place)
    _print_report(proposal)
    if not _write(root, proposal, studied, copied, descriptions, is_dry=dry_run, force=force):
        raise typer.Exit(1)
    if urls := [f"APP_{name.upper()}_URL" for name in STORES if getattr(settings, f"{name}_url")]:
        out.print(f"{', '.join(urls)} may hold tables, models and decisions of another problem: give this one its own.")


def _find_place(table: str, found: Path | str, root: Path) -> tuple[str, Path | None]:
    """Return what `plan.toml` names, and the file that is copied to there, if it is outside of the project."""
    if isinstance(found, str):
        if "@" in table and "$" not in table:
            raise UserError(
                "the URL would be written into plan.toml with its user and password; set it as an environment "
                "variable and give its name, as '${DATABASE_URL}'"
            )
        return table, None
    path = found.resolve()
    inside = root in path.parents and root / "var" not in path.parents
    if inside or path.stat().st_size > LARGEST_COPY:
        return (path.relative_to(root) if inside else path).as_posix(), None
    return f"data/{path.name}", path


def _print_report(proposal: "Proposal") -> None:
    """Print the columns that are used and those that are not, and what was found."""
    from ..init.writing.known import describe, remarks
    from .composition import out

    out.print(f"\n{proposal.table}: {proposal.rows:,} rows. {proposal.question}", markup=False, style="bold")
    out.print(f"  the answer  {proposal.target.profile.name}: {describe(proposal.target)}", markup=False)
    key = proposal.source.key or proposal.key
    if proposal.subject:
        out.print(f"  the subject {proposal.subject}: rows of one share a fold; no model sees it", markup=False)
    out.print(f"  the key     {'the number of the row' if proposal.source.number_rows else key}", markup=False)
    for field in proposal.fields[:SHOWN]:
        out.print(f"  used        {field.profile.name}: {describe(field)}", markup=False)
    if len(proposal.fields) > SHOWN:
        out.print(f"  used        and {len(proposal.fields) - SHOWN} more")
    for name, reason in list(proposal.ignored.items())[:SHOWN]:
        out.print(f"  left out    {name}: {reason}", markup=False, style="yellow")
    for remark in list(remarks(proposal))[:SHOWN]:
        out.print(f"  note        {remark}", markup=False)


def _write(
    root: Path,
    proposal: "Proposal",
    studied: "Study",
    copied: Path | None,
    descriptions: dict[str, str],
    *,
    is_dry: bool,
    force: bool,
) -> bool:
    """Write everything, and say what became of what was there. Return False if an edit would have been lost."""
    from ..init.writing import apply
    from ..init.writing.api import describe_api
    from ..init.writing.files import render_files
    from ..init.writing.report import render_report
    from .composition import out

    package = PACKAGE.resolve().relative_to(root).as_posix()
    files = render_files(proposal, package)
    record = apply.read_record(root)
    edited = apply.find_edits(root, files, record)
    if apply.NOTES in edited and not force:
        edited.remove(apply.NOTES)
        del files[apply.NOTES]
    changed = apply.find_changes(root, files)
    if edited and not force:
        for line in apply.compare(root, files, edited):
            out.print(line, style=DIFF.get(line[:1]), markup=False)
        out.print(f"Nothing was written: {', '.join(edited)} was edited. --force replaces it and keeps a copy.")
        return False
    if is_dry:
        out.print(f"Would write {', '.join(changed) or 'nothing: every file is as proposed'}.", markup=False)
        return True
    asked: dict[str, Any] = {"table": proposal.place, "target": proposal.options.target, "key": proposal.key}
    asked |= {"descriptions": descriptions} if descriptions else {}
    contents: dict[str, str | Path] = {**files, "var/init-report.html": render_report(proposal, studied.profiles)}
    others = {apply.NOTES: root / apply.NOTES, proposal.place: copied or root / proposal.place}
    others = {path: file for path, file in others.items() if path not in files and not Path(path).is_absolute()}
    with out.status("describing the API and the table"):
        described, fault = describe_api(files, PACKAGE, package, others)
    contents |= described
    if fault:
        out.print(f"docs/data-card.md was not written: {fault}", markup=False, style="yellow")
    contents |= {proposal.place: copied} if copied else {}
    contents[apply.RECORD] = apply.make_record(files, record, **asked)
    is_other = any(record.get(name) != asked[name] for name in ("target", "key"))
    stores = apply.find_stores(root / "var") if is_other else []
    backup = root / "var" / "replaced" / time.strftime("%Y-%m-%d-%H%M%S")
    apply.write(root, contents, [] if record else apply.find_stale(root, contents), stores, backup)
    if backup.exists():
        what = f"The files as they were{', and all tables, models and decisions,' if stores else ''}"
        out.print(f"\n{what} are in {backup.relative_to(root)}.", markup=False)
    out.print(f"Wrote {', '.join(changed) or 'nothing new'}; the report is var/init-report.html.", markup=False)
    steps = "`make run` serves the product" if is_other else "`make data` builds the training table again"
    out.print(f"Read contract.py and plan.toml, above all the costs. Then {steps}, and `make train` looks for a model.")
    return True
