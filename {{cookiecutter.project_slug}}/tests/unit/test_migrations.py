"""The ledger's tables are brought to this version when it is opened, and no row is lost."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from postgres import make_schema
from problems import SHAPES

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.settings import sqlite_url
from {{ cookiecutter.__package }}.stores import database, ledger
from {{ cookiecutter.__package }}.stores.ledger import open_ledger
from {{ cookiecutter.__package }}.stores.tables import Tables

TARGETS = {shape: SHAPES[shape].problem().target for shape in SHAPES}
TARGET = TARGETS["usual"]
ODD = "100%25 done? feature%2Flogin #1"  # characters that URLs escape
# the tables as version 0.2.0 of the template created them, without a table of versions
OLD_TABLES = """
CREATE TABLE decisions (id VARCHAR(32) NOT NULL, decided_at VARCHAR(32) NOT NULL, features JSON NOT NULL,
  answer {answer} NOT NULL, score FLOAT NOT NULL, model VARCHAR(120) NOT NULL, needs_review BOOLEAN NOT NULL,
  fallback BOOLEAN NOT NULL, PRIMARY KEY (id));
CREATE TABLE reactions (decision_id VARCHAR(32) NOT NULL, reacted_at VARCHAR(32) NOT NULL,
  verdict VARCHAR(16) NOT NULL, answer {answer}, note VARCHAR(500) NOT NULL, PRIMARY KEY (decision_id),
  FOREIGN KEY(decision_id) REFERENCES decisions (id))
"""
FEATURES = {"a": 1.5, "b": None, "c": "\u00e9'\"%?"}
DECISION = {"id": "0" * 32, "decided_at": "2026-01-01T00:00:00.000+00:00", "features": FEATURES, "score": 0.25}
DECISION |= {"model": "rules:1", "needs_review": True, "fallback": False}
INDEXES = ["decisions_reference", "decisions_rollout", "decisions_to_review"]
ADDED = {"reference": None, "subject": None, "blind": False, "outcome": None, "outcome_at": None}
ADDED |= dict.fromkeys(("model_seconds", "rollout", "step", "share", "arm"))
REACTION = {"verdict": "accept", "answer": None, "note": "seen"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request, tmp_path):
    """Return the URL of an empty database of each kind."""
    if request.param == "sqlite":
        (tmp_path / ODD).mkdir()
        return sqlite_url(tmp_path / ODD / "ledger.db")
    return make_schema(request.getfixturevalue("postgres")[0])


def run_sql(url, *statements, rows=()):
    """Run statements without the ledger's own code."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        for statement, values in rows:
            connection.execute(sa.text(statement), values)
    engine.dispose()


def make_old_ledger(url, target):
    """Create a ledger of version 0.2.0 that holds a decision with a reaction."""
    answer = "VARCHAR" if target.categories else "FLOAT"
    given = target.categories[0] if target.categories else 12.5
    decision = DECISION | {"answer": given, "features": json.dumps(FEATURES)}
    insert = f"INSERT INTO decisions ({', '.join(decision)}) VALUES (:{', :'.join(decision)})"  # noqa: S608
    reaction = "INSERT INTO reactions VALUES (:id, :at, 'accept', NULL, 'seen')"
    rows = [(insert, decision), (reaction, {"id": DECISION["id"], "at": DECISION["decided_at"]})]
    run_sql(url, *OLD_TABLES.format(answer=answer).split(";"), rows=rows)
    reacted = {"verdict": "accept", "reaction_answer": None, "note": "seen", "reacted_at": DECISION["decided_at"]}
    return decision | {"features": FEATURES} | reacted | ADDED


def read_version(url):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT version_num FROM {database.VERSION_TABLE}").scalar()  # noqa: S608
    engine.dispose()
    return found


def read_tables(url):
    engine = sa.create_engine(url)
    schema = sa.inspect(engine)
    found = {name: [column["name"] for column in schema.get_columns(name)] for name in schema.get_table_names()}
    engine.dispose()
    return found


def test_new_ledger_has_the_tables_of_this_version(url, tmp_path):
    with open_ledger(url, TARGET) as opened:
        assert opened.recent(1) == []
    assert read_version(url) == database.HEAD
    expected = {table.name: [column.name for column in table.c] for table in Tables(TARGET).metadata.sorted_tables}
    assert read_tables(url) == expected | {database.VERSION_TABLE: ["version_num"]}
    assert [path.name for path in tmp_path.iterdir() if path.name != ODD] == []


