"""Fail if a job failed or was cancelled. NEEDS: the jobs and their results, as GitHub gives them, in JSON."""

from __future__ import annotations

import json
import os
import sys


def find_faults(needs: dict[str, dict[str, str]]) -> list[str]:
    """Return the jobs that neither passed nor were skipped; skipped jobs of a failed one are named by it."""
    return [f"{job}: {one['result']}" for job, one in needs.items() if one["result"] not in {"success", "skipped"}]


if __name__ == "__main__":
    found = find_faults(json.loads(os.environ["NEEDS"]))
    sys.exit("\n".join(found) if found else 0)
