"""Run a workflow on this machine under act, without GitHub or Docker, and see that all of it ran.

act exits with 0 when a job was skipped for want of a runner, so its word is not enough: every job
and step that the workflow file names has to report success.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from events import Outcome, missed, promised, standins
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".git", ".venv", ".uv", "var", "demo", "__pycache__", ".*_cache", "*.egg-info")
KEPT = ("HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "SYSTEMROOT")
KEPT_PREFIXES = ("UV_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
out = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the workflow and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workflow", default="ci", help="name of a file in .github/workflows")
    parser.add_argument("--event", default="push")
    parser.add_argument("--root", type=Path, default=ROOT, help="project to run it for")
    given = parser.parse_args()
    root = given.root.resolve()
    workflow = root / ".github" / "workflows" / f"{given.workflow}.yml"
    if not workflow.is_file():
        out.print(f"error: {workflow} is not there", style="red")
        return 2
    act = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if act is None:
        out.print("error: act is not installed; run this after `make setup`", style="red")
        return 2
    log = root / "var" / "act" / f"{given.workflow}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="act-") as folder:
        # jobs work on a copy with a history of its own, so that nothing of theirs reaches the project
        copy = Path(folder) / "repository"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        commit(copy)
        try:
            command = [act, given.event, *flags(copy, workflow.relative_to(root), Path(folder))]
        except LookupError as error:
            out.print(f"error: {error}", style="red")
            return 2
        outcome = follow(command, copy, log)
    return report(promised(workflow), outcome, log)


def commit(copy: Path) -> None:
    """Make a repository of a folder: act asks git for the commit."""
    identity = ["-c", "user.name=act", "-c", "user.email=act@localhost", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "copy"]):
        subprocess.run(["git", *words], cwd=copy, check=True, capture_output=True)


def flags(copy: Path, workflow: Path, folder: Path) -> list[str]:
    """Return act's arguments: this host as the only runner, and nothing fetched."""
    empty = [f"--{kind}-file={os.devnull}" for kind in ("env", "secret", "var", "input")]
    return [
        *("-C", str(copy), "-W", str(workflow), "-P", "ubuntu-latest=-self-hosted", "--json"),
        *("--action-offline-mode", "--action-cache-path", str(folder / "actions"), "--no-cache-server"),
        *("--concurrent-jobs", "1", "--env", "NO_COLOR=1", "--env", "GIT_PAGER=cat", "--env", "TERM=dumb"),
        *empty,
        *standins(copy, copy / workflow),
    ]


def environment() -> dict[str, str]:
    """Return a small environment: what is set at this desk should not decide what passes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or (name.upper().startswith(KEPT_PREFIXES) and name != "UV_RUN_RECURSION_DEPTH")
    }
    uv = os.environ.get("UV")
    # the project's own environment is left out: every job makes one
    paths = [path for path in os.environ.get("PATH", "").split(os.pathsep) if ".venv" not in Path(path).parts]
    return kept | {"PATH": os.pathsep.join([str(Path(uv).parent), *paths] if uv else paths)}


def follow(command: list[str], copy: Path, log: Path) -> Outcome:
    """Run act to its end, show steps as they finish, and keep all it says in a file."""
    outcome = Outcome()
    with log.open("w", encoding="utf-8") as kept, out.status("starting") as status:
        process = subprocess.Popen(
            command, cwd=copy, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            for line in process.stdout or ():
                kept.write(line)
                try:
                    event = json.loads(line)
                except json.JSONDecodeError:
                    continue
                outcome.note(event)
                status.update(f"{event.get('job', '')} {event.get('step', '')}")
            process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
            raise
    return outcome


def report(promise: dict[str, list[str]], outcome: Outcome, log: Path) -> int:
    """Print a line a step and what is missing, and return the exit code."""
    table = Table("job", "step", "result", "seconds")
    for job, steps in promise.items():
        for step in steps:
            result = outcome.steps.get((job, step), "did not run")
            colour = "green" if result == "success" else "red"
            table.add_row(job, step, f"[{colour}]{result}[/]", f"{outcome.seconds.get((job, step), 0):.1f}")
    out.print(table)
    faults = list(missed(promise, outcome))
    for fault in faults:
        out.print(fault, style="red")
    out.print(f"{'red' if faults else 'green'}; all that was said is in {log}")
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        out.print("stopped")
        sys.exit(130)
