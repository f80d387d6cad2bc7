"""What act runs in on this machine: a copy of the project, a small environment, no network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = "ubuntu-latest"  # the one runner that workflows ask for
BUILT_IN = "actions/checkout"  # act implements it
KEPT = ("HOME", "LANG", "LC_ALL", "REQUESTS_CA_BUNDLE", "SYSTEMROOT", "TMPDIR", "USER")
KEPT_PREFIXES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_", "SSL_CERT_", "UV_", "XDG_")
DROPPED_PREFIXES = ("UV_PROJECT", "UV_RUN", "UV_WORKING")  # the environment that uv uses: every job makes its own


def copy_project(root: Path, into: Path) -> None:
    """Commit the project's files as they are now to a repository of their own.

    Jobs change the copy only, and a project without a git repository works too. Files that git ignores, such
    as keys in `.env`, are left out.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    strict = plain | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git_options = (f"--git-dir={into / '.git'}", f"--work-tree={root}")
    author = ("-c", "user.name=act", "-c", "user.email=act@localhost")

    def git(*words: str, given: bytes = b"") -> bytes:
        done = subprocess.run(("git", *words), cwd=root, env=strict, check=True, capture_output=True, input=given)
        return done.stdout

    git("init", "--quiet", "--initial-branch=main", str(into))
    files = git(*git_options, "ls-files", "-z", "--others", "--exclude-standard")
    # a file that git ignores can have been added all the same
    added = subprocess.run(["git", "ls-files", "-z"], cwd=root, env=plain, check=False, capture_output=True)
    git(*git_options, "update-index", "--add", "--remove", "-z", "--stdin", given=files + added.stdout)
    git(*git_options, *author, "commit", "--quiet", "--message", "As it is now")
    git(f"--git-dir={into / '.git'}", f"--work-tree={into}", "reset", "--quiet", "--hard")


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


def make_arguments(copied: Path, workflow: Path, event: Path, scratch: Path) -> list[str]:
    """Return act's arguments: this machine as the only runner, and nothing fetched."""
    linger = copied / ".github" / "act" / "linger.sh"
    variables = (
        *("NO_COLOR=1", "GIT_PAGER=cat", "TERM=dumb"),
        *(f"ACT_ARTIFACTS={scratch / 'artifacts'}", f"BASH_ENV={linger}"),
    )
    return [
        *("-C", str(copied), "-W", str(workflow.relative_to(copied)), "-e", str(event)),
        *("-P", f"{LABEL}=-self-hosted", "--json", "--verbose"),
        *("--action-offline-mode", "--action-cache-path", str(scratch / "actions"), "--no-cache-server"),
        *(word for variable in variables for word in ("--env", variable)),
        *(f"--{kind}-file={os.devnull}" for kind in ("env", "secret", "var", "input")),
        *find_standins(copied, workflow),
    ]


def find_actions(content: Any) -> Iterator[str]:
    """Yield what the `uses:` lines of a parsed file name."""
    if isinstance(content, dict):
        if isinstance(action := content.get("uses"), str):
            yield action
        content = list(content.values())
    for part in content if isinstance(content, list) else ():
        yield from find_actions(part)


def find_standins(root: Path, workflow: Path) -> list[str]:
    """Return act's flags that replace remote actions by the local ones in `standins/`.

    Raises
    ------
    LookupError
        An action has no stand-in.
    """
    folder = root / ".github" / "act" / "standins"
    files, found = [workflow], dict[str, str]()
    for file in files:
        for action in find_actions(yaml.safe_load(file.read_text(encoding="utf-8"))):
            path, _, ref = action.partition("@")
            if path.startswith("./"):
                files.append(root / path if path.endswith((".yml", ".yaml")) else root / path / "action.yml")
                continue
            name = "/".join(path.split("/")[:2])
            if name == BUILT_IN:
                continue
            if not (folder / path / "action.yml").is_file():
                message = f"{file.relative_to(root)}: {action} has no stand-in in .github/act/standins"
                raise LookupError(message)
            files.append(folder / path / "action.yml")
            found[action] = f"--local-repository={name}@{ref}={folder / name}"
    return sorted(set(found.values()))
