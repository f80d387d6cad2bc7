"""The data card and its Croissant: made of evidence alone, the same everywhere, and never stale in silence."""

import contextlib
import csv
import dataclasses
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from problems import KEY, SHAPES, USUAL
from pydantic import Field

from {{ cookiecutter.__package }}.cli.catalogue import (
    CARD,
    CROISSANT,
    find_stale,
    write_cards,
)
from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.problem import with_source
from {{ cookiecutter.__package }}.core.schema import PROTECTED
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.core.source import Source, SourceColumn
from {{ cookiecutter.__package }}.data.card import MANY_MISSING, write_card
from {{ cookiecutter.__package }}.data.croissant import TYPES, write_croissant
from {{ cookiecutter.__package }}.data.describe import describe_table

PROJECT = Path(__file__).parents[2]
EACH = ["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual")]
NEXT_STEP = "is not up to date: run `make data-card`, and commit it"


@pytest.fixture
def workspace(new_workspace, tmp_path):
    """Return a project with nothing but its plan and its table."""
    return new_workspace(tmp_path / "project", USUAL)


def write(workspace):
    for name, text in write_cards(workspace.project).items():
        path = workspace.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return workspace


@pytest.fixture
def carded(once, new_workspace, workspace):
    """Return a project whose card is up to date."""
    made = once("carded", lambda root: write(new_workspace(root, USUAL)))
    shutil.copytree(made, workspace.root, dirs_exist_ok=True)
    return workspace


def read(workspace):
    texts = {name: (workspace.root / name).read_text(encoding="utf-8") for name in (CARD, CROISSANT)}
    return texts[CARD], json.loads(texts[CROISSANT])


def describe(workspace, place=None, problem=None):
    project = workspace.project
    given = place or project.plan.data.source
    problem, place = problem or project.problem, given if "://" in given else workspace.root / given
    found = describe_table(given, place, problem, project.plan, workspace.root)
    card, croissant = (make(found, problem, project.plan) for make in (write_card, write_croissant))
    return card, json.loads(croissant)


def rewrite(workspace, change):
    path = workspace.root / "data" / "table.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [change(place, row) for place, row in enumerate(csv.DictReader(file))]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def redescribe(workspace, **fields):
    return dataclasses.replace(workspace, shape=dataclasses.replace(workspace.shape, features=USUAL.features | fields))


def test_committed_card_is_up_to_date():
    project = compose(Settings(root=PROJECT), load_plan(PROJECT / "plan.toml"))
    assert find_stale(project) == []


@pytest.mark.parametrize("name", EACH)
def test_card_has_the_question_the_source_and_every_column(new_workspace, run_command, tmp_path, name):
    workspace = new_workspace(tmp_path / "project", SHAPES[name])
    code, printed, error = run_command(workspace, "data-card")
    assert (code, error, printed.count("Wrote ")) == (0, "", 2)
    card, croissant = read(workspace)
    problem = workspace.project.problem
    assert workspace.project.plan.product.question in card
    [file] = croissant["distribution"]
    assert f"| SHA-256 | {file['sha256']} |" in card
    assert "| usable | 400 |" in card
    for column in (*problem.columns, problem.target):
        assert f"\n| {column.name} | {column.description} | {column.expected} | " in card
    fields = {field["name"]: field for field in croissant["recordSet"][0]["field"]}
    assert [*fields] == [KEY, *(column.name for column in (*problem.columns, problem.target))]
    assert all(fields[column.name]["dataType"] == TYPES[column.kind] for column in problem.columns)
    assert all(field["source"]["extract"]["column"] == field["name"] for field in fields.values())
    assert {field["source"]["fileObject"]["@id"] for field in fields.values()} == {file["@id"]}
    assert (workspace.root / CROISSANT).parent.joinpath(file["contentUrl"]).resolve().is_file()