@pytest.mark.parametrize("shape", TARGETS)
def test_ledger_of_0_2_0_keeps_its_rows(url, shape):
    target = TARGETS[shape]
    row = make_old_ledger(url, target)
    for _ in range(2):
        with open_ledger(url, target) as opened:
            assert list(opened.labelled()) == [row]
            assert opened.react(row["id"], REACTION)[0]["note"] == "seen"
            indexes = sa.inspect(opened.engine).get_indexes("decisions")
            assert sorted(index["name"] for index in indexes) == INDEXES
    assert read_version(url) == database.HEAD


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_ledger_of_each_earlier_version_keeps_its_rows(url, monkeypatch, version):
    row = make_old_ledger(url, TARGET)
    upgrade = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, version))
    with pytest.raises(UserError), open_ledger(url, TARGET):  # its tables are not those of this code
        pass
    monkeypatch.setattr(database, "HEAD", version)
    monkeypatch.setattr(Tables, "__init__", make_old_tables)
    engine = database.connect(url, Tables(TARGET))
    engine.dispose()
    assert read_version(url) == version
    monkeypatch.undo()
    with open_ledger(url, TARGET) as opened:
        assert list(opened.labelled()) == [row]
        opened.record([DECISION | {"id": "1" * 32, "answer": TARGET.categories[0], "blind": True, "reference": "r"}])
        assert opened.get("1" * 32)["blind"] is True
    assert read_version(url) == database.HEAD


def make_old_tables(self, target):
    """Make the tables of the first versions."""
    self.metadata = sa.MetaData()
    answer = sa.String() if target.categories else sa.Float()
    self.decisions = sa.Table("decisions", self.metadata, sa.Column("answer", answer))


def test_tables_of_0_2_0_and_new_tables_are_the_same(tmp_path):
    """A column that only one of both had would fail later, and in one of both kinds of project only."""
    old, new = (f"sqlite:///{tmp_path}/{name}.db" for name in ("old", "new"))
    make_old_ledger(old, TARGET)
    for url in (old, new):
        with open_ledger(url, TARGET):
            pass
    assert read_tables(old) == read_tables(new)


