"""The metadata of a model card: the YAML that Hugging Face reads at the head of the file.

The fields are those of https://huggingface.co/docs/hub/model-cards, as far as there is evidence; no language is given.
"""

import math
from collections.abc import Mapping
from typing import Any

import yaml

from ..core.plan import Plan
from ..core.problem import Problem
from ..stores.files import show

METRICS = {"mean_absolute_error": "mae"}  # names of Hugging Face that differ


def write_metadata(found: Mapping[str, Any], problem: Problem, plan: Plan, licence: str) -> str:
    """Return the front matter of a card. `licence`: an SPDX identifier, or "" if it is not known."""
    task = "tabular-classification" if problem.target.categories else "tabular-regression"
    metadata: dict[str, Any] = {
        **_describe_licence(licence),
        "library_name": "sklearn",
        "pipeline_tag": task,
        "tags": ["sklearn", "skops", task],
    }
    if metrics := _list_metrics(found["metrics"]):
        table = show(plan.data.source).rstrip("/").rpartition("/")[2]
        dataset = {"type": "tabular", "name": table, "revision": found["tags"].get("data", "unknown")}
        result = {"task": {"type": task, "name": plan.product.question}, "dataset": dataset, "metrics": metrics}
        metadata["model-index"] = [{"name": found["label"], "results": [result]}]
    return f"---\n{yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)}---\n"


def _describe_licence(licence: str) -> dict[str, str]:
    """Return the licence by the name that Hugging Face has for it; others are in the file LICENSE."""
    if licence.startswith("LicenseRef-"):
        name = licence.removeprefix("LicenseRef-").lower()
        return {"license": "other", "license_name": name, "license_link": "LICENSE"}
    return {"license": licence.lower()} if licence else {}


def _list_metrics(metrics: Mapping[str, float]) -> list[dict[str, Any]]:
    values = {name: float(f"{value:.6g}") for name, value in sorted(metrics.items()) if math.isfinite(value)}
    return [{"type": METRICS.get(name, name), "name": name, "value": value} for name, value in values.items()]
