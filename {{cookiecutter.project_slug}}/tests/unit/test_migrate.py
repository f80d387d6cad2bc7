"""The command that only migrates the ledger: a job before a new version is rolled out."""

import sqlite3

import pytest

from {{ cookiecutter.__package }}.stores import database


@pytest.fixture
def ledger(workspace):
    """Return the file of an empty ledger."""
    path = workspace.root / "var" / "ledger.db"
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    return path


def read_version(path):
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT version_num FROM {database.VERSION_TABLE}").fetchone()[0]  # noqa: S608


def test_migrate_brings_the_tables_to_this_version_and_can_be_repeated(ledger, command):
    for _ in range(2):
        assert command("migrate") == (0, "The ledger's tables are those of this version.\n", "")
        assert read_version(ledger) == database.HEAD


def test_migrate_needs_no_models(workspace, ledger, command):
    for file in (workspace.root / "var" / "models").glob("*.json"):
        file.unlink()
    assert command("migrate")[0] == 0


def test_ledger_of_a_newer_version_fails_the_job_in_one_line(ledger, command):
    command("migrate")
    with sqlite3.connect(ledger) as connection:
        connection.execute(f"UPDATE {database.VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    code, out, error = command("migrate")
    assert (code, out) == (2, "")
    assert error == "error: ledger: version 9999 is newer than this code knows; update the project, then try again\n"
