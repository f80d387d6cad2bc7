"""Read a table and find out what is in it: the first half of `init`, which writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from ..core.errors import UserError
from ..core.source import Source
from ..stores.files import check_source, read_rows, show
from .answers import are_classes, nearest
from .columns.profile import profile_column, profile_table
from .findings.find import find
from .findings.identifiers import choose_key
from .reading.sniff import sniff
from .table import Finding, Options, Profile


@dataclass(frozen=True, slots=True)
class Study:
    """A table as it was read, and what was found."""

    source: Source
    profiles: list[Profile]
    findings: list[Finding]
    key: str | None  # the column that identifies a row


def study(table: Path | str, sheet: str, options: Options) -> Study:
    """Return what is in a table. Raises UserError: it cannot be read, or has no column of a name that is given."""
    if isinstance(table, Path):
        check_source(table)
    source, seen = sniff(table) if isinstance(table, Path) else (Source(), [])
    if sheet:
        source = source.model_copy(update={"table": sheet})
    rows = pa.Table.from_batches([chunk for chunk, _ in read_rows(table, source)])
    check_names(options, rows.column_names)
    profiles = profile_table(rows, source)
    place = rows.column_names.index(options.target)
    target = profiles[place]
    if options.number and target.kind == "category":
        target = profile_column(target.name, target.field, rows.column(place), source, is_number=True)
        if target.kind == "category":
            raise UserError(f"--number: {target.name} is {target.categories[0]!r} in some rows; leave it out")
        profiles[place] = target
    is_ordered = bool(options.outcome_order) and target.kind == "integer"
    if is_ordered or (not options.number and are_classes(target)):
        target = profile_column(target.name, target.field, rows.column(place), source, is_category=True)
        note = f"its {target.distinct} whole numbers are answers to choose from; with --number it is a number"
        profiles[place] = replace(target, notes=(*target.notes, *([] if is_ordered else [note])))
    used = [profile for profile in profiles if profile.name not in options.dropped]
    key = choose_key(used, options.key, options.target)
    if key is None and not isinstance(table, Path):
        raise UserError(f"{show(table)}: rows of a database have no order, and need a key; name its column by --key")
    found = find(
        used,
        options.target,
        key=key,
        protected=options.protected,
        personal=options.personal,
        time=options.time,
        kept=options.kept,
    )
    return Study(source, profiles, [*seen, *found], key)


def describe(found: Study, words: Mapping[str, str]) -> Study:
    """Return what was found, with descriptions of columns that a person gave."""
    profiles = [replace(each, description=words.get(each.name, each.description)) for each in found.profiles]
    return replace(found, profiles=profiles)


def check_names(options: Options, names: Sequence[str]) -> None:
    """Raise UserError: an option names a column that the table does not have, or one column has two roles."""
    roles = {
        "--target": [options.target],
        "--key": [options.key] if options.key else [],
        "--protected": options.protected,
        "--personal": options.personal,
        "--parts": options.parts,
        "--time": [options.time] if options.time else [],
        "--keep": options.kept,
        "--drop": options.dropped,
    }
    for option, given in roles.items():
        for name in given:
            if name not in names:
                raise UserError(f"{option}: the table has no column {name!r}; {nearest(name, names)}")
    single = [name for option in ("--target", "--key", "--protected", "--personal", "--drop") for name in roles[option]]
    if twice := [name for name in single if single.count(name) > 1]:
        raise UserError(
            f"{twice[0]} is named more than once by --target, --key, --protected, --personal and --drop; choose one"
        )
