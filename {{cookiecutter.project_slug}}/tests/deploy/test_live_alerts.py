"""A Prometheus that collects a running product is silent while it is healthy, and fires on faults that are caused."""

import contextlib
import shutil
import threading
import urllib.error
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alerts import need, read_alerts
from live_prometheus import LivePrometheus
from processes import copy_project, run_product, start

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings
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
def asking(running):
    """Ask for decisions all the time, whatever is answered."""
    done, features = threading.Event(), running.example

    def ask():
        while not done.wait(0.05):
            with contextlib.suppress(urllib.error.HTTPError):
                running.decide(features)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(30)


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
            with broken_ledger(ledger):
                assert live.wait_for(lambda: "ErrorShare" in live.firing()), live.firing()
            wait_until_silent(live)
        assert live.wait_for(lambda: live.firing() == {"NoDecisions"}), live.firing()
        running.process.kill()
        assert live.wait_for(lambda: "ProductDown" in live.firing()), live.firing()


def hold_and_roll_back(live, ledger, project):
    """Begin a rollout that began its step four days ago, then roll it back; clean up for the next fault."""
    champion = project.models.entry("champion")
    rollout = begin(ledger, champion, champion, [0.5, 1.0], "a test")
    move_times(ledger, "step_at", timedelta(days=4))
    assert live.wait_for(lambda: live.firing() == {"RolloutHeld"}), live.firing()
    change(ledger, rollout, why="a test", state="back")
    assert live.wait_for(lambda: live.firing() == {"RolledBack"}), live.firing()
    move_times(ledger, "changed_at", timedelta(hours=2))


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
