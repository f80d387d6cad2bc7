"""A Prometheus that collects a running product is silent while it is healthy, and fires on faults that are caused."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alerts import read_alerts
from live_product import asking, flooding, repeating, wait_until_silent, watch
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
    drop_shadow(live, ledger, project)


def drop_shadow(live, ledger, project):
    """Begin a rollout whose challenger scores five decisions in a second, of about twenty."""
    from {{ cookiecutter.__package }}.core.faulty import SlowModel

    champion = project.models.entry("champion")
    slow = dump_model(SlowModel(project.models.load("champion", champion).model, seconds=0.2))
    project.models.add("slow", slow)
    rollout = begin(ledger, champion, champion | {"version": "slow", "digest": digest_of(slow)}, [0.5, 1.0], "a test")
    assert live.wait_for(lambda: live.firing() == {"ShadowDropped"}), live.firing()
    change(ledger, rollout, why="a test", state="stopped")
    assert live.wait_for(lambda: live.firing() == set()), live.firing()


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
