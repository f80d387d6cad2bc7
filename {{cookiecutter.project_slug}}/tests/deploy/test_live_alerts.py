"""A Prometheus that collects a running product is silent while it is healthy, and fires on faults that are caused."""

import contextlib
import json
import shutil
import threading
import time
import urllib.error
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alerts import need, read_alerts
from live_prometheus import LivePrometheus
from processes import call, copy_project, run_product, start
from sklearn.preprocessing import MinMaxScaler

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model
from {{ cookiecutter.__package }}.stores.rollouts import begin, change

pytestmark = pytest.mark.slow
HAS_ROLLOUTS = "RolledBack" in read_alerts()


@pytest.fixture(scope="module")
def prepared_project(tmp_path_factory):
    """Return a folder with this project's plan and its first model."""
    need("prometheus")
    root = copy_project(tmp_path_factory.mktemp("live") / "project")
    process = start(root, "run", "--prepare")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    return root


@pytest.fixture
def root(prepared_project, tmp_path):
    return shutil.copytree(prepared_project, tmp_path / "project")


@contextlib.contextmanager
def watch(root, folder):
    """Yield a product and the Prometheus that collects it."""
    folder.mkdir()
    with run_product(root) as running, LivePrometheus(folder, f"{running.address[0]}:{running.address[1]}") as live:
        yield running, live


@contextlib.contextmanager
def repeating(work, threads=1, pause=0.05):
    """Do some work all the time, in threads, until the block ends; errors of HTTP are left to the alerts."""
    done = threading.Event()

    def repeat():
        while not done.wait(pause):
            with contextlib.suppress(urllib.error.HTTPError):
                work()

    started = [threading.Thread(target=repeat) for _ in range(threads)]
    for thread in started:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in started:
            thread.join(30)


def asking(running):
    """Ask for decisions all the time, and accept those that are not blind."""
    features = running.example
    return repeating(lambda: accept(running, running.decide(features)))


def flooding(running):
    """Ask for many decisions at once, so that at least a thousand rows wait at any time; some are accepted."""
    rows, url = [running.example] * 500, f"{running.url}/v1/decisions/batch"
    return repeating(lambda: accept(running, json.loads(call(url, rows))[0]), threads=3, pause=0)


def accept(running, decision):
    call(f"{running.url}/v1/decisions/{decision['id']}/reaction", {"verdict": "accept"})


@contextlib.contextmanager
def slow_ledger(ledger):
    """Let whoever writes to the ledger wait for more than half a second, most of the time."""

    def lock():
        with ledger.engine.connect() as connection:
            connection.execute(sa.text("BEGIN IMMEDIATE"))
            time.sleep(0.6)
            connection.rollback()

    with repeating(lock, pause=0.2):  # SQLite looks again after a tenth of a second at most
        yield


@contextlib.contextmanager
def broken_ledger(ledger):
    """Take the table of decisions away from a running product."""
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE decisions RENAME TO hidden"))
    try:
        yield
    finally:
        with ledger.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE hidden RENAME TO decisions"))


def wait_until_silent(live):
    """Wait for decisions of some seconds that follow each other, and for the end of every alert."""
    assert live.wait_for(lambda: (live.value("sum(increase(decisions_total[5s]))") or 0) > 20)
    assert live.wait_for(lambda: live.firing() == set()), live.firing()


def test_product_that_is_healthy_is_silent_and_each_fault_fires_its_alert(root, tmp_path):
    project = compose(Settings(root=root), load_plan(root / "plan.toml"))
    with watch(root, tmp_path / "live") as (running, live), project.ledger() as ledger:
        with asking(running):
            wait_until_silent(live)
            # before its first collection Prometheus knows of no product
            assert live.value('count_over_time(ALERTS{alertname!="ProductDown", alertstate="firing"}[1m])') is None
            if HAS_ROLLOUTS:
                hold_and_roll_back(live, ledger, project)
                age_champion(live, project)
            with slow_ledger(ledger):
                assert live.wait_for(lambda: live.firing() == {"LatencyP99"}), live.firing()
            with broken_ledger(ledger):
                assert live.wait_for(lambda: {"ErrorShare", "LedgerErrors"} <= live.firing()), live.firing()
            wait_until_silent(live)
        assert live.wait_for(lambda: live.firing() == {"NoDecisions"}), live.firing()
        with flooding(running):
            assert live.wait_for(lambda: live.firing() == {"RequestsWaiting"}), live.firing()
        running.process.kill()
        assert live.wait_for(lambda: "ProductDown" in live.firing()), live.firing()


def hold_and_roll_back(live, ledger, project):
    """Begin a rollout whose challenger fails, then one that is at its step since four days, and roll that back."""
    champion, broken = project.models.entry("champion"), dump_model(MinMaxScaler())
    project.models.add("broken", broken)
    challenger = champion | {"version": "broken", "digest": digest_of(broken)}
    failing = begin(ledger, champion, challenger, [0.5, 1.0], "a test")
    assert live.wait_for(lambda: live.firing() == {"ShadowErrors"}), live.firing()
    change(ledger, failing, why="a test", state="stopped")
    assert live.wait_for(lambda: live.firing() == set()), live.firing()
    rollout = begin(ledger, champion, champion, [0.5, 1.0], "a test")
    move_times(ledger, "step_at", timedelta(days=4))
    assert live.wait_for(lambda: live.firing() == {"RolloutHeld"}), live.firing()
    change(ledger, rollout, why="a test", state="back")
    assert live.wait_for(lambda: live.firing() == {"RolledBack"}), live.firing()
    move_times(ledger, "changed_at", timedelta(hours=2))


def age_champion(live, project):
    """Publish the champion as one that was trained half a year and a month ago, then as it was."""
    champion = project.models.entry("champion")
    trained = (datetime.now(UTC) - timedelta(days=210)).isoformat()
    project.models.add("old", project.models.content(champion["version"]))
    project.models.publish("champion", **champion | {"version": "old", "tags": champion["tags"] | {"trained": trained}})
    assert live.wait_for(lambda: live.firing() == {"ModelStale"}), live.firing()
    project.models.publish("champion", **champion)
    assert live.wait_for(lambda: live.firing() == set()), live.firing()


def move_times(ledger, column, by):
    """Let a rollout have been changed earlier."""
    at = (datetime.now(UTC) - by).isoformat()
    with ledger.engine.begin() as connection:
        connection.execute(sa.update(ledger.tables.rollouts).values({column: at}))


def test_model_that_is_too_slow_fires_the_alert_of_fallbacks_alone(root, tmp_path):
    plan = (root / "plan.toml").read_text(encoding="utf-8")
    assert "max_model_ms = 250" in plan
    (root / "plan.toml").write_text(plan.replace("max_model_ms = 250", "max_model_ms = 0.001"), encoding="utf-8")
    with watch(root, tmp_path / "live") as (running, live), asking(running):
        assert live.wait_for(lambda: live.firing() == {"FallbackShare"}), live.firing()
