"""What was acknowledged is on record, whatever happens to the product, its disk and its database."""

import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import sqlalchemy as sa

from {{ cookiecutter.__package }}.ledger import Ledger, open_ledger
from {{ cookiecutter.__package }}.serve import build

COMMAND = Path(sys.executable).parent / build.__module__.partition(".")[0].replace("_", "-")
CLIENTS, SECONDS = 8, 1.5


class Running:
    """A product in a process of its own, and what it acknowledged."""

    def __init__(self, root, ledger):
        own = {"APP_ROOT": str(root), "APP_LEDGER_URL": ledger, "PYTHONUNBUFFERED": "1"}
        words = [str(COMMAND), "run", "--port", "0"]
        self.process = subprocess.Popen(words, env=os.environ | own, stdout=subprocess.PIPE, text=True)
        self.url = next(found[0] for line in self.process.stdout if (found := re.search(r"http://[\d.:]+", line)))
        self.acknowledged = []
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=5).close()  # noqa: S310
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError

    def ask(self, body):
        """Ask for decisions until nobody answers any more."""
        request = urllib.request.Request(f"{self.url}/v1/decisions", json.dumps(body).encode())  # noqa: S310
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                    self.acknowledged.append(json.load(answer)["id"])
            except (OSError, ValueError):
                return

    def load(self, body, how):
        """Ask from several threads at once, and end the process meanwhile."""
        clients = [threading.Thread(target=self.ask, args=[body]) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(SECONDS)
        self.process.send_signal(how)
        for client in clients:
            client.join(30)
        return self.process.wait(30)


def recorded(ledger):
    with open_ledger(ledger) as opened:
        return [row["id"] for row in opened.recent(1_000_000)]


@pytest.fixture(scope="session")
def postgres():
    """Give the address of an empty PostgreSQL, and the means to stop and start it."""
    if given := os.environ.get("APP_TEST_POSTGRES_URL"):
        yield given, None
        return
    found = shutil.which("pg_ctl") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), None)
    if found is None:
        pytest.skip("no PostgreSQL: set APP_TEST_POSTGRES_URL, or install its server")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        if as_user:
            shutil.chown(folder, "postgres")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()

        def pg(program, *words):
            program = str(Path(found).with_name(program))
            subprocess.run([*as_user, program, "-D", f"{folder}/pg", *words], check=True, cwd=folder, stdout=-3)

        def control(action):
            options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
            pg("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, action)

        pg("initdb", "-U", "ledger", "--auth=trust")
        control("start")
        yield f"postgresql+psycopg://ledger@127.0.0.1:{port}/postgres", control
        control("stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, workspace):
    """Give the address of an empty ledger, of each kind."""
    if request.param == "sqlite":
        return workspace.settings.url("ledger")
    url, _ = request.getfixturevalue("postgres")
    schema = f"test_{secrets.token_hex(4)}"
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text(f"create schema {schema}"))
    return f"{url}?options=-csearch_path={schema}"


@pytest.mark.slow
def test_nothing_acknowledged_is_missing_after_a_kill(workspace, ledger, features):
    acknowledged = []
    for _ in range(2):
        running = Running(workspace.root, ledger)
        running.load(features, signal.SIGKILL)
        acknowledged += running.acknowledged
    assert len(acknowledged) > 4 * CLIENTS
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(recorded(ledger))


@pytest.mark.slow
def test_what_is_in_flight_is_finished_before_the_end(workspace, features):
    ledger = workspace.settings.url("ledger")
    running = Running(workspace.root, ledger)
    running.load(features, signal.SIGTERM)
    # acknowledged and recorded are the same: nobody was left without an answer
    assert sorted(running.acknowledged) == sorted(recorded(ledger))


def test_sabotage_an_answer_before_the_record_is_seen(workspace, features, monkeypatch):
    monkeypatch.setattr(Ledger, "record", lambda _self, _decisions: None)
    with workspace.product() as product:
        made = product.post("/v1/decisions", json=features).json()["id"]
    assert made not in recorded(workspace.settings.url("ledger"))


def refused(answer):
    said = "the ledger cannot take it now; nothing was recorded; try again"
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0 and answer.json()["detail"] == said


def test_a_full_disk_is_survived(workspace, product, features, caplog):
    made = [product.post("/v1/decisions", json=features)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in (workspace.root / "var").glob("ledger.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        made += [product.post("/v1/decisions", json=features) for _ in range(20)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused(made[-1])
    assert "the ledger failed: OperationalError, SQLITE_IOERR_WRITE" in caplog.messages
    made.append(product.post("/v1/decisions", json=features))
    assert made[-1].status_code == 201
    # what was answered is there, what was refused is not
    acknowledged = [answer.json()["id"] for answer in made if not refused(answer)]
    assert sorted(recorded(workspace.settings.url("ledger"))) == sorted(acknowledged)


def test_a_ledger_that_is_gone_and_comes_back(workspace, product, features):
    first = product.post("/v1/decisions", json=features).json()["id"]
    var, away = workspace.root / "var", workspace.root / "away"
    var.rename(away)
    assert refused(product.post("/v1/decisions", json=features))
    assert product.get("/readyz").status_code == 503
    assert product.get("/healthz").status_code == 200
    away.rename(var)
    second = product.post("/v1/decisions", json=features).json()["id"]
    assert recorded(workspace.settings.url("ledger")) == [second, first]


def test_a_locked_ledger_is_waited_for_only_so_long(workspace, product, features, caplog):
    other = sqlite3.connect(workspace.root / "var/ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert refused(product.post("/v1/decisions", json=features))
    assert "the ledger failed: OperationalError, SQLITE_BUSY" in caplog.messages
    other.execute("ROLLBACK")
    assert product.post("/v1/decisions", json=features).status_code == 201


@pytest.mark.slow
def test_a_database_that_stops_and_starts_again(workspace, postgres, features, monkeypatch):
    url, control = postgres
    if control is None:
        pytest.skip("the database is not ours to stop")
    monkeypatch.setenv("APP_LEDGER_URL", url)
    with workspace.product() as product:
        assert product.post("/v1/decisions", json=features).status_code == 201
        control("stop")
        assert refused(product.post("/v1/decisions", json=features))
        assert product.get("/healthz").status_code == 200
        control("start")
        answers = [product.post("/v1/decisions", json=features).status_code for _ in range(3)]
        assert answers[-1] == 201
