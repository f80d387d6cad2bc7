"""A rolling update loses no request: the old process ends after the new one is ready, and answers what it has."""

import signal
import threading
import time

import pytest
from processes import copy_project, run_product, start

pytestmark = pytest.mark.slow
CLIENTS = 4


class Service:
    """What a service of Kubernetes does: requests go to the processes that are in it, one connection for each."""

    def __init__(self, running):
        self.running, self.is_over = running, threading.Event()
        self.answered, self.lost, self.lock = [], [], threading.Lock()

    def send(self):
        """Ask for decisions until the update is over."""
        while not self.is_over.is_set():
            with self.lock:
                running = self.running
            try:
                decision = running.decide(self.features)["id"]
                self.answered.append((threading.get_ident(), running.url, decision))
            except (OSError, ValueError) as error:
                self.lost.append(error)

    def replace(self, running):
        """Send further requests to another process."""
        with self.lock:
            self.running = running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = copy_project(tmp_path_factory.mktemp("rolling") / "project")
    process = start(root, "run", "--prepare")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    return root


def update(folder, *, is_graceful):
    """Replace a process that answers requests by another one; return the requests that were answered and lost."""
    with run_product(folder) as old:
        service = Service(old)
        service.features = old.example
        clients = [threading.Thread(target=service.send) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        if is_graceful:
            with run_product(folder) as new:
                service.replace(new)
                # what preStop waits for: every client sends its requests to the new process
                wait_for(lambda: len({client for client, url, _ in service.answered if url == new.url}) == CLIENTS)
                assert old.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
                finish(service, clients)
        else:
            wait_for(lambda: len(service.answered) > CLIENTS)
            old.stop(signal.SIGTERM)
            finish(service, clients)
    return service.answered, service.lost


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def finish(service, clients):
    before = len(service.answered) + len(service.lost)
    wait_for(lambda: len(service.answered) + len(service.lost) > before + CLIENTS)
    service.is_over.set()
    for client in clients:
        client.join(30)


def test_no_request_is_lost_in_a_rolling_update(folder):
    answered, lost = update(folder, is_graceful=True)
    assert lost == []
    assert len({url for _, url, _ in answered}) == 2
    assert len({decision for _, _, decision in answered}) == len(answered)


def test_sabotage_process_that_ends_while_requests_are_sent_to_it_loses_some(folder):
    _, lost = update(folder, is_graceful=False)
    assert lost
