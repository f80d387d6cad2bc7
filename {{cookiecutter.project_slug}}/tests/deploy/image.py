"""The image of this project, built without Docker: by buildah, on a base of Debian that mmdebstrap makes."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from processes import PROJECT

TOOLS = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "unshare": "util-linux", "uv": "uv"}
NAMES = {"python": "localhost/python:base", "uv": "localhost/uv:here", "product": "localhost/product:test"}
SUITES = {"3.11": "bookworm"}  # the release of Debian with this Python; a later one has 3.13
CERTIFICATES = Path("/etc/ssl/certs")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".uv", "var", ".*_cache", "__pycache__", "tests")
# as images of Python do, without documentation; usrmerge would bring all of Perl
SMALL = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")]
PURGE = '--customize-hook=chroot "$1" apt-get -qq -y purge usrmerge libfile-find-rule-perl perl "perl-modules-.*"'


@dataclass(frozen=True)
class Image:
    """What an image declares, its size in bytes, and the folder where its files are mounted."""

    config: dict[str, Any]
    size: int
    root: Path


def missing_tools():
    """Return in one line what an image cannot be built without, or an empty text."""
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    rights = [] if os.geteuid() == 0 else ["the rights of root, for mounts"]
    return f"no image is built here without {' and '.join(missing + rights)}" if missing + rights else ""


def make_base():
    """Return an archive of a Debian system with the Python of the Dockerfile or later; it is kept for later runs."""
    [python] = re.findall(r"PYTHON_IMAGE=python:([\d.]+)-slim", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))
    suite = SUITES.get(python, "trixie")
    base = Path(tempfile.gettempdir(), f"image-base-{os.geteuid()}", f"{suite}.tar")
    base.parent.mkdir(mode=0o700, exist_ok=True)
    with FileLock(f"{base}.lock"):
        if not base.exists():
            part = base.with_name(f"part-{suite}.tar")
            packages = "--include=python3,usr-is-merged"
            run("mmdebstrap", "--quiet", "--variant=apt", packages, *SMALL, PURGE, suite, str(part), seconds=240)
            part.rename(base)
    return base


@contextlib.contextmanager
def build_image(folder):
    """Build the image of a copy of this project and mount its files; all of it is removed afterwards."""
    words = ("buildah", "--root", str(folder / "storage"), "--runroot", str(folder / "run"))
    words += ("--storage-driver", "overlay")
    base = make_base()
    try:
        _import_files(words, NAMES["python"], base, "/")
        _import_files(words, NAMES["uv"], Path(shutil.which("uv")).resolve(), "/uv")
        _build(words, shutil.copytree(PROJECT, folder / "project", ignore=LEFT_OUT))
        config = json.loads(run(*words, "inspect", "--type", "image", NAMES["product"]))["Docker"]["config"]
        container = run(*words, "from", "--pull-never", NAMES["product"])
        root = Path(run(*words, "mount", container))
        size = int(run("du", "--summarize", "--apparent-size", "--block-size=1", str(root)).split()[0])
        yield Image(config, size, root)
    finally:
        run(*words, "umount", "--all")
        run(*words, "rm", "--all")
        run(*words, "rmi", "--all", "--force")


def run(*words, seconds=300):
    """Return what a command prints. Raises AssertionError with all of it: the command failed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def _import_files(words, name, file, to):
    """Make an image of a file, or of the files of an archive."""
    container = run(*words, "from", "scratch")
    run(*words, "add", "--quiet", container, str(file), to)
    run(*words, "config", "--env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
    run(*words, "commit", "--quiet", "--rm", container, name)


def _build(words, context):
    """Build as a registry-less machine does: with the package index and the certificates of this machine."""
    index = [f"--env={name}" for name in os.environ if name.startswith("UV_") and "INDEX" in name]
    given = ["--build-arg", f"PYTHON_IMAGE={NAMES['python']}", "--build-arg", f"UV_IMAGE={NAMES['uv']}"]
    certificates = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro", "--env=UV_SYSTEM_CERTS=1"]
    how = ["--isolation", "chroot", "--pull-never", "--format", "docker", "--layers"]
    run(*words, "bud", *how, *certificates, *index, *given, "--tag", NAMES["product"], str(context))
