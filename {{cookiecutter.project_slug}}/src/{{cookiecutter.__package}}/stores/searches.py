"""Searches in the registry: a run for each, with a nested run for each trial."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.errors import in_one_line
from .mlflow_client import find_experiment
from .registry import NEXT_STEP, Registry

CHOSEN = "chosen"  # tag of a search: the parameters, as JSON
PARENT = "mlflow.parentRunId"  # by which MLflow shows runs as nested ones


def record_search(registry: Registry, name: str, trials: Sequence[Any], chosen: Mapping[str, Any], page: str) -> str:
    """Record a search and its trials, and return the id of its run. `page`: HTML with a plot.

    Raises UserError: the registry cannot be written.
    """
    client = registry.client
    with in_one_line(f"the search of {name} cannot be recorded", NEXT_STEP):
        experiment = find_experiment(client, registry.artifacts)
        parent = client.create_run(experiment, run_name=f"search {name}").info.run_id
        for trial in trials:
            tags = {PARENT: parent, **({"reason": trial.reason} if trial.reason else {})}
            run = client.create_run(experiment, run_name=f"trial {trial.number}", tags=tags).info.run_id
            for parameter, value in trial.parameters.items():
                client.log_param(run, parameter, value)
            if not trial.reason:
                client.log_metric(run, "cost", trial.cost)
            client.set_terminated(run, "FAILED" if trial.reason else "FINISHED")
        client.log_text(parent, page, "search.html")
        client.set_tag(parent, CHOSEN, json.dumps(chosen))
        client.set_terminated(parent)
    return str(parent)


def read_search(registry: Registry, run: str) -> dict[str, Any] | None:
    """Return the parameters that a search chose, or None if it is not on record."""
    with contextlib.suppress(Exception):  # MLflow raises another error for each kind of store
        found: dict[str, Any] = json.loads(registry.client.get_run(run).data.tags[CHOSEN])
        return found
    return None
