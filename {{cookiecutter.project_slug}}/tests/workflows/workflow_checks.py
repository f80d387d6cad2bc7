"""What holds for every workflow. Each check returns its faults, so that tests can plant some."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from isolation import LABEL, find_actions, find_standins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Check = Callable[[Path], Iterator[str]]

PINNED = re.compile(r"""uses: (?:\./[^\s"'@]+|[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)""")
TARGETS = re.compile(r"^(?:TASKS := ((?:.*\\\n)*.*)|([a-z][a-z -]*):(?!=).*)$", re.MULTILINE)
ENTERED = "actions/checkout@"


def workflows(root: Path) -> list[Path]:
    return sorted((root / ".github" / "workflows").glob("*.y*ml"))


def files(root: Path) -> list[Path]:
    """Return the workflows, the actions and the stand-ins."""
    return [*workflows(root), *sorted(root.glob(".github/act*/**/*.y*ml"))]


def read(file: Path) -> Any:
    return parse(file.read_text(encoding="utf-8"))


@cache
def parse(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)  # ten times as fast as the loader in Python


def jobs(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every job with the place it is at."""
    for file in workflows(root):
        for name, job in read(file)["jobs"].items():
            yield f"{file.name}: {name}", job


def steps(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every step of every job with the place it is at."""
    for where, job in jobs(root):
        for place, step in enumerate(job.get("steps", []), 1):
            yield f"{where}: step {place}", step


def make_targets(root: Path) -> set[str]:
    """Return the targets of the Makefile: the rules with a name of their own, and the tasks."""
    named = TARGETS.findall((root / "Makefile").read_text(encoding="utf-8"))
    return {target for tasks, rule in named for target in (tasks or rule).replace("\\", " ").split()}


def pinned(root: Path) -> Iterator[str]:
    """A tag can be moved by whoever owns the action; a commit cannot."""
    for file in files(root):
        text = file.read_text(encoding="utf-8")
        lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
        wanted, good = list(find_actions(parse(text))), [line for line in lines if PINNED.fullmatch(line)]
        # counted against what the parser sees, so that no way of writing a line goes unnoticed
        if len(good) != len(wanted):
            odd = [action for action in wanted if not any(f"uses: {action}" in line for line in good)]
            yield f"{file.name}: not pinned to a commit with its version beside it: {', '.join(odd) or wanted}"


def least_rights(root: Path) -> Iterator[str]:
    """A workflow may do nothing, and each of its jobs what it names."""
    for file in workflows(root):
        if read(file).get("permissions", "all") != {}:
            yield f"{file.name}: permissions at the top are not none"
    for where, job in jobs(root):
        if not isinstance(job.get("permissions"), dict):
            yield f"{where}: does not name its permissions"


def no_credentials(root: Path) -> Iterator[str]:
    """What a checkout leaves in .git can be read by every later step."""
    for where, step in steps(root):
        options = {"fetch-depth": 0} | (step.get("with") or {})
        wanted = {"fetch-depth": 0, "persist-credentials": False}
        if step.get("uses", "").startswith(ENTERED) and options != wanted:
            yield f"{where}: a checkout takes persist-credentials: false, and perhaps fetch-depth"


def limited(root: Path) -> Iterator[str]:
    """Where one limit is not honoured, the other is: act knows only those of steps."""
    # a job that calls a workflow cannot have a limit; those of the called one have theirs
    own = [(where, job) for where, job in jobs(root) if "uses" not in job]
    for where, content in [*own, *steps(root)]:
        if not isinstance(content.get("timeout-minutes"), int):
            yield f"{where}: no timeout-minutes"


def runs_make(root: Path) -> Iterator[str]:
    """What a step does can be done at a desk: it is a target, and there is one of that name."""
    targets = make_targets(root)
    actions = root.glob(".github/actions/*/*.y*ml")
    inside = ((file.parent.name, step) for file in actions for step in read(file)["runs"]["steps"])
    for where, step in [*steps(root), *inside]:
        match = re.fullmatch(r"make ([\w-]+)\n?", step.get("run", ""))
        if "run" in step and not (match and match[1] in targets):
            yield f"{where}: {step['run']!r} is no target of the Makefile"


def one_runner(root: Path) -> Iterator[str]:
    """On a label that act is not told of, a job is skipped without a word."""
    for where, job in jobs(root):
        if "uses" not in job and job.get("runs-on") != LABEL:
            yield f"{where}: runs on {job.get('runs-on')}, not on {LABEL}"


def at_a_desk(root: Path) -> Iterator[str]:
    """Every remote action has a stand-in."""
    for file in workflows(root):
        try:
            find_standins(root, file)
        except LookupError as error:
            yield str(error)


def counts(root: Path) -> Iterator[str]:
    """A step that may fail, or is switched off, says nothing."""
    for where, content in [*jobs(root), *steps(root)]:
        if content.get("continue-on-error", False) is not False:
            yield f"{where}: may fail"
        if str(content.get("if", "")).lower().strip("$" + "{} ") in {"false", "0"}:
            yield f"{where}: is switched off"


def quoted(root: Path) -> Iterator[str]:
    """3.10 is 3.1, unless it is quoted."""

    def numbers(content: Any) -> Iterator[float]:
        if isinstance(content, float):
            yield content
        for part in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
            yield from numbers(part)

    for file in files(root):
        for number in numbers(read(file)):
            yield f"{file.name}: {number} is a number; quote it if it is a version"


def one_at_a_time(root: Path) -> Iterator[str]:
    """Two runs that restore the same state and save it both would lose what one of them did, such as a rollback."""
    for file in workflows(root):
        group, saves = read(file).get("concurrency", {}), "actions/cache/save@" in file.read_text(encoding="utf-8")
        is_alone = "lifecycle" in str(group.get("group")) and group.get("cancel-in-progress") is False
        if saves and not is_alone:
            yield f"{file.name}: saves state, and is not in the concurrency group lifecycle without cancelling"


def documented(root: Path) -> Iterator[str]:
    """docs/pipelines.md names every secret, environment and permission that is used, and no other; no variable is."""
    texts = "".join(file.read_text(encoding="utf-8") for file in workflows(root))
    rights = [
        (where.replace(".yml", ""), f"{name}: {right}")
        for where, job in jobs(root)
        for name, right in job.get("permissions", {}).items()
    ]
    used = {
        "Secrets": {(name,) for name in re.findall(r"secrets\.(\w+)", texts)},
        "Environments": {(str(job["environment"]),) for _, job in jobs(root) if "environment" in job},
        "Permissions": {each for each in rights if each[1] != "contents: read"},
    }
    for section, names in used.items():
        listed = read_rows(root / "docs" / "pipelines.md", section, columns=2 if section == "Permissions" else 1)
        yield from (f"docs/pipelines.md: {section} lacks {' '.join(each)}" for each in sorted(names - listed))
        yield from (f"docs/pipelines.md: {section} has {' '.join(each)}" for each in sorted(listed - names))
    yield from (f"a variable is not in docs/pipelines.md: {name}" for name in re.findall(r"vars\.(\w+)", texts))


def read_rows(file: Path, section: str, columns: int) -> set[tuple[str, ...]]:
    """Return what is quoted in the first columns of the table in a section of Markdown."""
    _, _, rest = file.read_text(encoding="utf-8").partition(f"\n## {section}\n")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return {tuple(re.findall(r"`([^`]+)`", row)[:columns]) for row in rows}


def plain(root: Path) -> Iterator[str]:
    """The template copies workflows as they are: what it would have filled in stays as it is."""
    for file in files(root):
        if re.search(r"cookiecutter|[{]%", file.read_text(encoding="utf-8")):
            yield f"{file.name}: has a word of the template"


def plant(project: Path, file: str, old: str, new: str, checks: Iterable[Check]) -> dict[str, list[str]]:
    """Replace a text of a file, which has to be there, and return what each check finds then."""
    text = (project / file).read_text(encoding="utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return {check.__name__: found for check in checks if (found := list(check(project)))}


CHECKS: tuple[Check, ...] = (
    *(pinned, least_rights, no_credentials, limited, runs_make, one_runner, at_a_desk, counts, quoted, one_at_a_time),
    *(documented, plain),
)
