"""A product that is watched, in memory: a training table, a model, windows of decisions and their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from populations import describe
from problems import SHAPES, Shape

from {{ cookiecutter.__package }}.operations.monitoring.monitor import Watched, run_watches, to_keep
from {{ cookiecutter.__package }}.stores.decision_columns import Decisions
from {{ cookiecutter.__package }}.stores.models import StoredModel

TRAINING, WINDOW, LABELLED = 2_000, 600, 1_500
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
Rows = dict[str, list[Any]]


def draw(shape: Shape, rows: int, seed: int) -> tuple[Rows, list[Any]]:
    """Return features by column and labels, in the types of the contract."""
    problem, table = shape.problem(), shape.table(rows, seed)
    read = {"number": float, "integer": int, "category": str, "text": str}
    typed = {
        column.name: [read[column.kind](row[column.name]) if row[column.name] else None for row in table]
        for column in (*problem.columns, problem.target)
    }
    labels = typed.pop(problem.target.name)
    return {column.name: typed[column.name] for column in problem.stored}, labels


class World:
    """A product of one shape, whose model was fitted to the training table."""

    def __init__(self, name: str, *, is_learned: bool = True) -> None:
        self.shape = SHAPES[name]
        self.problem, self.plan = self.shape.problem(), self.shape.parsed_plan
        self.sample, labels = draw(self.shape, TRAINING, 1_000)
        # a personal column is in no table
        self.reference = describe(self.sample, list(self.problem.stored))
        tags = {"contract": self.problem.fingerprint}
        self.rules = StoredModel(self.problem.rules.fit(), "rules", "1", "", tags)
        self.champion = self.rules
        if is_learned:
            model = self.problem.candidates()["learned"]
            model.fit(self.inputs(self.sample), self.problem.objective.encode(labels))
            self.champion = StoredModel(model, "learned", "2", "", tags)

    def inputs(self, features: Rows) -> Rows:
        return {column.name: features[column.name] for column in self.problem.inputs}

    def decide(self, rows: int, seed: int, change: Callable[[Rows], None] | None = None) -> tuple[Decisions, list[Any]]:
        """Return decisions of the champion on new rows, which `change` may alter before, and the labels."""
        features, labels = draw(self.shape, rows, seed)
        if change:
            change(features)
        objective = self.problem.objective
        found = objective.predict(self.champion.model, self.inputs(features))
        answers = np.empty(rows, dtype=object)
        answers[:] = objective.answers(found)
        start = NOW - timedelta(hours=100 - seed)
        return Decisions(
            ids=[f"{seed:08d}{place:024d}" for place in range(rows)],
            times=[(start + timedelta(seconds=place)).isoformat() for place in range(rows)],
            features=features,
            answers=answers,
            scores=np.array(objective.scores(found)),
            models=np.full(rows, self.champion.label, dtype=object),
            needs_review=np.array(objective.needs_review(found), dtype=bool),
            fallback=np.zeros(rows, dtype=bool),
            seconds=np.random.default_rng(seed).gamma(2, 0.002, rows),
            reactions=np.full(rows, None, dtype=object),
            given=np.full(rows, None, dtype=object),
            outcomes=np.full(rows, None, dtype=object),
        ), labels

    def label(self, decisions: Decisions, labels: list[Any], seed: int) -> Decisions:
        """Return the decisions with outcomes of half, blind reviews of a tenth, and open reviews of a fifth."""
        chance, truth = np.random.default_rng(seed).random(len(decisions)), np.empty(len(decisions), dtype=object)
        truth[:] = labels
        is_blind, is_open = (chance >= 0.5) & (chance < 0.6), chance >= 0.8
        is_wrong = np.array([a != b for a, b in zip(truth, decisions.answers, strict=True)], dtype=bool)
        outcomes, reactions, given = decisions.outcomes.copy(), decisions.reactions.copy(), decisions.given.copy()
        outcomes[chance < 0.5] = truth[chance < 0.5]
        reactions[is_blind], given[is_blind] = "blind", truth[is_blind]
        reactions[is_open & ~is_wrong] = "accept"
        reactions[is_open & is_wrong], given[is_open & is_wrong] = "override", truth[is_open & is_wrong]
        return replace(decisions, outcomes=outcomes, reactions=reactions, given=given)

    def watch(self, seed: int, change: Callable[[Rows], None] | None = None, history: Any = ()) -> Watched:
        """Return what the watches look at."""
        decisions = self.label(*self.decide(WINDOW, seed, change), seed)
        return Watched(
            problem=self.problem,
            plan=self.plan,
            decisions=decisions,
            labelled=self.label(*self.decide(LABELLED, seed + 500), seed),
            reference=self.reference,
            history=list(history),
            models={self.rules.label: self.rules, self.champion.label: self.champion},
            champion=self.champion,
            rules=self.rules,
            trained=(NOW - timedelta(days=10)).isoformat(),
            times=(decisions.times[0], (NOW - timedelta(hours=1)).isoformat()),
            measured={"process_resident_memory_bytes": 2e8, "process_start_time_seconds": 1.0},
            now=NOW,
        )

    def keep(self, windows: int, change: Callable[[Rows], None] | None = None) -> list[dict[str, Any]]:
        """Return so many kept windows."""
        history: list[dict[str, Any]] = []
        for seed in range(windows):
            watched = self.watch(seed, change, history)
            results, statistics = run_watches(watched)
            kept = to_keep(watched, results, statistics)
            assert kept is not None
            history.append({**kept, "at": NOW.isoformat()})
        return history


def failed(watched: Watched) -> set[str]:
    """Return the names of the watches that fail."""
    return {result.gate for result in run_watches(watched)[0] if result.status == "fail"}
