"""Every acknowledged decision is recorded, whatever happens to the product, its disk and its database."""

import resource
import signal
import sqlite3
import threading
import time

import pytest
from postgres import make_schema
from processes import run_product

from {{ cookiecutter.__package }}.cli.composition import load_project
from {{ cookiecutter.__package }}.core.settings import sqlite_url
from {{ cookiecutter.__package }}.stores.ledger import Ledger, open_ledger

CLIENTS, SECONDS = 8, 1.5


def decide_until_it_ends(running, features, acknowledged):
    """Ask for decisions until the product no longer answers."""
    while True:
        try:
            acknowledged.append(running.decide(features, timeout=10)["id"])
        except (OSError, ValueError):
            return


def load(running, how):
    """Ask from several threads, end the process meanwhile, and return the ids that were acknowledged."""
    acknowledged, features = [], running.example
    arguments = (running, features, acknowledged)
    clients = [threading.Thread(target=decide_until_it_ends, args=arguments) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(SECONDS)
    running.stop(how, 30)
    for client in clients:
        client.join(30)
    return acknowledged


def recorded(url, target):
    with open_ledger(url, target) as ledger:
        return [row["id"] for row in ledger.recent(1_000_000)]


@pytest.fixture(params=["sqlite", "postgresql"])
def own_ledger(request, own_folder):
    """Return the URL of an empty ledger, of each kind."""
    if request.param == "sqlite":
        return sqlite_url(own_folder / "var" / "ledger.db")
    return make_schema(request.getfixturevalue("postgres")[0])


@pytest.fixture
def own_target(own_folder, monkeypatch):
    """Return the column of this project's label."""
    monkeypatch.setenv("APP_ROOT", str(own_folder))
    return load_project().problem.target


def recorded_in(workspace):
    return recorded(workspace.project.settings.ledger, workspace.shape.problem().target)


@pytest.mark.slow
def test_acknowledged_decisions_survive_a_kill(own_folder, own_ledger, own_target):
    acknowledged = []
    for _ in range(2):
        with run_product(own_folder, APP_LEDGER_URL=own_ledger) as running:
            acknowledged += load(running, signal.SIGKILL)
    assert len(acknowledged) > 4 * CLIENTS
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(recorded(own_ledger, own_target))


@pytest.mark.slow
def test_requests_in_flight_are_answered_before_the_end(own_folder, own_ledger, own_target):
    with run_product(own_folder, APP_LEDGER_URL=own_ledger) as running:
        acknowledged = load(running, signal.SIGTERM)
    # acknowledged and recorded are the same: no client was left without an answer
    assert sorted(acknowledged) == sorted(recorded(own_ledger, own_target))


def test_sabotage_answer_before_the_record_is_seen(workspace, features, monkeypatch):
    monkeypatch.setattr(Ledger, "record", lambda _self, _decisions, _requests: None)
    with workspace.product() as product:
        decision = product.post("/v1/decisions", json=features).json()["id"]
    assert decision not in recorded_in(workspace)


def is_refused(answer):
    detail = "the ledger does not answer now; nothing was recorded; try again"
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0 and answer.json()["detail"] == detail


def test_full_disk_is_survived(workspace, product, features, caplog):
    answers = [product.post("/v1/decisions", json=features)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in (workspace.root / "var").glob("ledger.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        answers += [product.post("/v1/decisions", json=features) for _ in range(20)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert is_refused(answers[-1])
    assert "the ledger failed: OperationalError, SQLITE_IOERR_WRITE" in caplog.messages
    answers.append(product.post("/v1/decisions", json=features))
    assert answers[-1].status_code == 201
    # what was answered is there, what was refused is not
    acknowledged = [answer.json()["id"] for answer in answers if not is_refused(answer)]
    assert sorted(recorded_in(workspace)) == sorted(acknowledged)


def test_ledger_that_is_gone_and_comes_back_is_used_again(workspace, product, features):
    first = product.post("/v1/decisions", json=features).json()["id"]
    var, away = workspace.root / "var", workspace.root / "away"
    var.rename(away)
    assert is_refused(product.post("/v1/decisions", json=features))
    assert product.get("/readyz").status_code == 503
    assert product.get("/healthz").status_code == 200
    away.rename(var)
    second = product.post("/v1/decisions", json=features).json()["id"]
    assert recorded_in(workspace) == [second, first]


@pytest.mark.slow
def test_locked_ledger_has_a_timeout(workspace, product, features, caplog):
    other = sqlite3.connect(workspace.root / "var/ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert is_refused(product.post("/v1/decisions", json=features))
    assert "the ledger failed: OperationalError, SQLITE_BUSY" in caplog.messages
    other.execute("ROLLBACK")
    assert product.post("/v1/decisions", json=features).status_code == 201


@pytest.mark.slow
def test_database_that_stops_and_starts_again_is_used_again(workspace, postgres, features, monkeypatch):
    url, control = postgres
    if control is None:
        pytest.skip("the database was not started by the tests")
    monkeypatch.setenv("APP_LEDGER_URL", make_schema(url))
    with workspace.product() as product:
        assert product.post("/v1/decisions", json=features).status_code == 201
        control("stop")
        assert is_refused(product.post("/v1/decisions", json=features))
        assert product.get("/healthz").status_code == 200
        control("start")
        answers = [product.post("/v1/decisions", json=features).status_code for _ in range(3)]
        assert answers[-1] == 201


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nul_in_a_note_or_an_id_is_refused_on_both_databases(workspace, features, request, monkeypatch, kind):
    if kind == "postgresql":
        monkeypatch.setenv("APP_LEDGER_URL", make_schema(request.getfixturevalue("postgres")[0]))
    with workspace.product() as product:
        decision = product.post("/v1/decisions", json=features).json()["id"]
        body = {"verdict": "accept", "note": "a\0b"}
        assert product.post(f"/v1/decisions/{decision}/reaction", json=body).status_code == 422
        assert product.get("/v1/decisions").json()[0]["verdict"] is None
        assert product.get("/v1/decisions/a%00b").status_code == 404
        assert product.post("/v1/decisions/a%00b/reaction", json={"verdict": "accept"}).status_code == 404
        assert product.post("/v1/decisions", json=features | {"remark": "a\0b"}).status_code == 422