def test_shares_and_quantiles_are_those_of_the_table(carded):
    with (carded.root / "data" / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    card, _ = read(carded)
    share = sum(row["refused"] == "yes" for row in rows) / len(rows)
    assert f"\n| yes | {100 * share:.1f} % |\n" in card
    incomes = sorted(float(row["income"]) for row in rows if row["income"])
    [line] = [line for line in card.splitlines() if line.startswith("| income |")]
    assert f"| {100 * (1 - len(incomes) / len(rows)):.1f} % |" in line
    assert f"median: {incomes[(len(incomes) - 1) // 2]:.6g}, " in line
    group = sum(row["group"] == "a" for row in rows)
    assert f"\n| group | a | {group} |\n" in card


def test_card_has_no_personal_value_no_extreme_and_no_text(workspace):
    def identify(place, row):
        row |= {"name": "Ada Lovelace", "remark": f"secret {place}"}
        return row | ({"income": "987654321"} if place == 7 else {})

    rewrite(workspace, identify)
    write(workspace)
    written = "".join((workspace.root / name).read_text(encoding="utf-8") for name in (CARD, CROISSANT))
    assert not [word for word in ("Lovelace", "secret", "987654321", "987654") if word in written]
    assert "personal: dropped before it is stored |  |  |" in written
    assert "400 different texts" in written


def test_same_files_elsewhere_and_later_give_the_same_bytes(carded, new_workspace, tmp_path):
    other = write(new_workspace(tmp_path / "another folder", USUAL))
    assert all((other.root / name).read_bytes() == (carded.root / name).read_bytes() for name in (CARD, CROISSANT))
    assert str(tmp_path) not in (carded.root / CARD).read_text(encoding="utf-8")


def change_a_row(workspace):
    rewrite(workspace, lambda place, row: row | ({"risk": "1.2345"} if place == 5 else {}))
    return workspace


def change_the_question(workspace):
    workspace.edit_plan("Will it be refused?", "Is it refused?")
    return workspace


def change_a_description(workspace):
    return redescribe(workspace, grade=(Annotated[int, Field(ge=1, le=6, examples=[2], description="Another")], ...))


def write_notes(workspace):
    (workspace.root / "data" / "README.md").write_text("# Ours\n\nCollected in 1990.  \n", encoding="utf-8")
    return workspace


def edit_by_hand(workspace):
    path = workspace.root / CARD
    path.write_text(path.read_text(encoding="utf-8") + "\nOurs.\n", encoding="utf-8")
    return workspace


def name_an_owner(workspace):
    workspace.edit_plan("[data]", '[data]\nowner = "Team Loans"')
    return workspace


CHANGES = (
    *(change_a_row, change_the_question, change_a_description),
    *(pytest.param(change, marks=pytest.mark.slow) for change in (write_notes, edit_by_hand, name_an_owner)),
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.slow
def test_sabotage_card_that_is_not_up_to_date_is_named_with_the_command(carded, run_command, change):
    changed = change(carded)
    code, printed, error = run_command(changed, "data-card", "--check")
    assert (code, error) == (1, "")
    assert f"{CARD} {NEXT_STEP}" in printed
    assert (f"{CROISSANT} {NEXT_STEP}" in printed) == (change is not edit_by_hand)


@pytest.mark.slow
def test_what_the_card_does_not_describe_leaves_it_up_to_date(carded, run_command):
    carded.edit_plan("[gates]", "[speed]\np95_ms = 99\n[gates]")
    rules = [("risk", ">", 1.0, 0.9, "a high risk")]
    other = dataclasses.replace(carded, shape=dataclasses.replace(USUAL, rules=rules))
    assert run_command(other, "data-card", "--check") == (0, "", "")


def test_card_that_is_missing_is_named_with_the_command(workspace, run_command):
    code, printed, _ = run_command(workspace, "data-card", "--check")
    assert code == 1
    assert printed.count("is not there: run `make data-card`, and commit it") == 2


@pytest.mark.slow
def test_notes_of_the_owner_are_included_below_the_headings_of_the_card(workspace):
    (workspace.root / "data" / "README.md").write_bytes(
        b"# Where from\r\n\r\nA survey.  \r\n## Who\r\nThe bank | Ltd.\r\n"
    )
    card, croissant = describe(workspace)
    assert "\n### Where from\n\nA survey.\n#### Who\nThe bank | Ltd.\n" in card
    assert not [line for line in card.splitlines() if line != line.rstrip()]
    assert "A survey." in croissant["description"]
    assert "is not there" not in card


@pytest.mark.slow
def test_known_gaps_are_named_and_nothing_else(workspace):
    write_notes(name_an_owner(workspace))
    rewrite(workspace, lambda place, row: row | {"group": "b" if place < 7 else "a"})
    gaps = describe(workspace)[0].partition("## Known gaps\n\n")[2].splitlines()
    small = "- Groups of fewer than 100 rows (groups.minimum_rows): group = b."
    assert gaps == [small, "- No description in contract.py: refused."]
    workspace.edit_plan("[data]", "[data]\nmax_quarantined_share = 0.1")

    def spoil(place, row):
        row |= {"income": "", "insured": "no", "refused": "no" if place < 395 else "yes"}
        return row | ({"risk": "9"} if place < 3 else {})

    rewrite(workspace, spoil)
    gaps = describe(workspace)[0].partition("## Known gaps\n\n")[2]
    assert f"- Missing in {MANY_MISSING:.0%} of the rows or more: income.\n" in gaps
    assert "- One value in all rows: insured.\n" in gaps
    assert "- Answers of fewer than 20 rows (gates.minimum_answers): yes.\n" in gaps
    assert "- Rows that do not fit the contract: 3.\n" in gaps


@pytest.mark.slow
def test_card_without_gaps_says_so(new_workspace, tmp_path):
    described = Annotated[Literal["no", "yes"], Field(description="It was refused")]
    group = {"group": (Annotated[Literal["a", "b"], PROTECTED, Field(description="Group")], ...)}
    shape = dataclasses.replace(USUAL, label=("refused", described), features=USUAL.features | group)
    workspace = write_notes(name_an_owner(new_workspace(tmp_path / "project", shape)))
    assert describe(workspace)[0].endswith("## Known gaps\n\nNone of those that are looked for.\n")


@pytest.mark.slow
def test_file_outside_of_the_project_is_compared_by_what_its_owner_states(carded, run_command, tmp_path):
    (tmp_path / "table.csv").write_bytes((carded.root / "data" / "table.csv").read_bytes())
    carded.edit_plan('source = "data/table.csv"', f"source = '{tmp_path / 'table.csv'}'")
    write(carded)
    (tmp_path / "table.csv").unlink()
    assert run_command(carded, "data-card", "--check") == (0, "", "")
    code, printed, _ = run_command(change_the_question(carded), "data-card", "--check")
    assert code == 1
    assert printed.count(NEXT_STEP) == 2


@pytest.mark.slow
def test_folder_is_described_as_a_set_of_files(workspace):
    folder = workspace.root / "data"
    (folder / "parts").mkdir()
    shutil.move(folder / "table.csv", folder / "parts" / "a.csv")
    card, croissant = describe(workspace, "data/parts")
    [files] = croissant["distribution"]
    assert (files["@type"], files["includes"]) == ("cr:FileSet", "../data/parts/**")
    assert all("fileSet" in field["source"] for field in croissant["recordSet"][0]["field"])
    (folder / "parts" / "b.csv").write_text((folder / "parts" / "a.csv").read_text())
    assert "| usable | 400 |" in card
    assert "| usable | 400 |" in (changed := describe(workspace, "data/parts")[0])  # copies of the same rows
    assert changed != card


@pytest.mark.slow
def test_table_of_a_database_has_no_digest_and_no_password(workspace, monkeypatch):
    with (workspace.root / "data" / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names, marks = ", ".join(f'"{name}"' for name in rows[0]), ", ".join("?" * len(rows[0]))
    with contextlib.closing(sqlite3.connect(workspace.root / "cases.db")) as database, database:
        database.execute(f"CREATE TABLE cases ({names})")
        database.executemany(f"INSERT INTO cases VALUES ({marks})", [[*row.values()] for row in rows])  # noqa: S608
    monkeypatch.setenv("PLACE", f"{workspace.root}/cases.db")
    problem = with_source(USUAL.problem(), Source(table="cases"))
    card, croissant = describe(workspace, "sqlite:///${PLACE}", problem)
    [file] = croissant["distribution"]
    assert croissant["isLiveDataset"] is True
    assert "sha256" not in file
    assert "table = 'cases'" in card
    assert str(workspace.root) not in card + json.dumps(croissant)


@pytest.mark.slow
def test_declared_spellings_are_in_the_card_and_are_texts_for_programs(workspace):
    columns = {"risk": SourceColumn(name="Risk, %", unit="%"), "grade": SourceColumn(name="grade")}
    problem = with_source(USUAL.problem(), Source(missing=("?",), columns=columns))
    path = workspace.root / "data" / "table.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("risk", '"Risk, %"', 1), encoding="utf-8")
    card, croissant = describe(workspace, problem=problem)
    assert "| risk | Risk of the case (in the table: Risk, %) |" in card
    assert "| problem/sources.py | missing = ['?'], 2 columns |" in card
    field = next(field for field in croissant["recordSet"][0]["field"] if field["name"] == "risk")
    assert (field["dataType"], field["source"]["extract"]["column"]) == ("sc:Text", "Risk, %")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("data/nothing.csv", "nothing.csv: no such file; give the file of a table"),
        ("data/folder.csv", "folder.csv: no table in this folder; put a table there"),
        ("sqlite:///nowhere/x.db", "sqlite"),
    ],
)
def test_table_that_cannot_be_read_is_one_line_and_writes_nothing(workspace, run_command, source, says):
    (workspace.root / "data" / "folder.csv").mkdir()
    workspace.edit_plan('"data/table.csv"', f'"{source}"')
    code, printed, error = run_command(workspace, "data-card")
    assert (code, printed) == (2, "")
    assert says in error
    assert error.count("\n") == 1
    assert not (workspace.root / CARD).exists()


@pytest.mark.slow
def test_card_of_500_columns_stays_below_40_kb_and_says_what_was_cut(new_workspace, tmp_path):
    odd = [f"{'🜚' * 30} {place}" for place in range(60)]
    kinds = [
        Annotated[float | None, Field(description="🜚" * 400)],
        Annotated[Literal[tuple(odd)] | None, PROTECTED, Field(description="Odd | names")],
        Annotated[str | None, Field()],
    ]
    features = {f"a_column_with_quite_a_long_name_{place:03d}": (kinds[place % 3], None) for place in range(500)}
    rules = [("a_column_with_quite_a_long_name_000", ">", 0, 0.9, "x")]
    workspace = new_workspace(tmp_path / "project", dataclasses.replace(USUAL, features=features, rules=rules))
    (workspace.root / "data" / "README.md").write_text("# Long\n\n" + "🜚 word\n" * 9_000, encoding="utf-8")
    card, croissant = describe(workspace)
    assert len(card.encode()) < 40_000
    shown = card.count("\n| a_column_with_quite_a_long_name_", 0, card.index("## Groups"))
    assert 30 < shown < 500
    assert f"{500 - shown:,} more columns are in `docs/croissant.json`." in card
    assert "The rest is in `data/README.md`." in card
    assert len(croissant["recordSet"][0]["field"]) == 502


def validate(path, *words):
    program = Path(sys.executable).with_name("mlcroissant")
    done = subprocess.run([program, *words, "--jsonld", path], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_mlcroissant_accepts_the_description_and_loads_the_rows(new_workspace, tmp_path, name):
    path = write(new_workspace(tmp_path / "project", SHAPES[name])).root / CROISSANT
    code, printed = validate(path, "validate")
    assert code == 0, printed
    assert "not standard" not in printed
    code, printed = validate(path, "load", "--record_set", "rows", "--num_records", "3")
    assert code == 0, printed
    assert "'rows/case': b'c000002'" in printed
    path.write_text(path.read_text(encoding="utf-8").replace('"@id": "table"', '"@id": "other"', 1), encoding="utf-8")
    assert validate(path, "validate")[0] != 0


@pytest.mark.slow
def test_mlcroissant_accepts_the_committed_description():
    code, printed = validate(PROJECT / CROISSANT, "validate")
    assert code == 0, printed
