"""A running product that a Prometheus collects, and the traffic that it gets."""

import contextlib
import json
import re
import threading
import urllib.error

from live_prometheus import LivePrometheus
from processes import call, run_product


@contextlib.contextmanager
def watch(folder, *roots, **settings):
    """Yield the Prometheus that collects a product of each project, and the products."""
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(run_product(root, **settings)) for root in roots]
        targets = [f"{host}:{port}" for host, port in (each.address for each in running)]
        yield stack.enter_context(LivePrometheus(folder, *targets)), *running


def change_plan(root, section, key, value):
    """Set a key of a project's plan, which may leave the key or its section out."""
    path, line = root / "plan.toml", f"{key} = {value}\n"
    text = re.sub(rf"(?m)^{key} *=.*\n", "", path.read_text(encoding="utf-8"))
    header = f"[{section}]\n"
    text = re.sub(rf"(?m)^\[{section}\].*\n", header + line, text) if header[:-1] in text else text + header + line
    path.write_text(text, encoding="utf-8")


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


def asking_for_many(running, rows, react, **how):
    """Ask for decisions on many rows at once all the time, and react to one of them that is not blind."""
    body, url = [running.example] * rows, f"{running.url}/v1/decisions/batch"

    def work():
        decisions = json.loads(call(url, body))
        react(running, next(decision for decision in decisions if not decision["blind"]))

    return repeating(work, **how)


def accept(running, decision):
    send(running, decision, {"verdict": "accept"})


def send(running, decision, reaction):
    """Send a reaction to a decision."""
    call(f"{running.url}/v1/decisions/{decision['id']}/reaction", reaction)


def ignore(_running, _decision):
    """Do not react."""
