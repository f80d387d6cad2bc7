"""Build the image once, load it on this machine, or publish it: `release_image.py build | load | publish`.

The image travels between jobs as a file, so that what is published is what was loaded. Without an engine (Docker) no
image is built: a notice says so, and the load test takes the program itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

from github import notice, set_output

FOLDER = Path("var/release")
ARCHIVE, LOCAL = FOLDER / "image.tar", "product:release"
SECONDS_TO_START = 60
KEY = "a-key-of-the-load-test"  # of a container that only this machine reaches
NO_ENGINE = "no Docker engine is here: the image is neither built nor published, and the program itself is loaded"


def run(*words: str, given: str | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command, and return what it printed; its errors go to this job's log."""
    settings = os.environ | (env or {})
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, input=given, env=settings)
    return done.stdout.strip()


def has_engine() -> bool:
    """Return whether an engine answers."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def build() -> None:
    """Build the image, and save it to a file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not has_engine():
        notice(NO_ENGINE)
        (FOLDER / "no-image.txt").write_text(f"{NO_ENGINE}\n", encoding="utf-8")
        return
    run("docker", "build", "--tag", LOCAL, ".")
    run("docker", "save", "--output", str(ARCHIVE), LOCAL)
    megabytes = int(run("docker", "image", "inspect", "--format", "{{.Size}}", LOCAL)) / 1e6
    sys.stdout.write(f"image: {megabytes:.0f} MB\n")


def load() -> None:
    """Start the image, and compare it under load with the plan."""
    if not ARCHIVE.is_file():
        notice(NO_ENGINE)
        run_load()
        return
    run("docker", "load", "--input", str(ARCHIVE))
    options = ["--detach", "--rm", "--read-only", "--tmpfs", "/tmp", "--publish", "127.0.0.1::8000"]  # noqa: S108
    container = run("docker", "run", *options, "--env", f"APP_API_KEYS={KEY}", "--volume", "/app/var", LOCAL)
    try:
        url = f"http://{run('docker', 'port', container, '8000').splitlines()[0]}"
        wait_for(f"{url}/readyz")
        run_load("--url", url)
    finally:
        run("docker", "stop", container)


def publish() -> None:
    """Push the image to the registry of this repository's host, and set its name and digest as outputs."""
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    name = f"ghcr.io/{os.environ['GITHUB_REPOSITORY'].lower()}"
    login = ["docker", "login", "ghcr.io", "--username", os.environ["GITHUB_ACTOR"], "--password-stdin"]
    run(*login, given=os.environ["REGISTRY_TOKEN"])
    run("docker", "load", "--input", str(ARCHIVE))
    run("docker", "tag", LOCAL, f"{name}:{version}")
    run("docker", "push", "--quiet", f"{name}:{version}")
    digest = run("docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", f"{name}:{version}")
    set_output("name", name)
    set_output("digest", digest.partition("@")[2])


def wait_for(url: str) -> None:
    """Wait until a product answers."""
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # of this machine
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                sys.exit(f"error: {url} did not answer within {SECONDS_TO_START} s")
            time.sleep(0.5)


def run_load(*words: str) -> None:
    """Run the load test; its figures go to the log."""
    env = os.environ | {"LOAD_API_KEY": KEY}
    if code := subprocess.run([sys.executable, "tests/load/run.py", *words], check=False, env=env).returncode:
        sys.exit(code)


if __name__ == "__main__":
    tasks = {"build": build, "load": load, "publish": publish}
    try:
        tasks[sys.argv[1]]()
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {' '.join(error.cmd[:3])} ended with {error.returncode}")
