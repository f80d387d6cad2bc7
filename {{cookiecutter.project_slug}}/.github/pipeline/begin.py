"""Begin the rollout of the challenger, where a product shares the ledger: `begin.py PROGRAM`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from github import notice

NEEDED = ("APP_LEDGER_URL", "MLFLOW_TRACKING_URI")


def main(program: str) -> int:
    """Begin; return the exit code."""
    if not any(Path("src").glob("*/cli/rollout.py")):
        notice("this product has no rollouts: no model is trained for it")
        return 0
    if lacking := [name for name in NEEDED if not os.environ.get(name, "").strip()]:
        names = " and ".join(lacking)
        notice(f"{names} not set: no deployed product would see a rollout, so none begins. See docs/pipelines.md.")
        return 0
    return subprocess.run([program, "rollout", "start", "--why", "release"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
