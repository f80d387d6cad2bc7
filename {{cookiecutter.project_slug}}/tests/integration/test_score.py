"""A file of any size gets its decisions, or nothing at all."""

import csv
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.product import score as module
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.score import score
from {{ cookiecutter.__package }}.schema import columns

NUMBER = next(c for c in columns(contract.Features) if c.kind in {"number", "integer"})
KIND = type(NUMBER.example)
ROWS = 500


@pytest.fixture
def predictor(workspace):
    return Predictor(workspace.registry(), workspace.plan.objective)


@pytest.fixture(params=["csv", "parquet"])
def file(request, tmp_path, features):
    step = (NUMBER.high - NUMBER.low) / ROWS
    values = [KIND(NUMBER.low + step * place) for place in range(ROWS)]
    rows = [features | {NUMBER.name: value, "reference": f"r{place}"} for place, value in enumerate(values)]
    path = tmp_path / f"rows.{request.param}"
    write = pyarrow.csv.write_csv if request.param == "csv" else pyarrow.parquet.write_table
    write(pa.Table.from_pylist(rows), path)
    return path


def read(path):
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_row_gets_the_decision_that_the_api_gives(workspace, predictor, file, features, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 64)
    target = file.with_stem("decided")
    assert sum(score(file, target, predictor.champion, predictor.objective)) == ROWS
    rows = read(target)
    assert [row["reference"] for row in rows] == [f"r{place}" for place in range(ROWS)]
    asked = [features | {NUMBER.name: KIND(float(row[NUMBER.name]))} for row in rows]
    for row, made in zip(rows, predictor.decide(asked), strict=True):
        answer = type(made["answer"])(row["answer"])  # a CSV file holds text
        assert answer == pytest.approx(made["answer"], abs=1e-9)
        assert row["model"] == made["model"]
        assert float(row["score"]) == pytest.approx(made["score"], abs=1e-12)


def test_whoever_stops_half_way_leaves_nothing(predictor, file, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 64)
    target = file.with_stem("decided")
    chunks = score(file, target, predictor.champion, predictor.objective)
    next(chunks)
    chunks.close()
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({NUMBER.name: NUMBER.high + 1}, f"row 2: {NUMBER.name} has to be"),
        ({NUMBER.name: None}, f"row 2: {NUMBER.name} has to be"),
        ({NUMBER.name: float("nan")}, f"row 2: {NUMBER.name} has to be"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_row(predictor, tmp_path, features, change, message):
    source, target = tmp_path / "rows.parquet", tmp_path / "decided.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist([features, features | change]), source)
    with pytest.raises(UserError, match=message):
        list(score(source, target, predictor.champion, predictor.objective))
    assert not target.exists()


def test_a_missing_column_and_a_strange_file_are_named(predictor, tmp_path, features):
    source = tmp_path / "rows.csv"
    source.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=NUMBER.name):
        list(score(source, tmp_path / "x.csv", predictor.champion, predictor.objective))
    strange = tmp_path / "rows.json"
    strange.write_text(json.dumps(features))
    with pytest.raises(UserError, match="CSV or Parquet"):
        list(score(strange, tmp_path / "x.csv", predictor.champion, predictor.objective))
