"""Veto: what speaks against promoting a version, by what the registry has of it, whoever points an alias to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Present:
    """What a version is compared with: the project as it is now."""

    contract: str  # its fingerprint
    training_plan: str  # the digest of what training reads of the plan
    champion: str  # its name and version
    fallback: str
    runs: frozenset[str] = frozenset()  # times of the runs of `data` in the lake; empty if it has none on record
    edited: Mapping[str, str] = field(default_factory=dict)  # aliases that were moved by hand, with their versions
    needs_commit: bool = True
    lacks_commit: bool = False  # whether the project's repository lacks the version's commit


def find_objections(version: str, found: Mapping[str, Any], present: Present) -> list[str]:
    """Return every reason not to promote a version. `found`: the registry's evidence of it.

    What an older template did not record is no reason. The data may have grown since: a version has to be made from a
    training table that this project's lake had.
    """
    tags, results = found["tags"], found["results"]
    reasons = [f"{edit} after registration" for edit in found["edits"]]
    if not results and not reasons:
        reasons.append("it has no results of gates")
    reasons += [f"gate {one['gate']} blocks it: {one['message']}" for one in results if one["blocks"]]
    if tags.get("contract") != present.contract:
        reasons.append("it was made for another contract")
    if tags.get("training_plan", present.training_plan) != present.training_plan:
        reasons.append("it was judged under another plan: costs, data, labels or gates of plan.toml have changed")
    if present.runs and tags.get("data_run", "") not in {"", *present.runs}:
        reasons.append(f"its training table, of {tags['data_run']}, is of no run of `data` in this lake")
    if (reason := _compare_champion(tags, present)) and results:
        reasons.append(reason)
    if version in (present.edited.get("challenger"), present.edited.get("champion")):
        reasons.append("an alias was pointed to it by hand, in MLflow")
    return reasons + (_find_commit(tags, present) if present.needs_commit and results else [])


def _compare_champion(tags: Mapping[str, str], present: Present) -> str:
    """Return that a version was compared with another model than it would replace, or ""."""
    label = json.loads(tags.get("champion", "{}")).get("label", "")
    compared, is_substitute, _ = label.partition(" (in place of the champion")
    compared, replaced = compared.removesuffix(" (champion)"), present.fallback if is_substitute else present.champion
    is_same = compared in ("", replaced)
    return "" if is_same else f"it was compared with {compared}, and {replaced} would be replaced"


def _find_commit(tags: Mapping[str, str], present: Present) -> list[str]:
    commit = tags.get("commit", "none")
    if commit == "none":
        return ["it was trained from files that no commit has (gates.clean_commit)"]
    if present.lacks_commit:
        return [f"its commit {commit[:12]} is not in this repository (gates.clean_commit)"]
    if tags.get("clean") != "true":
        return [f"it was trained with changes that are not in its commit {commit[:12]} (gates.clean_commit)"]
    return []
