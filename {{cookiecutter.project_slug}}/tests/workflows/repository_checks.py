"""What holds for the files that GitHub reads beside workflows. Each check returns its faults."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from workflow_checks import make_targets, read

from {{ cookiecutter.__package }}.core.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WHEELS = ("data", "model", "product", "operations")
ECOSYSTEMS = {"uv", "github-actions", "docker"}
COOLDOWN_DAYS = 7
ASKED = {"costs", "gates", "rollout"}  # the sections of the plan that every change has to do with
RULES: dict[str, dict[str, Any]] = {
    "deletion": {},
    "non_fast_forward": {},
    "required_linear_history": {},
    "required_signatures": {},
    "pull_request": {
        "required_approving_review_count": 1,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        # GitHub signs what it squashes, and cannot sign what it rebases
        "allowed_merge_methods": ["squash"],
    },
    "required_status_checks": {"strict_required_status_checks_policy": True},
}


def ruleset(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / ".github" / "rulesets" / "main.json").read_text(encoding="utf-8"))
    return content


def rules(root: Path) -> dict[str, dict[str, Any]]:
    """Return the parameters of each rule by its type."""
    return {rule["type"]: rule.get("parameters", {}) for rule in ruleset(root)["rules"]}


def owned(root: Path) -> Iterator[str]:
    """Every path of CODEOWNERS exists, and every wheel has an owner of its own."""
    lines = (root / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    owners = {words[0]: words[1:] for line in lines if (words := line.split("#")[0].split())}
    for path, names in owners.items():
        if path != "*" and not (root / path.strip("/")).exists():
            yield f"CODEOWNERS: {path} does not exist"
        if not names or not all(name.startswith("@") for name in names):
            yield f"CODEOWNERS: {path} has no owner"
    [package] = (file.parent for file in root.glob("src/*/__init__.py"))
    for wheel in WHEELS:
        folder = package / wheel
        if folder.is_dir() and f"/{folder.relative_to(root).as_posix()}/" not in owners:
            yield f"CODEOWNERS: the wheel {wheel} has no line"


def protected(root: Path) -> Iterator[str]:
    """The ruleset is on, nobody bypasses it, and it has every rule."""
    content = ruleset(root)
    if content["enforcement"] != "active" or content["bypass_actors"]:
        yield "main.json: is not active for everybody"
    if content["conditions"]["ref_name"] != {"include": ["~DEFAULT_BRANCH"], "exclude": []}:
        yield "main.json: is not about the default branch"
    have = rules(root)
    for name, parameters in RULES.items():
        if name not in have:
            yield f"main.json: the rule {name} is missing"
        for key, value in parameters.items():
            if name in have and have[name].get(key) != value:
                yield f"main.json: {name}: {key} is not {value}"


def reported(root: Path) -> Iterator[str]:
    """The required status is one that ci always reports; otherwise a pull request waits for it forever."""
    ci = read(root / ".github" / "workflows" / "ci.yml")
    triggers = ci[True]  # YAML 1.1 reads the key `on` as a boolean
    names = {job.get("name", key): job for key, job in ci["jobs"].items()}
    wanted = [one["context"] for one in rules(root).get("required_status_checks", {}).get("required_status_checks", [])]
    if not wanted:
        yield "main.json: no status is required"
    for name in wanted:
        if name not in names:
            yield f"main.json: requires {name}, which is no job of ci.yml"
        elif "always()" not in str(names[name].get("if")):
            yield f"ci.yml: {name} is skipped when a job that it needs fails, and counts as passed then"
    if any("paths" in key for key in (triggers.get("pull_request") or {})):
        yield "ci.yml: a pull request that changes other paths gets no status"


def updated(root: Path) -> Iterator[str]:
    """Dependencies, actions and images are updated, each some days after its release."""
    updates = read(root / ".github" / "dependabot.yml")["updates"]
    for name in sorted(ECOSYSTEMS - {update["package-ecosystem"] for update in updates}):
        yield f"dependabot.yml: {name} is missing"
    for update in updates:
        if update.get("cooldown", {}).get("default-days", 0) < COOLDOWN_DAYS:
            yield f"dependabot.yml: {update['package-ecosystem']}: no cooldown of {COOLDOWN_DAYS} days"
        if update["package-ecosystem"] == "github-actions":
            patterns = [f"{place}/action.yml".lstrip("/") for place in update.get("directories", [])]
            for action in sorted(root.glob(".github/actions/*/action.yml")):
                if not any(action in root.glob(pattern) for pattern in patterns):
                    yield f"dependabot.yml: {action.parent.relative_to(root).as_posix()} is not updated"


def asked(root: Path) -> Iterator[str]:
    """The pull-request template asks for every wheel, and for sections that a plan may have."""
    text = (root / ".github" / "pull_request_template.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`\[([\w.]+)\]`", text))
    unknown = sorted(named - Plan.model_fields.keys())
    yield from (f"pull_request_template.md: plan.toml has no [{name}]" for name in unknown)
    yield from (f"pull_request_template.md: does not ask about [{name}]" for name in sorted(ASKED - named))
    wheels = set(re.findall(r"^- \[ \] (\w+)$", text, re.MULTILINE))
    yield from (f"pull_request_template.md: does not name {name}" for name in WHEELS if name not in wheels)


def exists(root: Path) -> Iterator[str]:
    """SECURITY.md names what there is: a path, a target of make, or a word of the files that configure scans."""
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    files = (root / "pyproject.toml", root / ".pre-commit-config.yaml")
    workflows = root.glob(".github/workflows/*.yml")
    known = "\n".join(file.read_text(encoding="utf-8") for file in (*files, *workflows))
    targets = {f"make {target}" for target in make_targets(root)}
    for name in set(re.findall(r"`([^`]+)`", text)) - targets:
        if not (root / name.strip("/")).exists() and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", known):
            yield f"SECURITY.md: names {name}, which does not exist"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (owned, protected, reported, updated, asked, exists)
