"""The lake publishes all tables or none, and reports what it cannot read or write as one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores.lake import open_lake

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "lake.db"


def test_table_that_was_never_published_names_the_command_to_run(path: Path) -> None:
    with open_lake(path) as lake:
        assert not lake.has("training")
        with pytest.raises(UserError, match="the lake has no table 'training'; run the `data` command first"):
            lake.read("training")


def test_published_table_is_there_next_time_and_a_staged_one_is_not(path: Path) -> None:
    with open_lake(path) as lake:
        lake.publish({"copy": ibis.memtable({"a": [1, 2]})})
        staged = lake.stage(lake.read("copy"))
        assert staged.count().to_pyarrow().as_py() == 2
    with open_lake(f"duckdb:///{path}") as lake:
        found = lake.backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()
        assert found == [("copy",), ("published",)]


def test_frame_has_a_stable_order(path: Path) -> None:
    with open_lake(path) as lake:
        lake.publish({"copy": ibis.memtable({"a": [2, 3, 1]})})
        assert lake.frame("copy")["a"].tolist() == [1, 2, 3]


def test_unknown_backend_is_one_line() -> None:
    with pytest.raises(UserError, match=r"lake nowhere: .*see that APP_LAKE_URL is right") as refusal:
        open_lake("nowhere:///x").__enter__()
    assert "\n" not in str(refusal.value)


def test_file_that_is_no_lake_is_one_line_and_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, it is a note " * 200)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"lake: .*delete .*lake\.db and run `data`") as refusal:
        open_lake(path).__enter__()
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("fault", ["a folder", "below a file"])
def test_place_that_cannot_be_written_is_one_line(path: Path, fault: str) -> None:
    if fault == "a folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("a file")
    with pytest.raises(UserError, match=r"^lake: ") as refusal:
        open_lake(path).__enter__()
    assert "\n" not in str(refusal.value)


@pytest.fixture
def held(path: Path) -> Iterator[Path]:
    """Return a lake that another process has open."""
    with open_lake(path):
        pass
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield path
        process.kill()


def test_lake_that_another_process_has_open_is_one_line(held: Path) -> None:
    with pytest.raises(UserError, match=r"wait if another command has it open") as refusal:
        open_lake(held).__enter__()
    assert "\n" not in str(refusal.value)


def test_fault_while_publishing_leaves_every_table(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_lake(path) as lake:
        lake.publish({name: ibis.memtable({"old": [1]}) for name in "ac"})
        create = lake.backend.create_table

        def create_until_b(name: str, *rest: Any) -> Any:
            if name == "b":
                raise ValueError
            return create(name, *rest)

        monkeypatch.setattr(lake.backend, "create_table", create_until_b)
        with pytest.raises(ValueError):  # noqa: PT011
            lake.publish({name: ibis.memtable({"new": [2]}) for name in "abc"})
        assert [lake.frame(name).to_dict("list") for name in "ac"] == [{"old": [1]}] * 2


@pytest.mark.parametrize("room", [5_000, 300_000])
def test_full_disk_is_one_line_and_the_published_tables_stay(path: Path, room: int) -> None:
    with open_lake(path) as lake:
        lake.publish({"copy": ibis.memtable({"a": [1]})})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(UserError, match=r"^lake: .*File too large; see ") as refusal, open_lake(path) as lake:
            lake.publish({"copy": ibis.memtable({"a": np.random.default_rng(0).random(500_000)})})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(refusal.value)
    with open_lake(path) as lake:
        assert lake.frame("copy")["a"].tolist() == [1]
