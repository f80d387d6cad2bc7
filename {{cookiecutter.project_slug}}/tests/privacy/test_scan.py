"""Personal-looking values are found wherever they are stored, and what only resembles them is not."""

import json
import sqlite3
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.personal import find_personal
from {{ cookiecutter.__package }}.stores.ledger import new_id, now
from {{ cookiecutter.__package }}.stores.scan import scan_folder

# made up, or published as examples by those who issue them
PERSONAL = {
    "e-mail address": ["write to ada.lovelace@mail.example.co.uk now", '{"a":"ada+1@lovelace.dev"}', "mailto:a@b.de"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "IBAN:GB29NWBK60161331926819", "to NO9386011117947, please"],
    "card number": ["4111 1111 1111 1111", "card 5555555555554444.", "3782-822463-10005", "6011111111111117"],
    "phone number": ["Tel:+49 30 901820", "+1 (212) 555-0123", "call (212) 555-0123", "212-555-0123", "+442079460958"],
    "US social security number": ["078-05-1120", "ssn=219-09-9999"],
    "UK national insurance number": ["AB 12 34 56 C", "JG103759A"],
    "French social security number": ["2 55 08 14 168 025 38", "255081416802538"],
}
HARMLESS = [
    *("2026-11-27T22:58:50.123+00:00", "1764282345678901234", "1764282345678", "2026-11-27 12:00 +01:00"),
    *("0.4111111111111111", "4111111111111111.5", "4111111111111112", "-1.5e-05, 2.75e+08", "+1.23456789012"),
    *("deadbeef4111111111111111", "550e8400-e29b-41d4-a716-446655440000", "12345678901234567890123456789012"),
    *("a@example.com", "root@localhost", "git@github.com", "ledger@127.0.0.1", "package@1.2.3", "@app.get", "a @ b"),
    *("postgresql+psycopg://u@db.internal.net/x", "scikit-learn==1.9.1", "1,234,567 of 12,345,678", "x+1234567890"),
    *("DE89370400440532013001", "XX89370400440532013000", "000-12-3456", "666-12-3456", "123-456-7890123"),
    *("AB1234567C", "255081416802539", "10.0.0.1-10.0.0.255", "", "text 417"),
]


@pytest.mark.parametrize("kind", PERSONAL)
def test_personal_values_are_found_with_their_kind(kind):
    for text in PERSONAL[kind]:
        assert [found.kind for found in find_personal(text)] == [kind], text


def test_what_only_resembles_a_personal_value_is_not_found():
    assert [(text, [*find_personal(text)]) for text in HARMLESS if [*find_personal(text)]] == []


def test_what_a_fresh_project_and_its_product_leave_has_no_alarm(any_workspace, run_command):
    with any_workspace.product() as product:
        example = product.get("/openapi.json").json()["components"]["schemas"]["Features"]["examples"][0]
        for number in range(20):
            product.post("/v1/decisions", json=example | {"subject": f"s{number}", "reference": f"{number:016x}"})
    code, out, error = run_command(any_workspace, "scan-personal")
    assert (code, out, error) == (0, "No personal-looking value.\n", "")


def plant_note(root, ledger, problem):
    features = {column.name: column.example for column in problem.stored}
    row = {"id": new_id(), "decided_at": now(), "features": features, "answer": problem.target.categories[0]}
    ledger.record([row | {"score": 0.5, "model": "rules:1", "needs_review": True, "fallback": False}])
    ledger.react(row["id"], {"verdict": "accept", "answer": None, "note": "call +49 30 901820"})
    return f"{root}/var/ledger.db: table reactions, column note, row 1: phone number, 13 characters"


def plant_feature(root, ledger, problem):
    column = next(column for column in problem.stored if column.kind == "text")
    features = {column.name: column.example for column in problem.stored} | {column.name: "me@lovelace.dev"}
    row = {"id": new_id(), "decided_at": now(), "features": features, "answer": problem.target.categories[0]}
    ledger.record([row | {"score": 0.5, "model": "rules:1", "needs_review": True, "fallback": False}])
    return f"{root}/var/ledger.db: table decisions, column features, row 1: e-mail address, 15 characters"


def plant_log(root, *_):
    (root / "var" / "product.log").write_text('{"message": "started"}\n{"message": "of DE89370400440532013000"}\n')
    return f"{root}/var/product.log:2: IBAN, 22 characters"


