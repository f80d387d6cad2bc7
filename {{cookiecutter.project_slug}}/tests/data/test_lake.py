"""The lake says what it does not have."""

import ibis
import pytest

from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.lake import open_lake


@pytest.fixture
def url(tmp_path):
    return f"duckdb:///{tmp_path / 'new' / 'lake.db'}"


def test_a_table_that_was_never_published(url):
    with open_lake(url) as lake:
        assert not lake.has("training")
        with pytest.raises(UserError, match="the lake has no table 'training'; run the `data` command first"):
            lake.read("training")


def test_a_published_table_is_there_next_time_and_a_staged_one_is_not(url):
    with open_lake(url) as lake:
        lake.publish({"copy": ibis.memtable({"a": [1, 2]})})
        staged = lake.stage(lake.read("copy"))
        assert staged.count().to_pyarrow().as_py() == 2
    with open_lake(url) as lake:
        found = lake.backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
        assert found == [("copy",)]


def test_a_frame_has_a_stable_order(workspace):
    with workspace.lake() as lake:
        frame = lake.frame("training")
    assert frame[frame.columns[0]].is_monotonic_increasing


def test_a_backend_that_is_not_there_is_one_line():
    with pytest.raises(UserError, match=r"lake nowhere: .*see that APP_LAKE_URL is right") as refusal:
        open_lake("nowhere:///x").__enter__()
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_no_lake_is_one_line_and_stays(tmp_path):
    path = tmp_path / "lake.db"
    path.write_bytes(b"this is not a database, it is a note " * 200)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"lake duckdb: .*delete .*lake\.db and run `data`") as refusal:
        open_lake(f"duckdb:///{path}").__enter__()
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == before
