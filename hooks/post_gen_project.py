"""Keep the generated files that the answers ask for, and print the next commands.

The table below has every effect of an answer. A file whose name ends in a tag (before its extension) is one
of several variants: the variant of the given answer stays and loses its tag, and the others are removed.
Paths that an answer leaves out are named. A row that matches no file is an error, also for an answer that
was not given, so that the table cannot fall behind the template.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")


class Row(NamedTuple):
    """The effect of one answer to one question on the files."""

    question: str
    answer: str
    tag: str = ""  # the end of the names of files that stay for this answer only
    drop: tuple[str, ...] = ()  # files and folders that this answer leaves out

    @property
    def chosen(self) -> bool:
        """Whether this answer was given."""
        return bool(ANSWERS[self.question] == self.answer)


MORTGAGE, HEALTH, EXPENSES = "mortgage_applications.csv", "elder_health.csv", "medical_expenses.csv"
PACKAGE = f"src/{ANSWERS['__package']}"
# what a product without data and models leaves out
LATER = (
    *("data", "docs/croissant.json", "docs/data-card.md", "notebooks"),
    *("tests/bias/learned", "tests/data", "tests/init", "tests/model"),
    *("tests/problem/learned", "tests/operations/monitoring", "tests/simulation.py", "tests/learning.py"),
    *(f"{PACKAGE}/{name}" for name in ("data", "init", "model", "operations/monitoring")),
    *(f"{PACKAGE}/stores/{name}.py" for name in ("decision_columns", "deliveries", "engines", "labelling", "lake")),
    *(f"{PACKAGE}/stores/{name}.py" for name in ("evidence", "lake_erasure", "mlflow_client", "moments")),
    *(f"{PACKAGE}/stores/{name}.py" for name in ("registry", "searches")),
    *("tests/integration/test_rollout_commands.py", "tests/integration/test_drill.py"),
    "tests/operations/test_rollout_guards.py",
    *(f"deploy/prometheus/{name}.yml" for name in ("rollout_alerts", "rollout_alerts_test")),
    *(f"docs/runbook/{alert}.md" for alert in ("ModelStale", "RolledBack", "RolloutHeld")),
    *(f"docs/runbook/Shadow{what}.md" for what in ("Dropped", "Errors")),
    *(f"docs/runbook/watches_of_{kind}.md" for kind in ("data", "the_model", "the_program")),
    "docs/runbook/guards_of_a_rollout.md",
    *(f"{PACKAGE}/operations/rollouts/{name}.py" for name in ("advance", "drill", "manage")),
    *(f"{PACKAGE}/cli/{name}.py" for name in ("catalogue", "changes", "label", "lake_rows", "promotion", "rollout")),
    *(f"{PACKAGE}/cli/{wheel}.py" for wheel in ("data", "init", "model", "operations", "watching")),
    *(f"{PACKAGE}/cli/{name}.py" for name in ("evaluate", "formulate", "model_card", "search")),
    *(f"{PACKAGE}/cli/{name}.py" for name in ("simulate", "tour", "tour_folder")),
    *(f"{PACKAGE}/core/{name}.py" for name in ("copies", "cusum", "drift", "faulty", "foundation", "reference")),
    f"{PACKAGE}/core/significance.py",
    f"{PACKAGE}/operations/simulation",
    *(f".github/workflows/{name}.yml" for name in ("data", "operate", "train")),
    *(".github/pipeline/propose.py", f"{PACKAGE}/cli/job_summary.py", f"{PACKAGE}/core/markdown.py"),
    *(f"{PACKAGE}/core/{name}.py" for name in ("page", "plots")),
    *("tests/operations/simulation", "tests/integration/test_simulate.py", "tests/integration/test_tour.py"),
)
TABLE = (
    Row("license", "MIT", tag="-MIT"),
    Row("license", "Apache-2.0", tag="-Apache-2.0"),
    Row("license", "BSD-3-Clause", tag="-BSD-3-Clause"),
    Row("license", "proprietary", tag="-proprietary"),
    Row("problem", "yes or no", tag="_binary", drop=(f"data/{HEALTH}", f"data/{EXPENSES}")),
    Row("problem", "one of several", tag="_multi", drop=(f"data/{MORTGAGE}", f"data/{EXPENSES}")),
    Row("problem", "a number", tag="_number", drop=(f"data/{MORTGAGE}", f"data/{HEALTH}")),
    Row("scope", "full lifecycle"),
    Row("scope", "product first", drop=LATER),
)


def fail(row: Row, what: str) -> None:
    """Stop; cookiecutter removes the project."""
    sys.exit(f"post_gen_project: {row.question} = {row.answer!r}: {what}")


def keep_variants(root: Path, row: Row) -> None:
    """Remove the tag from the variants of an answer that was given, or the variants of another answer."""
    name = re.compile(rf"(.+){re.escape(row.tag)}(\.[a-z]+)?")
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]  # a package may have a tag in its name
    found = [(path, match) for path in files if (match := name.fullmatch(path.name))]
    if not found:
        fail(row, f"no file's name ends in {row.tag}")
    for path, match in found:
        plain = path.with_name(match[1] + (match[2] or ""))
        if not row.chosen:
            path.unlink()
        elif plain.exists():
            fail(row, f"{path.name} would replace {plain.name}")
        else:
            path.rename(plain)


def main(root: Path) -> None:
    """Apply the table and print the next commands."""
    for row in TABLE:
        if row.tag:
            keep_variants(root, row)
    # look for every path before the first one is removed: one may lie inside another
    for row in TABLE:
        if missing := [path for path in row.drop if not (root / path).exists()]:
            fail(row, "there is no " + ", ".join(missing))
    for path in sorted({root / path for row in TABLE if row.chosen for path in row.drop}, reverse=True):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    slug = ANSWERS["project_slug"]
    print(f"\n{slug} is ready. Next:\n\n  cd {slug}\n  make run\n  make test\n")
    print(f"Without make: uv run {slug} run, uv run poe test\n")


if __name__ == "__main__":
    main(Path.cwd())
