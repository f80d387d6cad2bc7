"""The lake publishes all tables or none, and reports what it cannot read or write as one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pytest

from {{ cookiecutter.__package }}.cli.data import lock_lake
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores.lake import open_lake

WRITE = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
STOP = """
import os, sys
from pathlib import Path
import ibis
from {{ cookiecutter.__package }}.stores.lake import open_lake
Path.replace = lambda *_: os._exit(9)
with open_lake(Path(sys.argv[1])) as lake:
    lake.publish({"copy": ibis.memtable({"a": [2]})})
"""


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


def publish(place: str | Path, **tables: list[int]) -> None:
    with open_lake(place) as lake:
        lake.publish({name: ibis.memtable({"a": values}) for name, values in tables.items()})


def test_lake_that_another_program_writes_is_one_line(path: Path) -> None:
    publish(path, copy=[1])
    with subprocess.Popen([sys.executable, "-c", WRITE, path], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(UserError, match=r"wait if another program has it open") as refusal:
            open_lake(path).__enter__()
        process.kill()
    assert "\n" not in str(refusal.value)


def test_reader_keeps_the_tables_that_it_opened_while_others_are_published(path: Path) -> None:
    publish(path, copy=[1], other=[5])
    with open_lake(path) as reader, open_lake(path) as writer:
        staged = writer.stage(writer.read("copy"))
        writer.publish({"copy": staged.mutate(a=staged["a"] + 1)})
        assert reader.frame("copy")["a"].tolist() == [1]
        assert [writer.frame(name)["a"].tolist() for name in ("copy", "other")] == [[2], [5]]
    with open_lake(path) as lake:
        assert lake.frame("copy")["a"].tolist() == [2]


def test_run_that_is_killed_before_the_end_leaves_the_old_tables_and_the_next_one_works(path: Path) -> None:
    publish(path, copy=[1])
    assert subprocess.run([sys.executable, "-c", STOP, path], check=False).returncode == 9
    with open_lake(path) as lake:
        assert lake.frame("copy")["a"].tolist() == [1]
    publish(path, copy=[3])
    assert [file.name for file in path.parent.iterdir()] == ["lake.db"]


@pytest.mark.parametrize("in_file", [True, False])
def test_fault_while_publishing_leaves_every_table(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, in_file: bool
) -> None:
    with open_lake(path if in_file else "duckdb://") as lake:
        lake.publish({name: ibis.memtable({"old": [1]}) for name in "ac"})
        create = lake.backend.create_table

        def create_until_b(name: str, *rest: Any, **options: Any) -> Any:
            if name.partition("_")[0] == "b":
                raise ValueError
            return create(name, *rest, **options)

        monkeypatch.setattr(lake.backend, "create_table", create_until_b)
        with pytest.raises(ValueError):  # noqa: PT011
            lake.publish({name: ibis.memtable({"new": [2]}) for name in "abc"})
        assert [lake.frame(name).to_dict("list") for name in "ac"] == [{"old": [1]}] * 2
        assert not lake.has("b")


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


def test_second_data_at_once_is_refused_and_the_first_wins(command: Any, workspace: Any) -> None:
    with lock_lake(workspace.project):
        code, _, errors = command("data")
        assert code == 2
        assert errors.startswith("error: another command is writing the lake (in ")
        assert errors.endswith("); wait until it has ended\n")
    assert command("data")[0] == 0


@pytest.mark.slow
def test_tables_that_need_more_memory_than_is_allowed_are_one_line(path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"^lake: Out of Memory.*; set APP_LAKE_MEMORY to more$"),
        open_lake(path, "1 MB") as lake,
    ):
        lake.publish({"many": ibis.range(3_000_000).unnest().name("a").as_table()})
    assert not path.exists()
