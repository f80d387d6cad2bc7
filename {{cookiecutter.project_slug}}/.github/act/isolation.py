"""What act runs in: a copy of the project and a small environment, in Docker or on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = "ubuntu-latest"  # the one runner that workflows ask for
IMAGE = "ghcr.io/catthehacker/ubuntu:act-24.04"  # what it is in Docker
BUILT_IN = "actions/checkout"  # act implements it
KEPT = ("DOCKER_CONTEXT", "DOCKER_HOST", "HOME", "LANG", "LC_ALL", "REQUESTS_CA_BUNDLE", "SYSTEMROOT", "TMPDIR", "USER")
KEPT_PREFIXES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_", "SSL_CERT_", "UV_", "XDG_")
DROPPED_PREFIXES = ("UV_PROJECT", "UV_RUN", "UV_WORKING")  # the environment that uv uses: every job makes its own


def copy_project(root: Path, into: Path) -> None:
    """Copy the project's files as they are now into a repository of their own, as one commit.

    If all of them are committed, the copy has that commit, its history and its tags. Jobs change the copy only, and a
    project without a git repository works too. Files that git ignores, such as keys in `.env`, are left out.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    strict = plain | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git_options = (f"--git-dir={into / '.git'}", f"--work-tree={root}")
    author = ("-c", "user.name=act", "-c", "user.email=act@localhost")

    def git(*words: str, given: bytes = b"") -> bytes:
        done = subprocess.run(("git", *words), cwd=root, env=strict, check=True, capture_output=True, input=given)
        return done.stdout

    git("init", "--quiet", "--initial-branch=main", str(into))
    if is_committed(root, plain):
        git(f"--git-dir={into / '.git'}", "fetch", "--quiet", "--tags", str(root), "HEAD")
        git(f"--git-dir={into / '.git'}", f"--work-tree={into}", "reset", "--quiet", "--hard", "FETCH_HEAD")
        return
    files = git(*git_options, "ls-files", "-z", "--others", "--exclude-standard", "--exclude=/var/act/")
    # a file that git ignores can have been added all the same
    added = subprocess.run(["git", "ls-files", "-z"], cwd=root, env=plain, check=False, capture_output=True)
    git(*git_options, "update-index", "--add", "--remove", "-z", "--stdin", given=files + added.stdout)
    git(*git_options, *author, "commit", "--quiet", "--message", "As it is now")
    git(f"--git-dir={into / '.git'}", f"--work-tree={into}", "reset", "--quiet", "--hard")


def is_committed(root: Path, env: dict[str, str]) -> bool:
    """Return whether the project is a repository, and not a folder of one, with all of its files in its commit."""

    def git(*words: str) -> bytes | None:
        done = subprocess.run(("git", *words), cwd=root, env=env, check=False, capture_output=True)
        return done.stdout.strip() if done.returncode == 0 else None

    return (git("rev-parse", "--show-prefix"), git("status", "--porcelain")) == (b"", b"") and bool(
        git("rev-parse", "--verify", "--quiet", "HEAD")
    )


def make_environment(root: Path) -> dict[str, str]:
    """Return the few variables that jobs get, so that those of this machine do not change the result."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or (name.upper().startswith(KEPT_PREFIXES) and not name.startswith(DROPPED_PREFIXES))
    }
    # the project's own environment is left out, because every job makes one
    paths = [path for path in os.environ.get("PATH", "").split(os.pathsep) if ".venv" not in Path(path).parts]
    uv = [str(Path(os.environ["UV"]).parent)] if "UV" in os.environ else []
    return kept | {"PATH": os.pathsep.join([*uv, *paths, str(root / ".uv" / "bin")])}


def make_arguments(
    copied: Path, workflow: Path, state: Path, artifacts: Path, files: dict[str, Path | None]
) -> Iterator[str]:
    """Yield act's arguments: how a run is described, and what it runs in.

    Raises
    ------
    LookupError
        A file of `files` is not there, or an action has no stand-in.
    """
    scratch, act = copied.parent, copied / ".github" / "act"
    yield from ("-C", str(copied), "-W", str(workflow), "-e", str(scratch / "event.json"))
    yield from ("--json", "--verbose", "--defaultbranch", "main")
    variables = ["NO_COLOR=1", "GIT_PAGER=cat", "TERM=dumb", "GITHUB_REPOSITORY=local/project"]
    variables.append(f"GITHUB_RUN_ID={time.time_ns() // 1_000_000}")  # caches are named by it
    for kind in ("env", "secret", "var", "input"):
        file = (files.get(kind) or Path(os.devnull)).absolute()
        if not file.exists():
            message = f"{file}: no such file"
            raise LookupError(message)
        yield f"--{kind}-file={file}"
    if has_docker():
        yield from ("-P", f"{LABEL}={IMAGE}")
        yield from ("--artifact-server-path", str(artifacts), "--cache-server-path", str(state))
    else:
        yield from ("-P", f"{LABEL}=-self-hosted", "--no-cache-server")
        yield from ("--action-offline-mode", "--action-cache-path", str(scratch / "actions"))
        variables += [f"BASH_ENV={act / 'linger.sh'}", f"ACT_STORE={act / 'standins' / 'store.py'}"]
        variables += [f"ACT_PYTHON={sys.executable}", f"ACT_STATE={state}", f"ACT_ARTIFACTS={artifacts}"]
        yield from find_standins(copied, workflow)
    yield from (word for variable in variables for word in ("--env", variable))


def has_docker() -> bool:
    """Return whether an engine answers, and the variable ACT_HOST does not forbid it."""
    if os.environ.get("ACT_HOST"):
        return False
    try:
        return subprocess.run(["docker", "info"], check=False, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find_actions(content: Any) -> Iterator[str]:
    """Yield what the `uses:` lines of a parsed file name."""
    yield from (part["uses"] for part in _find_uses(content))


def find_standins(root: Path, workflow: Path) -> list[str]:
    """Return act's flags that replace remote actions by the local ones in `standins/`.

    Raises
    ------
    LookupError
        An action has no stand-in, or gets an input that its stand-in does not have.
    """
    folder = root / ".github" / "act" / "standins"
    files, found = [workflow], set[str]()
    for file in files:
        for step in _find_uses(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)):
            path, _, ref = step["uses"].partition("@")
            if path.startswith("./"):
                files.append(root / path if path.endswith((".yml", ".yaml")) else root / path / "action.yml")
                continue
            name = "/".join(path.split("/")[:2])
            if name == BUILT_IN:
                continue
            standin, where = folder / path / "action.yml", f"{file.relative_to(root)}: {step['uses']}"
            if not standin.is_file():
                message = f"{where} has no stand-in in .github/act/standins"
                raise LookupError(message)
            inputs = yaml.load(standin.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get("inputs")
            if unknown := inputs and step.get("with", {}).keys() - inputs:
                message = f"{where}: its stand-in has no input {min(unknown)}"
                raise LookupError(message)
            files.append(standin)
            found.add(f"--local-repository={name}@{ref}={folder / name}")
    return sorted(found)


def _find_uses(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        if isinstance(content.get("uses"), str):
            yield content
        content = list(content.values())
    for part in content if isinstance(content, list) else ():
        yield from _find_uses(part)
