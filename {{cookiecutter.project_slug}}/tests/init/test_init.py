"""The command from a table to a product: what it writes works, twice, and an edit of the owner is never lost."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.init.study import study
from {{ cookiecutter.__package }}.init.table import Options
from {{ cookiecutter.__package }}.stores.files import check_source

PACKAGE = Path(composition.__file__).parents[1]
ROWS = 150


def make_rows(seed=0):
    rng = random.Random(seed)
    for place in range(ROWS):
        income, region = rng.uniform(500, 9000), rng.choice(["Nord", "Süd", "West"])
        late = "ja" if rng.random() < (0.7 if income < 2000 else 0.1) else "nein"
        paid = 0.3 * income + rng.uniform(-200, 200)
        yield f"K{place:04d}", income, region, rng.choice(["m", "w"]), late, rng.choice("ABC"), paid


def write_plain(path, seed=0):
    """Write a table as many are: with commas and plain names."""
    lines = ["income,region,grade,paid,late"]
    lines += [
        f"{income:.2f},{region},{grade},{paid:.1f},{late}"
        for _, income, region, _, late, grade, paid in make_rows(seed)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_odd(path):
    """Write a table as German spreadsheets do: semicolons, decimal commas, cp1252, odd headers, a total."""
    lines = ["Kunden-Nr.;Einkommen (€);Region;Geschlecht;Verspätet?;class;Gezahlt %"]
    for key, income, region, sex, late, grade, paid in make_rows():
        money = f"{income:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
        lines.append(f'{key};"{money} €";{region};{sex};{late};{grade};{f"{paid:.1f}".replace(".", ",")}%')
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
    return path


@pytest.fixture
def root(tmp_path):
    """Return a folder with nothing but a copy of the package."""
    folder = tmp_path / "my project"
    shutil.copytree(PACKAGE, folder / "src" / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def run(root):
    """Return a function that runs a command in the folder, as a person without a terminal does."""

    def command(*words, **env):
        code = f"from {PACKAGE.name}.cli.main import main; main()"
        environment = os.environ | {"PYTHONPATH": str(root / "src"), "APP_ROOT": str(root), **env}
        words = [sys.executable, "-c", code, *map(str, words)]
        done = subprocess.run(
            words, cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return command


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


PROBLEMS = {
    "yes or no": (write_odd, ["--target", "Verspätet?", "--protected", "Geschlecht"]),
    "several": (write_plain, ["--target", "grade"]),
    "a number": (write_odd, ["--target", "Gezahlt %", "--key", "Kunden-Nr."]),
}


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS)
def test_table_becomes_a_problem_whose_commands_work(root, run, tmp_path, problem):
    make, options = PROBLEMS[problem]
    table = make(tmp_path / "table.csv")
    code, printed, error = run("init", table, *options)
    assert (code, error) == (0, ""), printed
    assert run("data-card", "--check") == (0, "", "")
    code, printed, error = run("data")
    assert code == 0, error
    assert f"{ROWS} rows to learn from, 0 of them from reactions, outcomes and labels; 0 in quarantine" in printed
    code, printed, error = run("run", "--prepare")
    assert code == 0, error
    code, printed, error = run("score", "data/table.csv", "--to", tmp_path / "scored.csv")
    assert code == 0, error
    assert f"decided on {ROWS} rows" in printed
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/problem"]
    env = os.environ | {"PYTHONPATH": str(root / "src")}
    done = subprocess.run(words, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_second_run_follows_a_newer_table_and_keeps_edits(root, run, tmp_path):
    options = ["--target", "late"]
    assert run("init", write_plain(tmp_path / "table.csv"), *options)[0] == 0
    first = read(root)
    code, printed, _ = run("init", "data/table.csv", *options)
    assert code == 0
    assert "nothing new" in printed
    assert {path: text for path, text in read(root).items() if path in first} == first

    notes = root / "data/README.md"  # made to be filled in
    notes.write_text("Ours.\n", encoding="utf-8")
    assert run("init", "data/table.csv", *options)[0] == 0
    assert notes.read_text(encoding="utf-8") == "Ours.\n"

    plan = root / "plan.toml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("folds = 5", "folds = 4"), encoding="utf-8")
    edited = read(root)
    newer = write_plain(tmp_path / "table.csv", seed=1)
    code, printed, _ = run("init", newer, *options)
    assert code == 1
    assert "-folds = 4" in printed
    assert "+folds = 5" in printed
    assert read(root) == edited

    code, printed, _ = run("init", newer, *options, "--force")
    assert code == 0, printed
    assert "folds = 5" in plan.read_text(encoding="utf-8")
    assert (root / "data/table.csv").read_bytes() == newer.read_bytes()
    kept = [path for path in (root / "var/replaced").rglob("plan.toml") if "folds = 4" in path.read_text("utf-8")]
    assert len(kept) == 1


@pytest.mark.slow
def test_stores_of_another_problem_are_put_aside(root, run, tmp_path):
    assert run("init", write_plain(tmp_path / "table.csv"), "--target", "late")[0] == 0
    assert run("run", "--prepare")[0] == 0
    ledger = (root / "var/ledger.db").read_bytes()
    assert run("init", tmp_path / "table.csv", "--target", "late", "--force")[0] == 0
    assert (root / "var/ledger.db").exists(), "the problem is the same"
    code, printed, _ = run("init", tmp_path / "table.csv", "--target", "grade", "--force")
    assert code == 0
    assert "all tables, models and decisions, are in var/replaced" in printed
    assert not (root / "var/ledger.db").exists()
    assert [path.read_bytes() for path in (root / "var/replaced").rglob("ledger.db")] == [ledger]
    code, _, error = run("run", "--prepare")
    assert code == 0, error


def test_missing_file_has_the_same_line_as_in_other_commands(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path / "nothing.doc", tmp_path):
        with pytest.raises(UserError) as refusal:
            check_source(path)
        with pytest.raises(UserError) as other:
            study(path, "", Options("late"))
        assert str(other.value) == str(refusal.value)


@pytest.mark.slow
def test_dry_run_writes_nothing(root, run, tmp_path):
    before = read(root)
    code, printed, _ = run("init", write_odd(tmp_path / "table.csv"), "--target", "Verspätet?", "--dry-run")
    assert code == 0
    assert "Would write plan.toml, " in printed
    assert "the key     Kunden-Nr." in printed
    assert read(root) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--target", "verspaetet"], "--target: the table has no column 'verspaetet'; did you mean Verspätet?"),
        (["--target", "class", "--key", "Kunden"], "--key: the table has no column 'Kunden'; "),
        (["--target", "class", "--protected", "class"], "class is named more than once"),
        (["--target", "class", "--outcome-order", "A,B"], "--outcome-order: C of class is missing"),
        (["--target", "class", "--outcome-order", "A,B,C,a"], "--outcome-order: class is never a; "),
        (["--target", "Gezahlt %", "--time", "Region", "--outcome-order", "A"], "--outcome-order"),
        (["--target", "Kunden-Nr."], "table.csv: Kunden-Nr.: "),
    ],
)
def test_option_that_does_not_fit_is_refused_in_one_line(root, run, tmp_path, options, expected):
    before = read(root)
    code, printed, error = run("init", write_odd(tmp_path / "table.csv"), *options)
    assert (code, printed) == (2, "")
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert expected in error
    assert read(root) == before


@pytest.mark.slow
def test_table_of_a_database_needs_a_key(root, run, tmp_path):
    url = f"sqlite:///{tmp_path}/cases.db"
    with contextlib.closing(sqlite3.connect(tmp_path / "cases.db")) as database, database:
        database.execute("create table cases (number integer, income real, region text, late text)")
        rows = [(place, row[1], row[2], row[4]) for place, row in enumerate(make_rows())]
        database.executemany("insert into cases values (?, ?, ?, ?)", rows)
        database.execute("create view numbered as select * from cases")
        database.execute("create view unnumbered as select income, region, late from cases")
    code, _, error = run("init", "${CASES}", "--sheet", "unnumbered", "--target", "late", CASES=url)
    assert code == 2
    assert "rows of a database have no order, and need a key; name its column by --key" in error
    words = ["init", "${CASES}", "--sheet", "numbered", "--target", "late", "--key", "number"]
    code, printed, error = run(*words, CASES=url)
    assert (code, error) == (0, ""), printed
    assert 'source = "${CASES}"' in (root / "plan.toml").read_text(encoding="utf-8")
    code, printed, error = run("data", CASES=url)
    assert code == 0, error
    assert f"{ROWS} rows to learn from" in printed
