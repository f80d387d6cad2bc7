"""Model card: what a version is for, what it costs, which gates it passed, and how to make it again.

The sections follow Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

import json
from collections.abc import Mapping
from typing import Any

from ..core.markdown import make_table
from ..core.plan import Plan
from ..core.problem import Problem

PROVENANCE = ("trained", "rows", "data", "commit", "clean", "plan", "contract", "recipe", "digest")


def write_card(found: Mapping[str, Any], problem: Problem, plan: Plan) -> str:
    """Return the card of a version in Markdown. `found`: the evidence that the registry has of it."""
    champion = json.loads(found["tags"].get("champion", '{"label": "none", "metrics": {}}'))
    names = sorted({*found["metrics"], *champion["metrics"]})
    figures = [[name, _number(found["metrics"], name), _number(champion["metrics"], name)] for name in names]
    gates = [[gate, *result.split(": ", 1)] for gate, result in sorted(found["gates"].items())]
    made = [[name, found["tags"].get(name, "unknown")] for name in PROVENANCE]
    columns = [[column.name, str(column.kind), column.use] for column in problem.columns]
    parts = [
        f"# {found['label']}",
        f"**Question**: {plan.product.question}",
        f"**Mistakes**: {problem.objective.describe(problem.target.name)}.",
        "## Figures\n\nOn rows that neither was trained on, when the version was registered.",
        make_table(["metric", found["label"], champion["label"]], figures),
        "## Gates",
        make_table(["gate", "result", "found"], gates) if gates else "None: this version was not trained.",
        "## Data",
        make_table(["column", "kind", "use"], columns),
        "## To make it again",
        make_table(["what", "value"], made),
    ]
    return "\n\n".join(parts) + "\n"


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4g}" if name in metrics else ""
