"""A simulated loop: a product decides, people react, outcomes arrive late, and models are trained and promoted.

The labels are chosen and weighed by the data wheel, and candidates are judged and registered by the model wheel; the
product, the ledger and the registry are replaced by arrays, so that many rounds take seconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from {{ cookiecutter.__package }}.core.labels import choose_label
from {{ cookiecutter.__package }}.data.attention import count_reviews, explain_inattention
from {{ cookiecutter.__package }}.data.labels import weigh_labels
from {{ cookiecutter.__package }}.model.evaluate import split_columns
from {{ cookiecutter.__package }}.model.provenance import provenance
from {{ cookiecutter.__package }}.model.train import register_best, run_trials
from {{ cookiecutter.__package }}.stores.models import StoredModel

FOLDS = 5
# how often a person who saw a wrong answer notices it
REVIEWERS = {"right": 1.0, "accept 90 %": 0.1, "always accept": 0.0}


class MemoryRegistry:
    """The parts of a registry that training uses, without MLflow."""

    def __init__(self, problem: Any, champion: Any = None) -> None:
        self.stored: dict[str, StoredModel] = {}
        self.known: dict[str, Any] = {}
        self.aliases: dict[str, str] = {}
        self.recorded: dict[str, Any] = {}
        self.contract = problem.fingerprint
        self.set_alias("fallback", self.register(problem.rules.fit(), name="rules", tags={}))
        self.set_alias("champion", self.aliases["fallback"])
        if champion is not None:
            self.set_alias("champion", self.register(champion, name="old", tags={}))

    def load(self, alias: str) -> StoredModel:
        return self.stored[self.aliases[alias]]

    def keys(self, version: str) -> Any:
        return self.known[version]

    def record(self, *, name: str, results: Any, **_: Any) -> None:
        self.recorded[name] = results

    def register(self, model: Any, *, name: str, tags: dict[str, str], fitted: Any = None, **_: Any) -> str:
        version = str(len(self.stored) + 1)
        self.stored[version] = StoredModel(model, name, version, "", {"contract": self.contract, **tags})
        self.known[version] = fitted and fitted.keys
        return version

    def set_alias(self, alias: str, version: str) -> None:
        self.aliases[alias] = version


@dataclass
class Round:
    """What one round ended with."""

    number: int
    promoted: str  # name of the model that became the champion, or ""
    cost: float  # what a decision of the champion truly costs after the round
    message: str  # why open reviews are left out, or ""
    trials: list[Any] = field(default_factory=list)


class Loop:
    """A product in a simulated world.

    `draw(rows, rng, changed=...)` returns features, a DataFrame, and the probability of every answer (rows, answers).
    """

    def __init__(self, problem: Any, plan: Any, draw: Any, root: Any, *, seed: int, rows: int, champion: Any = None):
        self.problem, self.plan, self.draw, self.root = problem, plan, draw, root
        self.rng = np.random.default_rng(seed)
        self.registry = MemoryRegistry(problem)
        features, chances = draw(rows, self.rng, changed=False)
        truth = self._label(chances)
        self.tables = [features.assign(_key=[f"file {row}" for row in range(rows)], _origin="file", _label=truth)]
        self.decisions: list[dict[str, Any]] = []
        self.measured = [draw(20_000, np.random.default_rng(99), changed=changed) for changed in (False, True)]
        if champion is not None:  # it was trained on the file and promoted before the first round
            self.train({"champion": champion}, is_first=True)

    def turn(
        self, number: int, candidates: dict[str, Any], *, reviewer: str, late_outcomes: bool, rows: int, changed: bool
    ) -> Round:
        """Decide `rows` cases, react to all, take the outcomes of the round before, train, and promote."""
        features, chances = self.draw(rows, self.rng, changed=changed)
        predictions = self.problem.objective.predict(self.registry.load("champion").model, features)
        answers, scores = (
            self.problem.objective.answers(predictions),
            self.problem.objective.scores(predictions),
        )
        truth, notices = self._label(chances), self.rng.random(rows) < REVIEWERS[reviewer]
        share = 0 if late_outcomes else self.plan.review.blind_share
        blind, new = self.rng.random(rows) < share, []
        if late_outcomes:
            for decision in self.decisions:
                decision["outcome"] = decision["truth"]
        for place in range(rows):
            answer, true = answers[place], truth[place]
            verdict = "blind" if blind[place] else "override" if notices[place] and answer != true else "accept"
            new.append(
                {
                    "id": f"{number} {place}",
                    "answer": answer,
                    "score": scores[place],
                    "verdict": verdict,
                    "reaction_answer": None if verdict == "accept" else true,
                    "outcome": None,
                    "truth": true,
                }
            )
        self.decisions += new
        times = [f"{number:04d} {place:05d}" for place in range(rows)]
        self.tables.append(features.assign(_key=[decision["id"] for decision in new], _time=times))
        return self.train(candidates, number=number, changed=changed)

    def train(
        self, candidates: dict[str, Any], *, number: int = 0, changed: bool = False, is_first: bool = False
    ) -> Round:
        """Build the training table, judge the candidates, and promote the challenger if there is one."""
        table, message = self._build_table()
        problem = replace(self.problem, candidates=lambda: candidates)
        rows = split_columns(table, problem, self.plan)
        trials = [*run_trials(rows, self.registry, problem, self.plan)]
        if is_first:
            trials = [replace(trial, results=()) for trial in trials]
        tags = provenance(table, rows, problem, self.plan, self.root)
        version, _ = register_best(trials, rows, self.registry, problem, tags)
        if version is not None:
            self.registry.set_alias("champion", version)
        champion = self.registry.load("champion")
        return Round(
            number, champion.name if version else "", self.true_cost(champion.model, changed=changed), message, trials
        )

    def true_cost(self, model: Any, *, changed: bool) -> float:
        """Return what a decision of a model costs in expectation."""
        features, chances = self.measured[changed]
        objective = self.problem.objective
        choices = objective.choose(objective.predict(model, features))
        return float((chances @ objective.matrix)[np.arange(len(choices)), choices].mean())

    def _label(self, chances: Any) -> list[str]:
        drawn = (self.rng.random((len(chances), 1)) > chances.cumsum(axis=1)).sum(axis=1)
        categories = self.problem.target.categories
        return [categories[min(code, len(categories) - 1)] for code in drawn]

    def _build_table(self) -> tuple[pd.DataFrame, str]:
        categories, labels = self.problem.target.categories, self.plan.labels
        found = {decision["id"]: choose_label(decision, labels.order) for decision in self.decisions}
        counts = Counter([*(label[0] for label in found.values() if label), *self.tables[0]["_origin"]])
        message = explain_inattention(count_reviews(self.decisions, labels, categories), labels, categories)
        weights = {row["origin"]: row["weight"] for row in weigh_labels(counts, labels, message)}
        table = pd.concat(self.tables, ignore_index=True)
        for place, name in enumerate(("_origin", "_label")):
            chosen = table["_key"].map({key: label[place] for key, label in found.items() if label})
            table[name] = table[name].fillna(chosen)
        hashed = pd.util.hash_array(table["_key"].to_numpy(dtype=object))
        table = table.assign(_weight=table["_origin"].map(weights).astype(float), _fold=(hashed % FOLDS).astype(int))
        return table.rename(columns={"_label": self.problem.target.name}), message
