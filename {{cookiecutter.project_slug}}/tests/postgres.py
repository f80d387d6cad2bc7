"""A PostgreSQL server for tests: the one that APP_TEST_POSTGRES_URL names, or one that is started here."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

Control = Callable[[str], None] | None  # starts and stops the server, if it was started here


@contextlib.contextmanager
def run_postgres() -> Iterator[tuple[str, Control]]:
    """Yield the URL of a database, and a function that takes "start" and "stop"."""
    if given := os.environ.get("APP_TEST_POSTGRES_URL"):
        yield given, None
        return
    found = shutil.which("pg_ctl") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), None)
    if found is None:
        pytest.skip("no PostgreSQL: set APP_TEST_POSTGRES_URL, or install its server")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        if as_user:
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(program: str, *words: str) -> None:
            program = str(Path(found).resolve().with_name(program))
            command = [*as_user, program, "-D", f"{folder}/pg", *words]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

        def control(action: str) -> None:
            options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
            run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, action)

        run("initdb", "-U", "ledger", "--auth=trust")
        control("start")
        try:
            yield f"postgresql+psycopg://ledger@127.0.0.1:{port}/postgres", control
        finally:
            control("stop")


def make_schema(url: str) -> str:
    """Return the URL of a new and empty schema in a database."""
    schema = f"test_{secrets.token_hex(4)}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"create schema {schema}"))
    engine.dispose()
    return f"{url}?options=-csearch_path={schema}"
