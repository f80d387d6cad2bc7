"""Check that a commit can be released: version, change log, clean files, tests, and signature if signers are listed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from github import notice

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNERS = Path(".github/allowed_signers")


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git and return what it printed."""
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)


def find_faults(root: Path, ref_type: str, ref_name: str) -> list[str]:
    """Return in a sentence each what keeps the commit from being released."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    faults = []
    if ref_type == "tag" and ref_name != f"v{version}":
        faults.append(f"the tag is {ref_name}, and pyproject.toml has version {version}: tag v{version}")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[?v?{re.escape(version)}\b", changes, re.MULTILINE):
        faults.append(f"CHANGELOG.md has no section {version}: write `## {version}` and what changed")
    if changed := git("status", "--porcelain").stdout.splitlines():
        shown = ", ".join(line[3:] for line in changed[:5])
        faults.append(f"files differ from the commit ({shown}): commit them, or let git ignore what commands make")
    if not (root / SIGNERS).is_file():
        notice(f"{SIGNERS} is not there: the commit's signature is not checked. See docs/pipelines.md.")
    elif (done := git("-c", f"gpg.ssh.allowedSignersFile={SIGNERS}", "verify-commit", "HEAD")).returncode:
        reason = done.stderr.strip().splitlines()
        faults.append(f"the commit is not signed by one of {SIGNERS}: {reason[-1] if reason else 'no signature'}")
    return faults


def find_missing_tests(env: Mapping[str, str]) -> list[str]:
    """Return a fault if ci has not passed on the commit; without a token a notice says that nobody has looked."""
    if not env.get("GH_TOKEN"):
        notice("GH_TOKEN is not set: whether ci has passed on this commit is not looked up")
        return []
    words = ["gh", "run", "list", "--workflow", "ci", "--commit", env["GITHUB_SHA"], "--status", "success"]
    words += ["--repo", env["GITHUB_REPOSITORY"], "--json", "databaseId"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"gh cannot say whether ci has passed: {done.stderr.strip()}; allow `actions: read` to the token"]
    return [] if json.loads(done.stdout) else ["ci has not passed on this commit: wait for it, then run this again"]


if __name__ == "__main__":
    found = find_faults(Path.cwd(), os.environ.get("GITHUB_REF_TYPE", ""), os.environ.get("GITHUB_REF_NAME", ""))
    found += find_missing_tests(os.environ)
    sys.exit("\n".join(f"error: {fault}" for fault in found) if found else 0)
