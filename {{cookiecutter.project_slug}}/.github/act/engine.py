"""Run a workflow under act on a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from events import Outcome, parse_event
from isolation import copy_project, make_arguments, make_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SECONDS_TO_STOP = 20  # in which act has to end its jobs after a signal


def workflow_file(root: Path, workflow: str) -> Path:
    """Return the file of a workflow.

    Raises
    ------
    LookupError
        There is no such workflow.
    """
    file = root / ".github" / "workflows" / f"{workflow}.yml"
    if not file.is_file():
        names = ", ".join(sorted(path.stem for path in file.parent.glob("*.yml"))) or "none"
        message = f"there is no workflow {workflow!r}; there is: {names}"
        raise LookupError(message)
    return file


def run(
    root: Path,
    workflow: str,
    log: Path,
    event: str = "push",
    payload: dict[str, Any] | None = None,
    show: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Run a workflow for an event on a copy of the project, and return its outcome.

    Raises
    ------
    LookupError
        There is no act, no such workflow, or no stand-in for one of its actions.
    """
    act = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if act is None:
        message = "act is not installed; run this after `make setup`"
        raise LookupError(message)
    outcome = Outcome()
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="act-", ignore_cleanup_errors=True) as folder,
        log.open("w", buffering=1, encoding="utf-8") as kept,
    ):
        copied, event_file = Path(folder, "repository"), Path(folder, "event.json")
        copy_project(root, copied)
        # jobs that push, sign or deploy have the condition `!github.event.act`
        event_file.write_text(json.dumps((payload or {}) | {"act": True}), encoding="utf-8")
        words = [act, event, *make_arguments(copied, workflow_file(copied, workflow), event_file, Path(folder))]
        with closing(run_act(words, copied, make_environment(root), outcome)) as printed:
            for reported in map(parse_event, printed):
                outcome.add(reported)
                if reported.get("level") != "debug":
                    kept.write(f"{reported.get('job', 'act').strip()} | {str(reported.get('msg', '')).rstrip()}\n")
                show(outcome)
    return outcome


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
