"""Open an issue with the model card of a new challenger, or say what is missing for that."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from github import notice, summarise

CARD = Path("var/card.md")


def remove_metadata(card: str) -> str:
    """Return a card without the YAML before its title, which programs read."""
    return re.sub(r"\A---\n.*?\n---\n+", "", card, flags=re.DOTALL)


def main() -> int:
    """Open the issue; return the exit code."""
    if not CARD.is_file():
        sys.stderr.write(f"error: {CARD} is not there; run `make card`\n")
        return 2
    card = remove_metadata(CARD.read_text(encoding="utf-8"))
    summarise(card)
    title = card.splitlines()[0].lstrip("# ")
    if not os.environ.get("GH_TOKEN"):
        notice("GH_TOKEN is not set: no issue is opened. On GitHub the job's own token is used.")
        sys.stdout.write(f"{card}\n")
        return 0
    words = ["gh", "issue", "create", "--title", title, "--body-file", "-"]
    repository = os.environ.get("GITHUB_REPOSITORY")
    try:
        words += ["--repo", repository] if repository else []
        done = subprocess.run(words, input=card, text=True, check=False)
    except OSError as error:
        notice(f"gh cannot be started: {error.strerror}; no issue is opened")
        return 0
    if done.returncode:
        notice("no issue was opened: allow `issues: write` to the token, and issues in the repository's settings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
