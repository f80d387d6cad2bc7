"""Commands of this project as processes of their own, on a folder that a test may change."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from {{ cookiecutter.__package }}.cli import main as entry

PROJECT = Path(__file__).parents[1]
START = f"from {entry.__name__} import main; main()"
OWN = ("plan.toml", "data")  # what a command reads of a project's folder


def copy_project(folder):
    """Copy what commands read of this project into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OWN:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name)
        elif (PROJECT / name).exists():
            shutil.copy(PROJECT / name, folder)
    return folder


def start(root, *words, **settings):
    """Return a process that runs a command; settings are environment variables."""
    environment = os.environ | {"APP_ROOT": str(root), "PYTHONUNBUFFERED": "1"} | settings
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([sys.executable, "-c", START, *words], env=environment, cwd=root, **pipes)


def call(url, body=None, timeout=60.0):
    """Return what the product answers, as text; errors are raised."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
        return answer.read().decode()


class RunningProduct:
    """A product in a process of its own; the port is free when it starts."""

    def __init__(self, root, *words, **settings):
        self.process = start(root, "run", "--port", "0", *words, **settings)
        self.output = ""
        for line in self.process.stdout:
            self.output += line
            if found := re.search(r"http://(127\.0\.0\.1):(\d+)", line):
                break
        else:
            raise AssertionError(self.output)
        self.url, self.address = found[0], (found[1], int(found[2]))
        # a pipe that is full would stop the product
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        call(f"{self.url}/readyz")  # it waits in the backlog until the product is there

    @property
    def example(self):
        """Features that the contract accepts: the example of the API's description."""
        schemas = json.loads(call(f"{self.url}/openapi.json"))["components"]["schemas"]
        return schemas["Features"]["examples"][0]

    def decide(self, features, timeout=60.0):
        return json.loads(call(f"{self.url}/v1/decisions", features, timeout))

    def stop(self, how, seconds=60):
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        code = self.process.wait(seconds)
        self.reader.join(5)
        return code

    def _read(self):
        for line in self.process.stdout:
            self.output += line


@contextlib.contextmanager
def run_product(root, *words, **settings):
    """Yield a product that runs in a process of its own; it does not outlive the block."""
    running = RunningProduct(root, *words, **settings)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
