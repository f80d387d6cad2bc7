"""A Prometheus that collects a running product is silent while it is healthy, and fires on faults that are caused."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alerts import read_alerts
from live_product import accept, asking, asking_for_many, change_plan, repeating, watch
from sklearn.preprocessing import MinMaxScaler

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model
from {{ cookiecutter.__package }}.stores.rollouts import begin, change

pytestmark = pytest.mark.slow
HAS_ROLLOUTS = "RolledBack" in read_alerts()


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
    live.expect()


def test_product_that_is_healthy_is_silent_and_each_fault_fires_its_alert(root, tmp_path):
    project = compose(Settings(root=root), load_plan(root / "plan.toml"))
    with watch(tmp_path / "live", root) as (live, running), project.ledger() as ledger:
        with asking(running):
            wait_until_silent(live)
            # before its first collection Prometheus knows of no product
            assert live.value('count_over_time(ALERTS{alertname!="ProductDown", alertstate="firing"}[1m])') is None
            if HAS_ROLLOUTS:
                fail_and_roll_back(live, ledger, project)
                age_champion(live, project)
                drop_of_shadow(live, ledger, project)
            with slow_ledger(ledger):
                live.expect("LatencyP99")
            live.expect()
            with broken_ledger(ledger):
                live.expect("ErrorShare", "LedgerErrors")
            wait_until_silent(live)
        live.expect("NoDecisions")
        with asking_for_many(running, 500, accept, threads=3, pause=0):  # at least a thousand rows wait
            live.expect("RequestsWaiting")
        running.process.kill()
        live.expect("ProductDown")


def fail_and_roll_back(live, ledger, project):
    """Begin a rollout whose challenger fails, then one that is at its step since four days, and roll that back."""
    champion = project.models.entry("champion")
    failing = begin(ledger, champion, add_challenger(project, MinMaxScaler()), [0.5, 1.0], "a test")
    live.expect("ShadowErrors")
    change(ledger, failing, why="a test", state="stopped")
    rollout = begin(ledger, champion, champion, [0.5, 1.0], "a test")
    move_times(ledger, "step_at", timedelta(days=4))
    live.expect("RolloutHeld")
    change(ledger, rollout, why="a test", state="back")
    live.expect("RolledBack")
    move_times(ledger, "changed_at", timedelta(hours=2))


def age_champion(live, project):
    """Publish the champion as one that was trained half a year and a month ago, then as it was."""
    champion = project.models.entry("champion")
    trained = (datetime.now(UTC) - timedelta(days=210)).isoformat()
    project.models.add("old", project.models.content(champion["version"]))
    project.models.publish("champion", **champion | {"version": "old", "tags": champion["tags"] | {"trained": trained}})
    live.expect("ModelStale")
    project.models.publish("champion", **champion)
    live.expect()


def drop_of_shadow(live, ledger, project):
    """Begin a rollout whose challenger is slower than the traffic, so that more batches wait than the shadow takes."""
    from {{ cookiecutter.__package }}.core.faulty import SlowModel

    challenger = add_challenger(project, SlowModel(project.models.load("champion").model, seconds=0.3))
    rollout = begin(ledger, project.models.entry("champion"), challenger, [0.5, 1.0], "a test")
    live.expect("ShadowDropped")
    change(ledger, rollout, why="a test", state="stopped")


def add_challenger(project, model):
    """Keep the file of a model, and return an entry of it like that of the champion."""
    content = dump_model(model)
    version = type(model).__name__
    project.models.add(version, content)
    return project.models.entry("champion") | {"version": version, "digest": digest_of(content)}


def move_times(ledger, column, by):
    """Let a rollout have been changed earlier."""
    at = (datetime.now(UTC) - by).isoformat()
    with ledger.engine.begin() as connection:
        connection.execute(sa.update(ledger.tables.rollouts).values({column: at}))


def test_model_that_is_too_slow_fires_the_alert_of_fallbacks_alone(root, tmp_path):
    change_plan(root, "product", "max_model_ms", 0.001)
    with watch(tmp_path / "live", root) as (live, running), asking(running):
        live.expect("FallbackShare")
