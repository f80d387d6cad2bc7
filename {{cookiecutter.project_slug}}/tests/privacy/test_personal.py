"""A personal column goes all the way round: table, product, reactions, training. No trace of it is stored."""

import csv
import dataclasses
import io
import logging
import zipfile
from typing import Annotated

import pytest
from pydantic import Field

from {{ cookiecutter.__package }}.cli.preparation import prepare
from {{ cookiecutter.__package }}.operations.logs import JsonLines

SECRET = "Ada Lovelace"
FIELD = "name"  # the personal column of the usual shape


def forget_to_mark(shape):
    """Return the shape with the personal column not marked as such."""
    unmarked = (Annotated[str | None, Field(max_length=80, description="Who it is")], None)
    return dataclasses.replace(shape, features=shape.features | {FIELD: unmarked})


@pytest.fixture
def lines():
    """Return what is logged, as the product writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def fill_table(root):
    """Write a person's name into every row of the source."""
    path = root / "data" / "table.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {FIELD: SECRET} for row in rows)


def use(workspace, features):
    """Decide, react and read as people do, and return all answers."""
    with workspace.product() as product:
        decisions = [product.post("/v1/decisions", json=features | {FIELD: f"{SECRET} {n}"}) for n in range(3)]
        paths = [f"/v1/decisions/{decision.json()['id']}" for decision in decisions]
        reactions = [product.post(f"{path}/reaction", json={"verdict": "accept"}) for path in paths]
        wrong = [product.post("/v1/decisions", json=body) for body in (features | {FIELD: [SECRET]}, {FIELD: SECRET})]
        read = [product.get(path) for path in ("/v1/decisions?limit=10", "/metrics", "/openapi.json", *paths)]
        assert {answer.status_code for answer in decisions + reactions} == {201}
        assert {answer.status_code for answer in wrong} == {422}
    return [answer.text for answer in decisions + reactions + wrong + read]


def traces(workspace):
    """Return the names of all files and tables that hold the name."""
    found = [path.name for path in (workspace.root / "var").rglob("*") if path.is_file() and _holds(path)]
    if (workspace.root / "var" / "lake.db").exists():
        with workspace.project.lake() as lake:  # its file is compressed
            names = [name for (name,) in lake.backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()]
            found += [name for name in names if SECRET in lake.frame(name).to_csv()]
    return found


def _holds(path):
    parts = [path.read_bytes()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    return any(SECRET.encode() in part for part in parts)


def go_round(workspace, features, run_command, commands):
    """Prepare, serve and train; return all answers of the product and all that the commands print."""
    fill_table(workspace.root)
    prepare(workspace.project)
    answers = use(workspace, features)
    printed = []
    for word in commands:
        code, out, err = run_command(workspace, word)
        assert code in {0, 1}, err
        printed += [out, err]
    return answers, "".join(printed)


@pytest.mark.slow
def test_personal_values_are_stored_nowhere(workspace, features, run_command, lines, commands):
    answers, printed = go_round(workspace, features, run_command, commands)
    assert [answer for answer in answers if SECRET in answer] == []
    assert SECRET not in printed + lines.getvalue()
    assert traces(workspace) == []


@pytest.mark.slow
def test_sabotage_column_that_is_not_marked_is_found(workspace, features, run_command, commands):
    workspace = dataclasses.replace(workspace, shape=forget_to_mark(workspace.shape))
    answers, _ = go_round(workspace, features, run_command, commands)
    assert [answer for answer in answers if SECRET in answer]
    found = traces(workspace)
    assert any(name.startswith("ledger.db") for name in found)
    assert "training" in found or not commands
