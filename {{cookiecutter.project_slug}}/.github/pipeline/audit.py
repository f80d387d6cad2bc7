"""Look for known weaknesses of what serving installs; say so if the database is out of reach."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from github import notice, summarise

EXPORT = ["uv", "export", "--quiet", "--no-default-groups", "--extra", "postgresql", "--no-emit-project"]
AUDIT = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off"]


def describe(found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the known weaknesses, one line each, and the packages that the database does not know."""
    packages = found["dependencies"]
    weak = [
        f"{one['name']} {one['version']}: {each['id']}, repaired in {', '.join(each['fix_versions']) or 'no version'}"
        for one in packages
        for each in one.get("vulns", [])
    ]
    return weak, [one["name"] for one in packages if "skip_reason" in one]


def main() -> int:
    """Return 0 if nothing is known against them, 1 otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        subprocess.run([*EXPORT, "--output-file", str(file)], check=True, stdout=subprocess.DEVNULL)
        words = [*AUDIT, "--timeout", "10", "--format", "json", "--requirement", str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        notice(f"the database of known weaknesses is out of reach, and nothing was scanned: {reason}")
        return 0
    weak, unknown = describe(found)
    if unknown:
        notice(f"{len(unknown)} dependencies are not known to the database, and were not scanned: {', '.join(unknown)}")
    if len(unknown) == len(found["dependencies"]):
        return 0
    text = "\n".join(weak) or "no weakness is known of the dependencies that were scanned"
    sys.stdout.write(f"{text}\n")
    summarise(f"### Dependencies\n\n{text}")
    return int(bool(weak))


if __name__ == "__main__":
    sys.exit(main())
