"""Alerts about people, memory and restarts fire on faults of a running product, and not before them."""

import re
import socket
from pathlib import Path

import pytest
from alerts import read_alerts
from live_product import asking, wait_until_silent, watch
from live_prometheus import SHORT, LivePrometheus
from processes import call, run_product

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

LEAK = """
import os, threading, time
def leak():
    kept = []
    while len(kept) < 60:
        time.sleep(0.5)
        if os.path.exists(os.environ["LEAK"]):
            kept.append(b"x" * 12_000_000)
threading.Thread(target=leak, daemon=True).start()
"""


slow = pytest.mark.slow


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def read_target(root):
    return compose(Settings(root=root), load_plan(root / "plan.toml")).problem.target


def ask_for_reviews(root, *, of_all):
    """Change the plan so that a person should look at every decision, or at none."""
    key, one, none = ("band", "1e9", "0.0") if read_target(root).categories else ("above", "-1e12", "inf")
    path = root / "plan.toml"
    text = re.sub(r"^(band|above|blind_share) *=.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = f"[review]\n{key} = {one if of_all else none}\nblind_share = 0.0\n"
    path.write_text(text.replace("[review]\n", section, 1) if "[review]" in text else text + section, encoding="utf-8")


def overriding(target):
    """Return a reaction with another answer."""

    def override(running, decision):
        given = decision["answer"]
        other = next((one for one in target.categories if one != given), None)
        body = {"verdict": "override", "answer": given + 1 if other is None else other}
        call(f"{running.url}/v1/decisions/{decision['id']}/reaction", body)

    return override


def wait_for_alert(live, name):
    assert live.wait_for(lambda: live.firing() == {name}), live.firing()


@slow
def test_people_who_have_to_look_who_override_and_who_stop_to_react_fire_an_alert_each(root, tmp_path, port):
    ask_for_reviews(root, of_all=False)
    (tmp_path / "live").mkdir()
    with LivePrometheus(tmp_path / "live", ("127.0.0.1", port)) as live:
        with run_product(root, "--port", port) as running, asking(running, threads=4):
            wait_until_silent(live)
            silent_for_a_while(live)
        ask_for_reviews(root, of_all=True)
        with run_product(root, "--port", port) as running:
            with asking(running, threads=4):
                wait_for_alert(live, "ReviewShare")
                wait_until_silent(live)
                silent_for_a_while(live)
            with asking(running, overriding(read_target(root)), threads=4):
                wait_for_alert(live, "OverrideShare")
            with asking(running, lambda *_: None, threads=4):
                wait_for_alert(live, "NoReactions")


def silent_for_a_while(live, seconds=20):
    """See that no alert fires while there are counts of now and of before."""
    assert not live.wait_for(live.firing, seconds), live.firing()


@slow
def test_memory_that_grows_fires_its_alert(root, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LEAK, encoding="utf-8")
    leak = tmp_path / "leak"
    with watch(root, tmp_path / "live", PYTHONPATH=str(tmp_path), LEAK=str(leak)) as (running, live), asking(running):
        wait_until_silent(live)
        silent_for_a_while(live)
        leak.touch()
        wait_for_alert(live, "MemoryGrowing")


@slow
def test_product_that_ends_again_and_again_fires_its_alert(root, tmp_path, port):
    (tmp_path / "live").mkdir()
    short = SHORT | {"1h": "40s", "5m": "1s"}
    with LivePrometheus(tmp_path / "live", ("127.0.0.1", port), short) as live:
        with run_product(root, "--port", port):
            assert live.wait_for(lambda: live.value("up") == 1)
            assert live.wait_for(lambda: live.firing() == set()), live.firing()
            silent_for_a_while(live, 5)
        for _ in range(4):
            with run_product(root, "--port", port):
                assert live.wait_for(lambda: live.value("up") == 1)
        with run_product(root, "--port", port):
            wait_for_alert(live, "ProductRestarts")


def test_every_alert_is_seen_to_fire_on_a_running_product():
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_live_alerts*.py")]
    assert {name for name in read_alerts() if not any(f'"{name}"' in text for text in texts)} == set()
