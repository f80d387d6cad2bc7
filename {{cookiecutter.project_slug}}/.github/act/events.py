"""What a workflow file promises, and what act says happened."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USES = re.compile(r"^\s*(?:-\s+)?uses:\s*([^\s#]+)", re.MULTILINE)
BUILT_IN = "actions/checkout"  # act copies the working tree itself


@dataclass
class Outcome:
    """Results by job and step, as far as they are known."""

    jobs: dict[str, str] = field(default_factory=dict)
    steps: dict[tuple[str, str], str] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, event: dict[str, Any]) -> None:
        """Take in one of act's events."""
        job, step = event.get("jobID", ""), event.get("step", "")
        if "stepResult" in event and event.get("stage") == "Main":
            self.steps.setdefault((job, step), event["stepResult"])
            self.seconds[job, step] = event.get("executionTime", 0) / 1e9
        if "jobResult" in event:
            self.jobs[job] = event["jobResult"]


def promised(workflow: Path) -> dict[str, list[str]]:
    """Return the names of the steps of every job."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return {job: [step["name"] for step in content["steps"]] for job, content in jobs.items()}


def missed(promise: dict[str, list[str]], outcome: Outcome) -> Iterator[str]:
    """Yield what was promised and did not succeed; a job that never ran is as bad as one that failed."""
    for job, steps in promise.items():
        for step in steps:
            result = outcome.steps.get((job, step), "did not run")
            if result != "success":
                yield f"{job}: {step}: {result}"
        if outcome.jobs.get(job, "did not run") != "success":
            yield f"{job}: {outcome.jobs.get(job, 'did not run')}"


def standins(root: Path, workflow: Path) -> list[str]:
    """Return act's flags that put our stand-ins in the place of remote actions.

    Raises
    ------
    LookupError
        An action has no stand-in.
    """
    folder = root / ".github" / "act" / "standins"
    files = [workflow, *root.glob(".github/actions/*/action.y*ml"), *folder.glob("*/*/action.yml")]
    flags: dict[str, str] = {}
    for file in files:
        for used in USES.findall(file.read_text(encoding="utf-8")):
            name = "/".join(used.partition("@")[0].split("/")[:2])
            if used.startswith("./") or name == BUILT_IN:
                continue
            if not (folder / name / "action.yml").is_file():
                message = f"{file.relative_to(root)}: {used} has no stand-in in .github/act/standins"
                raise LookupError(message)
            flags[used] = f"--local-repository={name}@{used.partition('@')[2]}={folder / name}"
    return list(flags.values())
