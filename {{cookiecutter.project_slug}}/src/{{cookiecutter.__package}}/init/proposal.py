"""What the owner's files would say about a table: a value that `render.py` writes down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import UserError
from ..core.schema import Column, Kind
from ..core.source import Source, SourceColumn
from .answers import Stakes, as_answer, ask, make_stakes
from .columns.date_profile import date_part
from .rules.propose import propose_rules
from .table import Finding, Options, Profile

DAYS = ", days since 1970-01-01"
PAIR = 2  # categories have the same meaning in either order
ROW_KEY = "row_number"  # KEY of a contract whose rows are numbered
UNUSABLE = {"empty": "every cell is empty", "text": "free text, which models do not read"}
KINDS: dict[str, Kind] = {"number": "number", "integer": "integer", "date": "integer", "category": "category"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the contract: a profile with its marks."""

    profile: Profile
    protected: bool = False
    personal: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether a case may leave it out."""
        return self.protected or self.personal or self.profile.missing > 0

    @property
    def column(self) -> Column:
        """The column as the contract gives it."""
        return Column(
            name=self.profile.field,
            kind=KINDS.get(self.profile.kind, "text"),
            description=self.profile.description + (DAYS if self.profile.kind == "date" else ""),
            example=self.profile.example,
            low=self.profile.low,
            high=self.profile.high,
            categories=self.profile.categories,
            optional=self.is_optional,
            protected=self.protected,
            personal=self.personal,
            nominal=self.profile.is_nominal and len(self.profile.categories) > PAIR and not self.protected,
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """Contract, rules, plan and source of a table."""

    table: str  # name of the file or the table, as people read it
    place: str  # what `plan.toml` names
    rows: int
    key: str
    fields: tuple[Field, ...]
    target: Field
    question: str
    stakes: Stakes
    split: dict[str, str]  # `group` or `time` of `[data]`, if rows are not split at random
    subject: str | None  # the column that says whom or what a row is about, if it is no input
    rules: Sequence[tuple[str, str, Any, Any, str]]
    otherwise: Any
    source: Source
    findings: tuple[Finding, ...]
    ignored: dict[str, str]  # column of the table: why it is not used
    options: Options


def propose(
    profiles: Sequence[Profile],
    findings: Sequence[Finding],
    source: Source,
    options: Options,
    key: str | None,
    place: str,
) -> Proposal:
    """Return what the owner's files would say.

    `key`: the column that identifies a row; None numbers the rows.

    Raises UserError: a finding refuses the table, an option does not fit it, or no column is left to learn from.
    """
    table = place.rpartition("/")[2]
    if refused := [finding.sentence for finding in findings if finding.consequence == "refused"]:
        raise UserError(f"{table}: {'; '.join(refused)}")
    by_name = {profile.name: profile for profile in profiles}
    target = Field(as_answer(by_name[options.target], options.outcome_order))
    ignored = _ignored(profiles, findings, options, key)
    subject = _find_subject(findings, ignored, options)
    ignored.pop(subject or "", None)
    used = [profile for profile in profiles if profile.name not in {*ignored, key, subject, options.target}]
    asked = [part for profile in used for part in _take_parts(profile, options)]
    fields = tuple(Field(each, each.name in options.protected, each.name in options.personal) for each in asked)
    inputs = [field.profile for field in fields if field.column.is_input]
    if not inputs:
        left = "; ".join(f"{name}: {reason}" for name, reason in ignored.items())
        raise UserError(f"{table}: no column is left to learn from ({left}); name one to use with --keep")
    stakes = make_stakes(target.profile, has_groups=bool(options.protected))
    rules, otherwise = propose_rules(inputs, target.profile, costs=stakes.costs)
    return Proposal(
        table=table,
        place=place,
        rows=target.profile.rows,
        key=by_name[key].field if key else _row_key(profiles),
        fields=fields,
        target=target,
        question=options.question or ask(target.profile),
        stakes=stakes,
        split=_split(fields, findings, options),
        subject=subject,
        rules=rules,
        otherwise=otherwise,
        source=_complete(source, [*fields, target], by_name.get(key or ""), ignored, subject),
        findings=tuple(findings),
        ignored=ignored,
        options=options,
    )


def _take_parts(profile: Profile, options: Options) -> list[Profile]:
    """Return a column with the parts of its dates that are asked for."""
    if profile.name not in options.parts:
        return [profile]
    if profile.kind != "date":
        raise UserError(f"--parts {profile.name}: it has no dates; name a column of dates")
    return [profile, date_part(profile, "month"), date_part(profile, "weekday")]


def _ignored(
    profiles: Sequence[Profile], findings: Sequence[Finding], options: Options, key: str | None
) -> dict[str, str]:
    """Return the columns that are not used, each with the reason."""
    found = {
        name: f"{each.kind}: {each.evidence}"
        for each in findings
        if each.consequence == "left out"
        for name in each.columns
    }
    unusable = {profile.name: UNUSABLE[profile.kind] for profile in profiles if profile.kind in UNUSABLE}
    for option, names in (("--protected", options.protected), ("--keep", options.kept)):
        if wrong := [name for name in names if name in unusable]:
            raise UserError(f"{option} {wrong[0]}: {unusable[wrong[0]]}; name another column")
    named = {options.target, key, *options.protected, *options.personal, *options.kept}
    found |= unusable
    found = {name: reason for name, reason in found.items() if name not in named}
    return found | dict.fromkeys(options.dropped, "left out by --drop")


def _find_subject(findings: Sequence[Finding], ignored: dict[str, str], options: Options) -> str | None:
    """Return the column of the subjects that were found, if it is no field: rows of one share a fold all the same."""
    fit = [name for name in _groups(findings) if ignored.get(name, "personal").partition(":")[0] != "personal"]
    return next((name for name in fit if name not in options.dropped and not options.time), None)


def _split(fields: Sequence[Field], findings: Sequence[Finding], options: Options) -> dict[str, str]:
    """Return the column by which folds are made: the time that a person named, or the subjects that were found."""
    names = {field.profile.name: field.profile.field for field in fields if not field.personal}
    if options.time in names:
        return {"time": names[options.time]}
    return next(({"group": names[name]} for name in _groups(findings) if name in names), {})


def _groups(findings: Sequence[Finding]) -> list[str]:
    return [name for finding in findings if finding.kind == "group" for name in finding.columns]


def _row_key(profiles: Sequence[Profile]) -> str:
    """Return a name for the numbers of rows that no field has."""
    names, key = {profile.field.lower() for profile in profiles}, ROW_KEY
    while key in names:
        key += "_"
    return key


def _complete(
    source: Source, fields: Sequence[Field], key: Profile | None, ignored: dict[str, str], subject: str | None
) -> Source:
    """Return the draft with the columns of the contract."""
    plain = {field.profile.field: field.profile.source for field in fields}
    columns = {name: column for name, column in plain.items() if column != SourceColumn(name=name)}
    named = {"key": key.name if key and key.name != key.field else "", "subject": subject or ""}
    return source.model_copy(update=named | {"columns": columns, "ignored": (*ignored,), "number_rows": key is None})
