"""A container of an image without Docker: a process of the image's user, on files of the image that are read-only."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

KEY = "a-key-for-the-container"
SECRETS = "/app/var/secrets"
# only what the image declares as volumes can be written
MOUNTS = """
set -e
root=$1 files=$2 volumes=$3
shift 3
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
for volume in $volumes; do mount --bind "$files$volume" "$root$volume"; done
mount -o remount,ro,bind "$root"
exec chroot "$@"
"""


def container_words(image, volumes, words, **settings):
    """Return the words that start a program in the image as the image declares, in mounts of its own."""
    config = image.config
    variables = [*config["Env"], *(f"{name}={value}" for name, value in settings.items())]
    inside = ["env", "-i", "-C", config["WorkingDir"], *variables, *words]
    mounted = ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", image.root, volumes, " ".join(config["Volumes"])]
    return [*mounted, f"--userspec={config['User']}", image.root, *inside]


def make_volumes(image, folder):
    """Make the folders of the volumes that an image declares; they belong to its user."""
    for name in image.config["Volumes"]:
        volume = Path(f"{folder}{name}")
        volume.mkdir(parents=True)
        os.chown(volume, *map(int, image.config["User"].split(":")))
    return folder


def run_inside(image, volumes, *words, **settings):
    """Run a program in the image to its end; return its exit code and all that it printed."""
    words = container_words(image, volumes, words, **settings)
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


class Container:
    """The product of an image, on a free port of the loopback address, with its key in a file."""

    def __init__(self, image, volumes):
        secrets = Path(f"{volumes}{SECRETS}")
        secrets.mkdir(exist_ok=True)
        (secrets / "app_api_keys").write_text(KEY, encoding="utf-8")
        settings = {"APP_HOST": "127.0.0.1", "APP_PORT": "0", "APP_SECRETS_DIR": SECRETS}
        words = container_words(image, volumes, image.config["Entrypoint"] + image.config["Cmd"], **settings)
        begin = time.monotonic()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(words, **pipes)
        self.output, self.has_printed = "", threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = int(self.wait_for(r"http://127\.0\.0\.1:(\d+)")[1])
        self.call("/readyz")
        self.start_seconds = time.monotonic() - begin

    def wait_for(self, pattern, seconds=30):
        """Return the match of a pattern in what the product prints."""
        with self.has_printed:
            self.has_printed.wait_for(lambda: re.search(pattern, self.output) or not self.reader.is_alive(), seconds)
            found = re.search(pattern, self.output)
            assert found, self.output
            return found

    def call(self, path, body=None):
        """Return what the product answers, read as JSON; errors are raised."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-API-Key": KEY}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def decide(self):
        """Decide on the example of the API's description."""
        schemas = self.call("/openapi.json")["components"]["schemas"]
        return self.call("/v1/decisions", schemas["Features"]["examples"][0])

    def stop(self, how=signal.SIGTERM):
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        code = self.process.wait(30)
        self.reader.join(5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _read(self):
        for line in self.process.stdout:
            with self.has_printed:
                self.output += line
                self.has_printed.notify_all()
        with self.has_printed:
            self.has_printed.notify_all()
