"""What a workflow file asks for: its events and inputs, and the jobs and steps that have to run."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ALWAYS_TRUE = {"always()", "!cancelled()", "!failure()", "success()"}  # unless something failed before
PREFERRED = ("push", "workflow_dispatch", "schedule", "pull_request", "workflow_call")
PULL_REQUEST = {"number": 1, "pull_request": {"number": 1, "head": {"ref": "change"}, "base": {"ref": "main"}}}


@dataclass(frozen=True)
class Condition:
    """The `if` of a job or a step."""

    allowed: frozenset[str]  # the results that are no fault
    stops: bool  # whether it is skipped after a failure


@dataclass(frozen=True)
class Step:
    """A step of the workflow file."""

    key: str  # its id or its position in the job, as act reports it
    name: str
    condition: Condition


@dataclass(frozen=True)
class Job:
    """A job of the workflow file."""

    steps: tuple[Step, ...]
    condition: Condition
    needs: tuple[str, ...] = ()
    caller: str = ""  # the job that calls the workflow of this one
    label: str = ""  # of a job that calls a workflow: what act puts before the names of the jobs in there


def find_workflow(root: Path, workflow: str) -> Path:
    """Return the file of a workflow.

    Raises
    ------
    LookupError
        There is no such workflow.
    """
    files = {path.stem: path for path in sorted((root / ".github" / "workflows").glob("*.yml"))}
    if workflow not in files:
        wrong = f"there is no workflow {workflow!r}" if workflow else "no workflow is given"
        message = f"{wrong}; choose one of: {', '.join(files) or 'none'}"
        raise LookupError(message)
    return files[workflow]


def read_jobs(workflow: Path, root: Path | None = None, caller: str = "") -> dict[str, Job]:
    """Return the jobs of a workflow file by name, and those of the workflows that it calls by `caller / name`."""
    root, prefix = root or workflow.parents[2], f"{caller} / " if caller else ""
    jobs: dict[str, Job] = {}
    for name, content in _read(workflow)["jobs"].items():
        needs = content.get("needs", [])
        called = root / content["uses"] if "uses" in content else None
        jobs[prefix + name] = Job(
            tuple(_read_step(place, step) for place, step in enumerate(content.get("steps", []))),
            read_condition(content.get("if")),
            tuple(prefix + need for need in ([needs] if isinstance(needs, str) else needs)),
            caller,
            f"{content.get('name', name)}/{_read(called).get('name', called.name)}/" if called else "",
        )
        if called:
            jobs |= read_jobs(called, root, prefix + name)
    return jobs


def read_condition(text: object) -> Condition:
    """Return what an `if` allows; one that depends on more than earlier results may be true or false."""
    plain = "success()" if text is None else str(text).strip().removeprefix("${{").removesuffix("}}")
    terms = {term.strip() for term in plain.split("&&")}
    allowed = {"success"} if terms <= ALWAYS_TRUE else {"success", "skipped"}
    if "!github.event.act" in terms:
        allowed = {"skipped"}  # it would push, sign or deploy
    return Condition(frozenset(allowed), "!failure()" in terms or not re.search(r"(always|cancelled|failure)\(", plain))


def choose_event(workflow: Path, event: str, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the event to raise, by default the first of `PREFERRED` that the file has, and its whole payload.

    Raises
    ------
    LookupError
        The file does not have this event, or not these inputs.
    """
    events = _events(workflow)
    event = event or next((name for name in PREFERRED if name in events), next(iter(events)))
    if event not in events:
        message = f"{workflow.name} has no event {event!r}; choose one of: {', '.join(events)}"
        raise LookupError(message)
    about = events[event] if isinstance(events[event], dict) else {}
    _check_inputs(f"{workflow.name}, {event}", about.get("inputs") or {}, payload.get("inputs", {}))
    default: dict[str, Any] = {"ref": "refs/heads/main", "repository": {"default_branch": "main"}}
    if event == "push" and "tags" in about and "branches" not in about:
        project = tomllib.loads((workflow.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        default["ref"] = f"refs/tags/v{project['version']}"
    elif event == "pull_request":
        default |= PULL_REQUEST
    elif event == "schedule":
        default["schedule"] = events[event][0]["cron"]
    # jobs that push, sign or deploy have the condition `!github.event.act`
    return event, default | payload | {"act": True}


def write_caller(workflow: Path, inputs: dict[str, str], file: Path) -> None:
    """Write a workflow that calls another one: act has no event for a call."""
    declared = (_events(workflow)["workflow_call"] or {}).get("inputs") or {}
    given = {
        name: yaml.safe_load(value) if declared[name].get("type") in {"boolean", "number"} else value
        for name, value in inputs.items()
    }
    call = {"uses": f"./.github/workflows/{workflow.name}", "with": given, "secrets": "inherit"}
    content = {"name": "call", "on": {"workflow_dispatch": None}, "jobs": {"call": call}}
    file.write_text(json.dumps(content), encoding="utf-8")


def _read(file: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def _read_step(place: int, step: dict[str, Any]) -> Step:
    name = str(step.get("name") or step.get("uses") or step["run"])
    return Step(str(step.get("id", place)), name, read_condition(step.get("if")))


def _events(workflow: Path) -> dict[str, Any]:
    content = _read(workflow)
    events = content["on"] if "on" in content else content[True]  # YAML 1.1 makes a bool of `on`
    return events if isinstance(events, dict) else dict.fromkeys([events] if isinstance(events, str) else events)


def _check_inputs(where: str, declared: dict[str, Any], given: dict[str, str]) -> None:
    for name, value in given.items():
        if name not in declared:
            message = f"{where}: there is no input {name!r}; there is: {', '.join(declared) or 'none'}"
            raise LookupError(message)
        about = declared[name] or {}
        options = ["true", "false"] if about.get("type") == "boolean" else about.get("options", [value])
        if value not in options:
            message = f"{where}: input {name} is {value!r}, expected one of: {', '.join(options)}"
            raise LookupError(message)
    for name, about in declared.items():
        if name not in given and (about or {}).get("required") and "default" not in about:
            message = f"{where}: input {name} is required: --inputs {name}=value"
            raise LookupError(message)
