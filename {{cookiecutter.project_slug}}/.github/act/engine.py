"""One run of a workflow under act, from the project as it lies there to what came of it."""

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

from events import Outcome, parsed
from isolation import copy, environment, flags

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PATIENCE = 20  # seconds that act has to end its jobs when it is told to stop


def workflow_file(root: Path, workflow: str) -> Path:
    """Return where a workflow is.

    Raises
    ------
    LookupError
        It is nowhere.
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
    tell: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Run a workflow for an event on a copy of the project, and return what came of it.

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
        copied, happened = Path(folder, "repository"), Path(folder, "event.json")
        copy(root, copied)
        # jobs that push, sign or deploy ask for this
        happened.write_text(json.dumps((payload or {}) | {"act": True}), encoding="utf-8")
        words = [act, event, *flags(copied, workflow_file(copied, workflow), happened, Path(folder))]
        with closing(lines(words, copied, environment(root), outcome)) as said:
            for heard in map(parsed, said):
                outcome.note(heard)
                if heard.get("level") != "debug":
                    kept.write(f"{heard.get('job', 'act').strip()} | {str(heard.get('msg', '')).rstrip()}\n")
                tell(outcome)
    return outcome


def lines(words: list[str], folder: Path, env: dict[str, str], outcome: Outcome) -> Generator[str]:
    """Yield what act says until it ends; when this is stopped, act and its jobs are stopped first."""
    # a shell's background job, unlike this, does not hear of SIGINT
    before = {told: signal.signal(told, _stop) for told in (signal.SIGINT, signal.SIGTERM)}
    # in a session of its own, act hears of a stop once, from here
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
                    process.communicate(timeout=PATIENCE)  # read on: what is not read holds act up
                except subprocess.TimeoutExpired:
                    process.kill()
            for told, handler in before.items():
                signal.signal(told, handler)


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt
