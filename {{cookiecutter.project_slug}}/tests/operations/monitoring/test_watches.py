"""Every watch has a fault that turns it red, and the unrelated ones stay quiet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from problems import SHAPES
from watched import NOW, World, failed

from {{ cookiecutter.__package }}.core.result import GateResult
from {{ cookiecutter.__package }}.operations.monitoring.faults import exit_code, kind_of
from {{ cookiecutter.__package }}.operations.monitoring.monitor import run_watches
from {{ cookiecutter.__package }}.operations.monitoring.report import render
from {{ cookiecutter.__package }}.operations.monitoring.retraining import ask_retraining

EACH_SHAPE = [name if name == "usual" else pytest.param(name, marks=pytest.mark.slow) for name in SHAPES]


@pytest.fixture(scope="module")
def world() -> tuple[World, Any]:
    made = World("usual")
    return made, made.keep(3)


@pytest.fixture(scope="module", params=EACH_SHAPE)
def any_world(request: pytest.FixtureRequest) -> tuple[World, Any]:
    made = World(request.param)
    return made, made.keep(3)


def of_decisions(**changes: Any) -> Callable[[Any], Any]:
    """Return a fault of the window's decisions: columns by name, or a function of the decisions."""

    def plant(watched: Any) -> Any:
        found = {name: change(watched.decisions) for name, change in changes.items()}
        return replace(watched, decisions=replace(watched.decisions, **found))

    return plant


def of_labels(share: float, answer: str, group: str = "") -> Callable[[Any], Any]:
    """Return a fault: this share of outcomes, perhaps of one group, is another one than the product expects."""

    def plant(watched: Any) -> Any:
        labelled = watched.labelled
        chance = np.random.default_rng(0).random(len(labelled))
        outcomes = labelled.outcomes.copy()
        for place, old in enumerate(outcomes):
            is_of_group = not group or labelled.features["group"][place] == group
            if old is not None and is_of_group and chance[place] < share:
                outcomes[place] = answer
        return replace(watched, labelled=replace(labelled, outcomes=outcomes))

    return plant


def with_gap_limit(plant: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a fault under a plan that allows a smaller gap between groups."""

    def planted(watched: Any) -> Any:
        groups = watched.plan.groups.model_copy(update={"limits": {"false_positive_rate": 0.1}})
        return replace(plant(watched), plan=watched.plan.model_copy(update={"groups": groups}))

    return planted


def set_feature(name: str, values: Callable[[list[Any]], list[Any]]) -> Callable[[Any], Any]:
    """Return a fault of a recorded feature that no model sees."""

    def plant(watched: Any) -> Any:
        features = {**watched.decisions.features, name: values(watched.decisions.features[name])}
        return replace(watched, decisions=replace(watched.decisions, features=features))

    return plant


def some(values: Any, share: float, value: Any) -> Any:
    """Return values of which a share, from the end on, is replaced."""
    found = values.copy()
    found[len(found) - round(len(found) * share) :] = value
    return found


QUALITY = {"cost.expected", "cost.rules", "calibration"}
# each fault, the watches that have to fail, and those that may
FAULTS: dict[str, tuple[Callable[[Any], Any], set[str], set[str]]] = {
    "a group is always the same": (
        set_feature("group", lambda values: [value and "a" for value in values]),
        {"drift.group"},
        set(),
    ),
    "a text is always missing": (
        set_feature("remark", lambda values: [None] * len(values)),
        {"missing.remark"},
        set(),
    ),
    "a new category": (set_feature("group", lambda values: ["c", *values[1:]]), {"contract.group"}, set()),
    "a text over the limit": (
        set_feature("remark", lambda values: ["long " * 20, *values[1:]]),
        {"contract.remark"},
        set(),
    ),
    "scores are all higher": (
        of_decisions(scores=lambda decisions: np.minimum(decisions.scores * 1.4, 1)),
        {"predictions.scores", "skew.learned:2"},
        {"expected cost"},
    ),
    "one score is not the model's": (
        of_decisions(scores=lambda decisions: some(decisions.scores, 0.002, 0.123)),
        {"skew.learned:2"},
        set(),
    ),
    "a score is no number": (
        of_decisions(scores=lambda decisions: some(decisions.scores, 0.002, np.nan)),
        {"scores", "skew.learned:2"},
        set(),
    ),
    "answers are all the same": (
        of_decisions(answers=lambda decisions: np.full(len(decisions), "no", dtype=object)),
        {"predictions.answers"},
        {"expected cost"},
    ),
    "everything goes to a person": (
        of_decisions(needs_review=lambda decisions: np.ones(len(decisions), dtype=bool)),
        {"reviews"},
        set(),
    ),
    "people override everything": (
        of_decisions(reactions=lambda decisions: some(decisions.reactions, 0.2, "override")),
        {"overrides"},
        set(),
    ),
    "people do not read": (
        lambda watched: replace(watched, inattention="open reviews are left out"),
        {"attention"},
        set(),
    ),
    "half of the outcomes are refusals": (of_labels(0.5, "yes"), {"cost.expected", "calibration"}, QUALITY | {"gap"}),
    "the product is wrong about one group": (
        with_gap_limit(of_labels(0.9, "no", "a")),
        {"gap.group.false_positive_rate"},
        QUALITY,
    ),
    "the model fails": (
        of_decisions(fallback=lambda decisions: some(decisions.fallback, 0.05, value=True)),
        {"fallbacks"},
        set(),
    ),
    "the model is slow": (
        of_decisions(seconds=lambda decisions: some(decisions.seconds, 0.2, 0.4)),
        {"latency"},
        set(),
    ),
    "the champion is old": (
        lambda watched: replace(watched, trained=(NOW - timedelta(days=200)).isoformat()),
        {"staleness"},
        set(),
    ),
    "nobody asks": (
        lambda watched: replace(watched, times=(watched.times[0], (NOW - timedelta(hours=80)).isoformat())),
        {"traffic"},
        set(),
    ),
    "memory grows": (
        lambda watched: replace(watched, measured={**watched.measured, "process_resident_memory_bytes": 4e8}),
        {"memory"},
        set(),
    ),
}


def test_healthy_window_of_any_shape_is_quiet(any_world):
    made, history = any_world
    assert failed(made.watch(10, history=history)) == set()
    assert [window["results"]["violations"] for window in history] == [[], [], []]


@pytest.mark.slow
def test_all_watches_together_are_quiet_in_nearly_all_of_200_healthy_windows(world):
    made, history = world
    alarms = sum(bool(failed(made.watch(seed, history=history))) for seed in range(10, 210))
    # 5 % of 200 is 10; 18 or more have a chance of 1 %
    assert alarms < 18


@pytest.mark.parametrize("fault", FAULTS)
def test_sabotage_fault_turns_its_watch_red_and_no_unrelated_one(world, fault):
    made, history = world
    plant, expected, allowed = FAULTS[fault]
    found = failed(plant(made.watch(10, history=history)))
    assert expected <= found
    assert {gate.partition(".")[0] if gate.startswith("gap") else gate for gate in found - expected} <= allowed


def test_sabotage_changed_inputs_show_in_drift_and_predictions(any_world):
    """The first column that models see decides on the label in every shape."""
    made, history = any_world
    column = next(column for column in made.problem.inputs if column.kind != "text")

    def change(features: dict[str, list[Any]]) -> None:
        values = sorted((v for v in features[column.name] if v is not None), key=str)
        features[column.name] = [values[-1]] * len(features[column.name])

    found = failed(made.watch(10, change, history))
    assert f"drift.{column.name}" in found
    assert {kind_of(gate) for gate in found} <= {"data", "model"}
    assert not {gate for gate in found if gate.startswith(("drift", "contract"))} - {f"drift.{column.name}"}


def test_training_and_earlier_windows_are_both_compared_with(world):
    made, history = world
    texts = {}
    for name, kept in (("first", []), ("later", history)):
        results, _ = run_watches(made.watch(10, history=kept))
        texts[name] = next(result.message for result in results if result.gate == "predictions.scores")
    assert "against the training table" in texts["first"]
    assert "against earlier windows" in texts["later"]


def change_windows(history: Any, champion: str, **predictions: Any) -> list[Any]:
    """Return kept windows of this champion, with other counts of predictions."""
    found = []
    for window in history:
        counted = {**window["statistics"]["predictions"], "model": champion, **predictions}
        found.append({**window, "statistics": {**window["statistics"], "champion": champion, "predictions": counted}})
    return found


def test_windows_of_an_earlier_champion_are_not_compared_with(world):
    made, history = world
    results, _ = run_watches(made.watch(10, history=change_windows(history, "learned:1")))
    found = {result.gate: result for result in results}
    assert "against the training table" in found["predictions.scores"].message
    assert "in the training table" in found["reviews"].message
    assert {found["slow drift"].status, found["overrides"].status} == {"inconclusive"}


def test_windows_before_another_training_table_are_compared_with_but_for_their_scores(world):
    """After `data`, scores are counted between other values; the champion and its reviews are the same."""
    made, history = world
    results, _ = run_watches(made.watch(10, history=change_windows(history, made.champion.label, cuts=[0.5])))
    found = {result.gate: result for result in results}
    assert "against the training table" in found["predictions.scores"].message
    assert "in earlier windows" in found["reviews"].message
    assert {found["slow drift"].status, found["overrides"].status} == {"pass"}


def test_rules_as_champion_are_watched_without_probabilities():
    made = World("usual", is_learned=False)
    results, _ = run_watches(made.watch(10, history=made.keep(2)))
    found = {result.gate: result.status for result in results}
    assert "fail" not in found.values()
    assert found["calibration"] == found["expected cost"] == "inconclusive"


def test_no_decision_is_inconclusive_and_no_error(world):
    made, _ = world
    watched = made.watch(10)
    none = watched.decisions.take(np.array([], dtype=int))
    results, statistics = run_watches(replace(watched, decisions=none, labelled=none, times=("", "")))
    assert exit_code(results) == 0
    assert render(watched, results, statistics, ask_retraining([], [], made.plan.monitor))


def test_too_few_decisions_are_a_fault_when_that_lasts(world):
    made, _ = world
    watched = made.watch(10)
    few = watched.decisions.take(np.arange(20))
    long_ago = (NOW - timedelta(days=30)).isoformat()
    assert failed(replace(watched, decisions=few, times=(long_ago, watched.times[1]))) == {"traffic"}
    assert failed(replace(watched, decisions=few, times=(watched.times[1], watched.times[1]))) == set()


@pytest.mark.parametrize(("gates", "code"), [
    ([], 0), (["drift.x"], 1), (["contract.x", "joint"], 1), (["cost.rules", "drift.x"], 3), (["gap.a.b"], 3),
    (["skew.m:1", "cost.rules", "drift.x"], 4), (["latency"], 4), (["expected cost", "reviews"], 3),
])  # fmt: skip
def test_exit_code_is_that_of_the_most_severe_fault(gates, code):
    passed = GateResult("latency", "pass", ""), GateResult("memory", "inconclusive", "")
    assert exit_code([*passed, *(GateResult(gate, "fail", "") for gate in gates)]) == code


@pytest.mark.parametrize(("violated", "latest", "wanted"), [
    ([1, 1, 1], True, True), ([1, 1, 0, 0, 1], True, True), ([1, 1, 1, 0, 0], False, False),
    ([0, 0, 0, 0, 1], True, False), ([1, 1, 1, 0, 0, 0, 1], True, False), ([], True, False),
])  # fmt: skip
def test_retraining_is_asked_for_at_three_of_five_windows_and_the_latest(world, violated, latest, wanted):
    history = [{"results": {"violations": ["drift.x"] * each}} for each in violated]
    found = ask_retraining(history, ["drift.x"] * latest, world[0].plan.monitor)
    assert found["wanted"] is wanted
