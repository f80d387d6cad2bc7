"""What `monitor` looks at, gathered from the stores."""

import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ..core.answers import normalise_time
from ..core.errors import UserError
from ..core.reference import Reference, read_reference
from ..core.result import GateResult
from ..data.attention import count_reviews, explain_inattention
from ..operations.monitoring.monitor import Watched
from ..operations.monitoring.published import load_published
from ..operations.monitoring.serving_health import read_process
from ..stores.decision_columns import Decisions, find_first_use, find_times, read_decisions
from ..stores.lake import draw_rows
from ..stores.ledger import Ledger
from ..stores.windows import read_windows
from .composition import Project

DEFAULT = 1_000  # decisions of a window
LABELLED = 5_000  # decisions with a label, the latest ones, by which quality is measured
SECONDS = 5  # to wait for the metrics of a running product


def gather(
    project: Project, ledger: Ledger, last: int | None, since: str, url: str
) -> tuple[Watched, list[GateResult]]:
    """Read everything that the watches look at. Raises UserError: a store cannot be read, or an option is wrong."""
    problem, plan = project.problem, project.plan
    names = [column.name for column in problem.stored]
    history, since = read_windows(ledger), _read_time(since)
    measured = read_process(_fetch(url, project)) if url else {}
    is_usual = last is None and not since
    decisions = read_decisions(ledger, names, last=DEFAULT if is_usual else last, since=since)
    if is_usual:
        decisions = _newest(decisions, history, plan.drift.minimum_rows)
    labelled = read_decisions(ledger, names, last=LABELLED, labelled=True)
    models, champion, faults = load_published(project.models, {*decisions.models, *labelled.models}, problem)
    fallback = project.models.entry("fallback") or {}
    return Watched(
        problem=problem,
        plan=plan,
        decisions=decisions,
        labelled=labelled,
        reference=_read_reference(project),
        history=history,
        models=models,
        champion=champion,
        rules=models.get(f"{fallback.get('name')}:{fallback.get('version')}"),
        trained=champion.tags.get("trained") or find_first_use(ledger, champion.label),
        times=find_times(ledger),
        inattention=_explain(labelled, project),
        measured=measured,
        now=datetime.now(UTC),
    ), faults


def _newest(decisions: Decisions, history: list[dict[str, Any]], minimum: int) -> Decisions:
    """Return the decisions that no kept window has, if they are enough; all of them otherwise."""
    seen = max((window["last_decision"] for window in history), default="")
    first = next((place for place, each in enumerate(decisions.ids) if each > seen), len(decisions))
    return decisions.take(np.arange(first, len(decisions))) if len(decisions) - first >= minimum else decisions


def _read_reference(project: Project) -> Reference:
    with project.lake() as lake:
        baseline, table = lake.read("baseline").to_pyarrow().to_pylist(), lake.read("training")
        rows = int(table.count().to_pyarrow().as_py())
        names = [column.name for column in project.problem.stored if column.name in table.columns]
        sample: pa.Table = draw_rows(table).select(names).to_pyarrow()
    values = {name: sample[name].to_pylist() for name in names}
    if missing := [column.name for column in project.problem.stored if column.name not in values]:
        raise UserError(f"the training table lacks {', '.join(missing)}; run `data`, so that it follows contract.py")
    return read_reference(baseline, rows, values)


def _explain(labelled: Decisions, project: Project) -> str:
    """Return why reviews that saw the answer do not count as labels, or ""."""
    columns = {
        "answer": labelled.answers,
        "score": labelled.scores,
        "verdict": labelled.reactions,
        "reaction_answer": labelled.given,
        "outcome": labelled.outcomes,
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    labels, categories = project.plan.labels, project.problem.target.categories
    return explain_inattention(count_reviews(rows, labels, categories), labels, categories)


def _read_time(given: str) -> str:
    try:
        return normalise_time(given) if given else ""
    except ValueError:
        message = f"--since: {given!r} is not a time of ISO 8601, such as 2030-01-31 or 2030-01-31T12:00"
        raise UserError(message) from None


def _fetch(url: str, project: Project) -> str:
    """Return the metrics of a running product."""
    if not url.startswith(("http://", "https://")):
        raise UserError(f"--url: {url!r} is not the URL of a product, such as http://127.0.0.1:8000")
    keys = [key.get_secret_value() for key in project.settings.api_keys]
    headers = {"X-API-Key": keys[0]} if keys else {}
    try:
        request = urllib.request.Request(f"{url.rstrip('/')}/metrics", headers=headers)  # noqa: S310  # checked above
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # checked above
            text: str = answer.read().decode()
    except (urllib.error.URLError, OSError, ValueError) as error:
        message = f"--url: {url}/metrics cannot be read: {error}; start the product, or set APP_API_KEYS to its key"
        raise UserError(message) from None
    return text