def test_ledger_of_a_newer_version_is_refused_in_one_line_and_left_as_it_is(url):
    with open_ledger(url, TARGET):
        pass
    run_sql(url, f"UPDATE {database.VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    before = read_tables(url)
    with pytest.raises(UserError) as refusal, open_ledger(url, TARGET):
        pass
    assert str(refusal.value) == (
        "ledger: version 9999 is newer than this code knows; update the project, then try again"
    )
    assert (read_version(url), read_tables(url)) == ("9999", before)


def test_head_is_the_newest_migration_and_the_chain_is_linear():
    """Opening a ledger compares it with HEAD: a migration that HEAD does not name would never run."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [database.HEAD]
    chain = [script.revision for script in scripts.walk_revisions()][::-1]
    files = sorted(path.name for path in (database.MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert [name.partition("_")[0] for name in files] == chain


# revisions, and a column of each, of migrations that a later version may add
NEXT, AFTER = (f"{int(database.HEAD) + number:04d}" for number in (1, 2))
ONE, TWO = f"subject{NEXT}", f"subject{AFTER}"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    op.add_column("decisions", sa.Column("subject{revision}", sa.String(32)))
    {then}
"""


@pytest.fixture
def plant(monkeypatch, tmp_path):
    """Return a function that adds a migration to a copy of the folder, which then is the newest."""
    folder = tmp_path / f"{ODD} migrations"
    shutil.copytree(database.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    added = []

    class Newer(Tables):
        def __init__(self, target):
            super().__init__(target)
            for name in added:
                self.decisions.append_column(sa.Column(name, sa.String(32)))

    monkeypatch.setattr(ledger, "Tables", Newer)

    def add(then="pass"):
        revision = f"{int(database.HEAD) + 1:04d}"
        text = MIGRATION.format(revision=revision, before=database.HEAD, then=then)
        (folder / "versions" / f"{revision}_planted.py").write_text(text, encoding="utf-8")
        added.append(f"subject{revision}")
        monkeypatch.setattr(database, "HEAD", revision)

    return add


@pytest.mark.parametrize("start", ["empty", "0.2.0", "the version before"])
def test_chain_of_migrations_keeps_the_rows(url, plant, start):
    row = None if start == "empty" else make_old_ledger(url, TARGET)
    if start == "the version before":
        with open_ledger(url, TARGET):
            pass
    plant()
    plant()
    with open_ledger(url, TARGET) as opened:
        assert list(opened.labelled()) == ([] if row is None else [row | {ONE: None, TWO: None}])
        opened.record([DECISION | {"id": "1" * 32, "answer": TARGET.categories[0], TWO: "s"}])
        assert opened.get("1" * 32)[TWO] == "s"
    assert read_version(url) == AFTER


def test_migration_that_fails_leaves_the_ledger_as_it_was(url, plant):
    row = make_old_ledger(url, TARGET)
    before = read_tables(url)
    plant(then="raise RuntimeError")
    with pytest.raises(RuntimeError), open_ledger(url, TARGET):
        pass
    assert read_tables(url) == before
    [file] = database.MIGRATIONS.glob("versions/*_planted.py")
    file.write_text(file.read_text(encoding="utf-8").replace("raise RuntimeError", "pass"), encoding="utf-8")
    with open_ledger(url, TARGET) as opened:
        assert list(opened.labelled()) == [row | {ONE: None}]


def test_migration_that_does_not_lead_to_the_tables_of_the_code_is_not_kept(url, plant):
    row = make_old_ledger(url, TARGET)
    before = read_tables(url)
    plant(then=f"op.drop_column('decisions', '{ONE}')")
    with pytest.raises(UserError, match=f"ledger: cannot open it: .*{ONE}"), open_ledger(url, TARGET):
        pass
    assert read_tables(url) == before
    assert row["id"] == DECISION["id"]


# each process waits for the others before it opens the ledger
OPEN = """
import sys
from {package}.core.schema import Column
from {package}.stores import ledger
target = Column("label", "category", "", "no", categories=("no", "yes"))
print("ready", flush=True)
sys.stdin.readline()
with ledger.open_ledger({url!r}, target) as opened:
    print(len(list(opened.labelled())), "alembic" in sys.modules, flush=True)
"""


def start_process(url, program=OPEN):
    source = program.format(url=url, package=ledger.__name__.partition(".")[0])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", source], text=True, **pipes)


@contextlib.contextmanager
def start_processes(url, count):
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(start_process(url)) for _ in range(count)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        yield [process.communicate(timeout=120) for process in processes], [process.wait() for process in processes]


@pytest.mark.slow
@pytest.mark.parametrize("start", ["empty", "0.2.0"])
@pytest.mark.parametrize("count", [2, 8])
def test_processes_that_open_one_ledger_at_once_all_come_up(url, count, start):
    rows = 0
    if start == "0.2.0":
        make_old_ledger(url, TARGET)
        rows = 1
    with start_processes(url, count) as (printed, codes):
        assert codes == [0] * count, printed
    assert {out.split()[0] for out, _ in printed} == {str(rows)}
    assert read_version(url) == database.HEAD


OPEN_EACH = """
import sys
from {package}.core.schema import Column
from {package}.stores import ledger
target = Column("label", "category", "", "no", categories=("no", "yes"))
print("ready", flush=True)
for url in sys.stdin:
    with ledger.open_ledger(url.strip(), target):
        print("open", flush=True)
"""


@pytest.mark.slow
def test_processes_that_create_a_ledger_at_once_wait_for_each_other(tmp_path):
    """SQLite refuses at once, in one of about 200 tries, when two processes change a new file to WAL together."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(start_process("", OPEN_EACH)) for _ in range(3)]
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
        for number in range(200):
            for process in processes:
                process.stdin.write(f"sqlite:///{tmp_path}/{number}.db\n")
                process.stdin.flush()
            assert [process.stdout.readline() for process in processes] == ["open\n"] * 3
        for process in processes:
            process.stdin.close()


@pytest.mark.slow
def test_alembic_is_imported_only_for_a_migration(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    for expected in ("0 True\n", "0 False\n"):
        with start_processes(url, 1) as (printed, _):
            assert printed[0][0] == expected, printed


STOP = """import os, signal
    op.execute("INSERT INTO reactions SELECT id, decided_at, 'accept', NULL, 'half' FROM decisions")
    os.kill(os.getpid(), signal.SIGKILL)"""
OPEN_PLANTED = """
import sqlalchemy as sa
from pathlib import Path
from {package}.stores import database
database.MIGRATIONS, database.HEAD = Path({folder!r}), "0004"
"""


@pytest.mark.slow
def test_process_that_is_killed_during_a_migration_leaves_the_ledger_as_it_was(url, plant):
    row = make_old_ledger(url, TARGET)
    run_sql(url, "DELETE FROM reactions")
    before = read_tables(url)
    plant(then=STOP)
    with start_process(url, OPEN_PLANTED.replace("{folder!r}", repr(str(database.MIGRATIONS))) + OPEN) as process:
        process.communicate("\n", timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert read_tables(url) == before
    [file] = database.MIGRATIONS.glob("versions/*_planted.py")
    file.write_text(file.read_text(encoding="utf-8").replace(STOP, "pass"), encoding="utf-8")
    with open_ledger(url, TARGET) as opened:
        assert [found["id"] for found in opened.recent(9)] == [row["id"]]
        assert list(opened.labelled()) == []
