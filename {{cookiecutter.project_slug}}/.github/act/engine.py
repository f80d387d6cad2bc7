"""Run a workflow under act on a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from events import Outcome, parse_event
from isolation import copy_project, make_arguments, make_environment
from workflows import choose_event, find_workflow, read_jobs, write_caller

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

SECONDS_TO_STOP = 20  # in which act has to end its jobs after a signal


def run(
    root: Path,
    workflow: str,
    log: Path,
    event: str = "",
    payload: dict[str, Any] | None = None,
    show: Callable[[str], None] = lambda _: None,
    files: dict[str, Path | None] | None = None,
) -> Outcome:
    """Run a workflow for an event on a copy of the project, and return its outcome.

    `payload["inputs"]` has the inputs of a dispatch or a call, and `files` has the file of secrets (`secret`) and
    the one of variables (`var`). State, artefacts and summaries are kept beside the log.

    Raises
    ------
    LookupError
        There is no act, no such workflow, event, input or file, or no stand-in for one of the actions.
    """
    act = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if act is None:
        message = "act is not installed; run this after `make setup`"
        raise LookupError(message)
    started, file = time.monotonic(), find_workflow(root, workflow)
    event, payload = choose_event(file, event, payload or {})
    with tempfile.TemporaryDirectory(prefix="act-", ignore_cleanup_errors=True) as name:
        scratch, copied = Path(name), Path(name, "repository")
        copy_project(root, copied)
        file = copied / file.relative_to(root)
        if event == "workflow_call":
            called, file, event = file, scratch / "call.yml", "workflow_dispatch"
            write_caller(called, payload.get("inputs", {}), file)
        outcome = Outcome(read_jobs(file, copied))
        (scratch / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        artifacts = log.parent / "artifacts" / workflow
        shutil.rmtree(artifacts, ignore_errors=True)
        words = [act, event, *make_arguments(copied, file, log.parent / "state", artifacts, files or {})]
        with closing(run_act(words, copied, make_environment(root), outcome)) as printed:
            follow(printed, outcome, log, show)
    outcome.seconds = time.monotonic() - started
    return outcome


def follow(printed: Iterable[str], outcome: Outcome, log: Path, show: Callable[[str], None]) -> None:
    """Add what act prints to the outcome and to the log, show each step that ended, and keep the jobs' summaries."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", buffering=1, encoding="utf-8") as kept:
        for reported in map(parse_event, printed):
            if line := outcome.add(reported):
                show(line)
            if reported.get("level") != "debug":
                kept.write(f"{reported.get('job', 'act').strip()} | {str(reported.get('msg', '')).rstrip()}\n")
    summary = log.with_suffix(".summary.md")
    summary.unlink(missing_ok=True)
    if outcome.summaries:
        summary.write_text("\n".join(outcome.summaries), encoding="utf-8")


def run_act(words: list[str], folder: Path, env: dict[str, str], outcome: Outcome) -> Generator[str]:
    """Yield the lines that act prints until it ends; stop act and its jobs first when this process is stopped."""
    # a background job of a shell ignores SIGINT, and this process must not
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    # act runs in a session of its own, so that it receives the signal once, from here
    with subprocess.Popen(
        words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            yield from process.stdout or ()
            outcome.exit_code = process.wait()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.communicate(timeout=SECONDS_TO_STOP)  # read on, or act would block on a full pipe
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)  # with what act has started in its group
            for number, handler in before.items():
                signal.signal(number, handler)


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt
