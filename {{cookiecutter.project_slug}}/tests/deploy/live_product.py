"""A running product that is watched, and the work that tests give to it."""

import contextlib
import json
import threading
import urllib.error

from live_prometheus import LivePrometheus
from processes import call, run_product


@contextlib.contextmanager
def watch(root, folder, **settings):
    """Yield a product and the Prometheus that collects it."""
    folder.mkdir()
    with run_product(root, **settings) as running, LivePrometheus(folder, running.address) as live:
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


def accept(running, decision):
    call(f"{running.url}/v1/decisions/{decision['id']}/reaction", {"verdict": "accept"})


def asking(running, react=accept, threads=1):
    """Ask for decisions all the time, and react to those that are not blind."""
    features = running.example
    return repeating(lambda: react(running, running.decide(features)), threads)


def flooding(running):
    """Ask for many decisions at once, so that at least a thousand rows wait at any time; some are accepted."""
    rows, url = [running.example] * 500, f"{running.url}/v1/decisions/batch"
    return repeating(lambda: accept(running, json.loads(call(url, rows))[0]), threads=3, pause=0)


def wait_until_silent(live):
    """Wait for decisions of some seconds that follow each other, and for the end of every alert."""
    assert live.wait_for(lambda: (live.value("sum(increase(decisions_total[5s]))") or 0) > 20)
    assert live.wait_for(lambda: live.firing() == set()), live.firing()
