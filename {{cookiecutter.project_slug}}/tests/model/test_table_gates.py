"""Labels that contradict the champion, or those that it was trained on, wait for a person who confirms them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import PROBLEM, WORLD, draw_table, find_reference, make_champion, make_plan, split

from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.model.evaluate import Rows
from {{ cookiecutter.__package }}.model.gates.table import describe_labels, labels_gate, table_gates
from {{ cookiecutter.__package }}.model.reference import Reference

PLAN = make_plan()
CHAMPIONS = ["rules", "learned"]
OTHER = {"no": "yes", "yes": "no"}


@pytest.fixture(params=CHAMPIONS)
def registry(request):
    """Return no champion but the rules, or one that was trained on earlier rows."""
    return make_registry(request.param)


def make_registry(kind):
    if kind == "rules":
        return None
    old = split(draw_table(800, seed=9, name="old"))
    return make_champion(old, labels=json.dumps(describe_labels(old, PROBLEM, PLAN)))


def run_gate(table, registry=None, **settings):
    """Return the result of each gate of the table, by name."""
    rows = split(table)
    found = table_gates(rows, find_reference(rows, registry), PROBLEM, make_plan(gates=settings))
    return {result.gate: result for result in found}


def invert(table, members):
    return table.assign(late=table["late"].where(~members, table["late"].map(OTHER)))


def statuses(results):
    return {name: result.status for name, result in results.items()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_honest_table_passes(registry, seed):
    found = run_gate(draw_table(800, seed), registry)
    assert statuses(found) == {"answers": "pass", "copies": "pass", "labels": "pass"}
    assert "they agree with the champion and with those it was trained on" in found["labels"].message


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_sabotage_inverted_labels_of_the_whole_table_wait_for_a_confirmation(registry, seed):
    table = draw_table(800, seed)
    table = invert(table, pd.Series(data=True, index=table.index))
    found = run_gate(table, registry)
    assert statuses(found) == {"answers": "pass", "copies": "pass", "labels": "inconclusive"}
    assert found["labels"].blocks
    assert "late yes in all rows is ranked worse than by chance by the champion (0." in found["labels"].message
    assert 'add "labels" to gates.confirmed' in found["labels"].message
    assert run_gate(table, registry, confirmed=["labels"])["labels"].status == "pass"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_sabotage_inverted_labels_of_one_group_wait_for_a_confirmation(registry, seed):
    table = draw_table(800, seed)
    found = run_gate(invert(table, table["part"] == "y"), registry)
    assert statuses(found) == {"answers": "pass", "copies": "pass", "labels": "inconclusive"}
    assert "in part y is ranked worse than by chance" in found["labels"].message
    assert "in part x" not in found["labels"].message


def test_sabotage_base_rate_far_from_the_champion_waits_for_a_confirmation():
    """Most of one answer is missing, as after a wrong filter, and the order of the rest is right."""
    table, registry = draw_table(1200), make_registry("learned")
    is_kept = (table["late"] == "no") | (np.arange(1200) % 5 == 0)
    found = run_gate(table[is_kept], registry)
    assert statuses(found) == {"answers": "pass", "copies": "pass", "labels": "inconclusive"}
    assert "differ by 0." in found["labels"].message
    assert "worse than by chance" not in found["labels"].message
    assert run_gate(table[is_kept], registry, max_label_shift=0.6)["labels"].status == "pass"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_moderate_change_of_the_world_passes(registry, seed):
    """One category of 12 % of the rows is late without exception."""
    table = draw_table(800, seed)
    is_changed = (table["kind"] == "q") & (np.random.default_rng(seed).random(800) < 0.6)
    assert 0.08 < is_changed.mean() < 0.16
    found = run_gate(table.assign(late=table["late"].mask(is_changed, "yes")), registry)
    assert set(statuses(found).values()) == {"pass"}


def test_sabotage_four_yes_among_many_rows_are_too_few():
    table = draw_table(2099).assign(late="no")
    table.loc[[3, 700, 1401, 2000], "late"] = "yes"
    found = run_gate(table)
    assert (found["answers"].status, found["answers"].blocks) == ("inconclusive", True)
    message = "answers: late is yes in 4 of 2099 rows; 20 are needed (gates.minimum_answers)"
    assert found["answers"].message == message
    assert found["copies"].status == "pass"
    assert run_gate(table, minimum_answers=4)["answers"].status == "pass"


NUMBER = replace(
    WORLD,
    features={name: WORLD.features[name] for name in ("load", "part")},
    label=("amount", float),
    rules=[("load", ">", 0.5, 80.0, "a high load")],
    otherwise=30.0,
    plan=WORLD.plan.replace("false_negative = 1\nfalse_positive = 1", "too_low = 1\ntoo_high = 1"),
)


@pytest.mark.parametrize(("factor", "added", "status"), [(1, 0, "pass"), (1, 60, "inconclusive"), (-1, 100, "fault")])
def test_labels_that_are_numbers_are_compared_by_their_median(factor, added, status):
    """Added to each is a shift; a negative factor reverses their order around the same median."""
    problem, rng = NUMBER.problem(), np.random.default_rng(0)
    load = rng.random(500)
    old, new = 100 * load, factor * 100 * load + added
    features = pd.DataFrame({"load": load, "part": "x"})
    before, after = (Rows(features, features[["part"]], truth, np.arange(500) % 5) for truth in (old, new))
    recipe = evaluate(problem.objective, new, np.where(load > 0.5, 80.0, 30.0))
    tags = {"labels": json.dumps(describe_labels(before, problem, NUMBER.parsed_plan))}
    champion = Reference("old", recipe, recipe, np.zeros(500, dtype=bool), "", tags)
    found = {result.gate: result for result in table_gates(after, champion, problem, NUMBER.parsed_plan)}
    assert set(found) == {"copies", "labels"}
    assert found["copies"].status == "pass"
    assert found["labels"].status == ("pass" if status == "pass" else "inconclusive")
    if status != "pass":
        words = {"inconclusive": "the labels of all rows differ by 0.", "fault": "is ranked worse than by chance"}
        assert words[status] in found["labels"].message


def make_rows(truth, **groups):
    place = np.arange(len(truth))
    return Rows(pd.DataFrame({"load": place / len(truth)}), pd.DataFrame(groups, index=place), truth, place)


def make_reference(truth, tags=""):
    recipe = evaluate(PROBLEM.objective, truth, np.tile([0.7, 0.3], (len(truth), 1)))
    return Reference("rules", recipe, recipe, np.zeros(len(truth), dtype=bool), "", {"labels": tags} if tags else {})


@pytest.mark.parametrize(
    "groups",
    [{}, {"part": ["x"] * 120}, {"part": [f"g{place}" for place in range(120)]}, {"part": ["x", *["y"] * 119]}],
    ids=["no protected column", "one group", "groups of one row", "a group of one row"],
)
@pytest.mark.parametrize("answer", [0, 1])
def test_constant_labels_in_any_groups_are_one_clear_line(groups, answer):
    truth = np.full(120, answer)
    rows = make_rows(truth, **groups)
    found = {result.gate: result for result in table_gates(rows, make_reference(truth), PROBLEM, PLAN)}
    assert statuses(found) == {"answers": "inconclusive", "copies": "pass", "labels": "pass"}
    assert f"late is {['yes', 'no'][answer]} in 0 of 120 rows; 20 are needed" in found["answers"].message
    assert all("\n" not in result.message for result in found.values())


def test_groups_that_the_champion_did_not_know_are_compared_by_nothing():
    truth = np.arange(200) % 2
    tags = json.dumps({"all rows": {"no": 0.5, "yes": 0.5}, "part gone": {"no": 0.0, "yes": 1.0}})
    rows = make_rows(truth, part=["new"] * 200)
    result = labels_gate(rows, make_reference(truth, tags), PROBLEM, PLAN)
    assert (result.status, result.evidence["shifts"]) == ("pass", {"all rows": 0.0})


def test_answers_that_never_occur_are_counted():
    truth = np.zeros(30, dtype=int)
    result = next(table_gates(make_rows(truth), make_reference(truth), PROBLEM, PLAN))
    assert result.evidence == {"rows": {"no": 30, "yes": 0}, "needed": 20}
