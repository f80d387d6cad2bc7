"""A product of its own behind a key, and a browser in front of it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from {{ cookiecutter.__package }}.contract import Label
from {{ cookiecutter.__package }}.schema import columns

PACKAGE = columns.__module__.partition(".")[0]
KEY = "a-key-of-the-browser-tests"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# a browser under test asks nobody but the product
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ADDRESS = re.compile(r"http://(127\.0\.0\.1):(\d+)")
SECONDS_TO_START = 90
# what moved by itself after it was shown, as browsers measure it
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifted += entry.value;
})).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")  # while it runs, no other test of the process can have an event loop
def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(f"no browser is here, none of {', '.join(NAMES)}; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # here, so that the fast tests do without

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def url(prepared, tmp_path_factory):
    """Start a product to whose eyes every decision needs a person, and return its address."""
    root = tmp_path_factory.mktemp("desk") / "project"
    shutil.copytree(prepared, root)
    plan = root / "plan.toml"
    plan.write_text(re.sub(r"(?m)^(\[review\]\n)(?:.+\n)+", rf"\1{always_unsure()}\n", plan.read_text()))
    command = [sys.executable, "-c", f"from {PACKAGE}.cli import main; main()", "run", "--port", "0"]
    environment = os.environ | {"APP_ROOT": str(root), "APP_API_KEYS": KEY}
    log = root / "log"
    with log.open("w") as kept:
        process = subprocess.Popen(command, stdout=kept, stderr=subprocess.STDOUT, env=environment)
    try:
        yield address(process, log)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        process.wait()


@pytest.fixture
def api_key():
    return KEY


@pytest.fixture
def visit(browser, url):
    """Return a function that opens the desk; at the end no page may have complained unexpectedly."""
    with contextlib.ExitStack() as opened:
        complaints = []

        def open_desk(key=KEY, complaining=(), prepare=lambda page: None, **options):
            def listen(text):
                if not any(part in text for part in complaining):
                    complaints.append(text)

            context = opened.enter_context(browser.new_context(**options))
            context.set_default_timeout(15_000)
            page = context.new_page()
            # a script or style that the content policy stops is an error on the console as well
            page.on("console", lambda message: message.type in {"error", "warning"} and listen(message.text))
            page.on("pageerror", lambda error: listen(str(error)))
            page.add_init_script(SHIFTS + (f"sessionStorage.setItem('api-key', '{key}');" if key else ""))
            prepare(page)
            page.goto(url)
            return page

        yield open_desk
        assert complaints == []


def address(process, log):
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        with contextlib.suppress(OSError):  # it says where before it answers there
            if found := ADDRESS.search(log.read_text()):
                socket.create_connection((found[1], found[2]), timeout=5).close()
                return found[0]
    pytest.fail(f"the product did not start: {log.read_text()[-500:]}")


def always_unsure():
    answers = len(columns(Label)[0].categories)
    return "above = 0" if answers == 0 else f"band = {1 if answers == 2 else 1000}"
