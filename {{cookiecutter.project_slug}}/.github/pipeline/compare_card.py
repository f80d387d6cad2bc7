"""Fail if the committed model card is not that of the champion: `compare_card.py PROGRAM`. What is skipped is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from github import notice

CARD = "docs/model-card.md"
COMPARED = f"{CARD} is up to date"


def main(program: str) -> int:
    """Compare; return the exit code."""
    if not any(Path("src").glob("*/cli/model_card.py")):
        notice("this product has no models that are trained, and no model card")
        return 0
    words = [program, "card", "champion", "--check", CARD]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0 and COMPARED not in done.stdout:
        notice(done.stdout.strip())
    else:
        sys.stdout.write(done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