def plant_artefact(root, *_):
    with zipfile.ZipFile(root / "var" / "models" / "other.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps({"name": "card 4111111111111111"}))
    return f"{root}/var/models/other.skops: schema.json:1: card number, 16 characters"


def plant_other_database(root, *_):
    with sqlite3.connect(root / "var" / "kept.db") as connection:
        connection.execute("CREATE TABLE 'odd name' (number INTEGER, 'a b' TEXT)")
        connection.execute("INSERT INTO 'odd name' VALUES (1, 'ssn 078-05-1120')")
    return f"{root}/var/kept.db: table odd name, column a b, row 1: US social security number, 11 characters"


def plant_delivery(root, *_):
    (root / "var" / "deliveries").mkdir(exist_ok=True)
    rows = pa.table({"number": [1, 4111111111111111], "a b": ["nothing", "of me@lovelace.dev"]})
    pyarrow.parquet.write_table(rows, root / "var" / "deliveries" / "a-1.parquet")
    return f"{root}/var/deliveries/a-1.parquet, column a b, row 2: e-mail address, 15 characters"


SABOTAGE = [plant_note, plant_feature, plant_log, plant_artefact, plant_other_database, plant_delivery]


@pytest.mark.parametrize(
    "plant", [each if each == plant_note else pytest.param(each, marks=pytest.mark.slow) for each in SABOTAGE]
)
def test_sabotage_personal_value_is_found_with_its_place_and_is_not_shown(workspace, command, plant):
    with workspace.project.ledger() as ledger:
        expected = plant(workspace.root, ledger, workspace.project.problem)
    code, out, error = command("scan-personal")
    assert (code, error) == (1, "")
    assert out.splitlines()[0] == expected
    assert "1 personal-looking value; delete them, and mark their column PERSONAL" in out
    assert all(value not in out for value in ("901820", "lovelace.dev", "DE893", "41111", "078-05"))


def test_addresses_of_objects_in_a_model_are_not_found(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("schema.json", '{"__id__": 255081416802538, "content": {"__id__":255081416802538}}')
        archive.writestr("other.json", '{"name": 255081416802538}')
    [finding] = scan_folder(tmp_path)
    assert finding.place == f"{tmp_path}/model.skops: other.json:1"


def test_every_column_of_text_of_a_parquet_file_is_read_to_its_last_row(tmp_path):
    lists = [None] * 2_500 + [["+49 30 901820", "x"]]
    texts = pa.array([None] * 2_500 + ["DE89370400440532013000"]).dictionary_encode()
    numbers = pa.array([4111111111111111] * 2_501)
    table = pa.Table.from_arrays([numbers, texts, pa.array(lists)], names=["same", "same", "deep"])
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=700)
    found = [(finding.place, finding.found.kind) for finding in scan_folder(tmp_path / "rows.parquet")]
    where = f"{tmp_path}/rows.parquet, column"
    assert found == [(f"{where} same, row 2501", "IBAN"), (f"{where} deep, row 2501", "phone number")]


def test_parquet_file_that_is_cut_off_is_one_line(tmp_path):
    pyarrow.parquet.write_table(pa.table({"a": ["x"]}), tmp_path / "rows.parquet")
    (tmp_path / "rows.parquet").write_bytes((tmp_path / "rows.parquet").read_bytes()[:-9])
    with pytest.raises(UserError, match=r"rows\.parquet: .*; see that it can be read") as refused:
        list(scan_folder(tmp_path))
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_file_that_an_interrupted_run_has_left_is_not_read(tmp_path):
    (tmp_path / ".rows.part").write_bytes(b"PAR1 and no end")
    assert [*scan_folder(tmp_path)] == []


def test_given_places_alone_are_scanned(workspace, command, tmp_path):
    plant_log(workspace.root)
    assert command("scan-personal", str(workspace.root / "data"))[0] == 0
    assert command("scan-personal", str(workspace.root / "var" / "product.log"))[0] == 1
    code, _, error = command("scan-personal", str(tmp_path / "nowhere"))
    assert (code, error.count("\n")) == (2, 1)


@pytest.mark.slow
def test_damaged_database_is_one_line(workspace, command):
    (workspace.root / "var" / "damaged.db").write_bytes(b"SQLite format 3\0" + b"x" * 500)
    code, _, error = command("scan-personal")
    assert (code, error.count("\n")) == (2, 1)
    assert "damaged.db: " in error
