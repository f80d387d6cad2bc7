"""Rows that belong together share a fold in every assignment, and an assignment stays when rows are added."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier
from worlds import LEARNED, PROBLEM, add_keys, draw_table, make_plan

from {{ cookiecutter.__package }}.model.assignments import MAX_FITTED, assign_folds, find_units
from {{ cookiecutter.__package }}.model.evaluate import cross_evaluate, metrics, split_columns
from {{ cookiecutter.__package }}.model.gates.table import copies_gate

PLAN = make_plan(gates={"assignments": 4})


def assignments(rows):
    return np.array([rows.folds, *rows.repeats])


def count_folds(rows):
    """Return the largest number of folds that rows of one unit are in, in any assignment."""
    return max(pd.Series(folds).groupby(rows.units).nunique().max() for folds in assignments(rows))


def test_every_assignment_differs_and_holds_every_fold():
    found = assignments(split_columns(draw_table(300), PROBLEM, PLAN))
    assert found.shape == (4, 300)
    assert all(set(folds) == set(range(5)) for folds in found)
    agreement = [np.mean(one == other) for place, one in enumerate(found) for other in found[:place]]
    assert max(agreement) < 0.35


def test_rows_of_one_subject_share_a_fold_in_every_assignment():
    table = draw_table(300)
    table["_subject"] = [f"person {row // 3}" if row < 150 else None for row in range(300)]
    rows = split_columns(table, PROBLEM, PLAN)
    assert len(set(rows.units)) == 50 + 150
    assert count_folds(rows) == 1


def test_rows_of_one_group_of_the_plan_share_a_fold_in_every_assignment():
    table = draw_table(300).assign(household=np.arange(300) // 2)
    rows = split_columns(table, PROBLEM, make_plan(gates={"assignments": 4}, data={"group": "household"}))
    assert (len(set(rows.units)), count_folds(rows)) == (150, 1)


def test_copies_under_new_keys_share_a_fold_in_every_assignment():
    table = draw_table(200)
    rows = split_columns(pd.concat([table, add_keys(table, "copy")], ignore_index=True), PROBLEM, PLAN)
    assert (len(set(rows.units)), rows.copied, count_folds(rows)) == (200, 0.5, 1)
    assert (rows.units[:200] == rows.units[200:]).all()


def test_subjects_with_a_copy_in_common_are_one_unit():
    """The row of a is a copy of one of b's, and another row of b is a copy of the row of c."""
    subjects = pd.Series(["a", "b", "b", "c", "d"])
    features = pd.DataFrame({"one": [1.5, 1.5, 2.5, 2.5, 3.5], "other": [0.1, 0.1, 0.2, 0.2, 0.3]})
    many = pd.DataFrame(np.random.default_rng(0).random((500, 2)), columns=["one", "other"])
    features = pd.concat([features, many], ignore_index=True)
    subjects = pd.concat([subjects, pd.Series([f"{place}" for place in range(500)])], ignore_index=True)
    # few enough of equal rows that they are no chance
    features["third"] = features["one"] * 7 % 1
    features["fourth"] = features["one"] * 11 % 1
    units, copied = find_units(subjects, features)
    assert len(set(units[:4])) == 1
    assert len(set(units)) == 502
    assert copied == pytest.approx(2 / 505)


def test_equal_rows_of_few_categories_are_no_copies():
    table = draw_table(300).assign(load=0.5, noise=0.0)
    rows = split_columns(table, PROBLEM, PLAN)
    assert (len(set(rows.units)), rows.copied) == (300, 0.0)
    assert copies_gate(rows, PLAN).status == "pass"


@pytest.mark.parametrize("added", [1, 300])
def test_assignment_of_a_row_stays_when_rows_are_added(added):
    table, more = draw_table(300), draw_table(added, seed=1, name="new")
    before = assignments(split_columns(table, PROBLEM, PLAN))
    after = assignments(split_columns(pd.concat([table, more], ignore_index=True), PROBLEM, PLAN))
    assert (after[:, :300] == before).all()


def test_large_tables_get_fewer_assignments():
    counts = {}
    for rows in (1000, MAX_FITTED // 3, MAX_FITTED, 3 * MAX_FITTED):
        names, order = pd.Series(np.arange(rows).astype(str)), np.arange(rows)
        counts[rows] = len(assign_folds(order % 5, order, names, number=5))
    assert list(counts.values()) == [5, 3, 1, 1]


def test_folds_of_a_table_with_times_are_consecutive_blocks():
    rng = np.random.default_rng(0)
    time = pd.Series(rng.permutation(200))
    first = time.to_numpy() // 40
    found = assign_folds(first, np.arange(200), time.astype(str), number=4, time=time)
    starts = set()
    for folds in found:
        ordered = folds[np.argsort(time.to_numpy())]
        changes = np.flatnonzero(np.diff(ordered)) + 1
        assert len(changes) <= 5  # five blocks, of which the last may go on at the beginning
        starts.add(int(changes[0]))
    assert (found[0] == first).all()
    assert len(starts) == 4


def test_rows_of_one_subject_share_a_fold_of_a_table_with_times():
    time = pd.Series(np.random.default_rng(0).permutation(200))
    units = np.arange(200) // 4
    for folds in assign_folds(time.to_numpy() // 40, units, time.astype(str), number=4, time=time):
        assert len({*zip(units, folds, strict=True)}) == len({*units})


def test_sabotage_memorising_tree_gains_nothing_from_copies_under_new_keys():
    """Without shared folds, an unpruned tree finds a copy of every row among those it is fitted to."""
    table, plan = draw_table(300), make_plan(gates={"assignments": 2})
    doubled = pd.concat([table, add_keys(table, "copy")], ignore_index=True)
    tree = type(LEARNED)([*LEARNED.steps[:-1], ("model", DecisionTreeClassifier(random_state=0))])
    rows = {name: split_columns(one, PROBLEM, plan) for name, one in (("plain", table), ("doubled", doubled))}
    costs = {name: metrics(cross_evaluate(tree, one, PROBLEM), PROBLEM)["cost"] for name, one in rows.items()}
    assert costs["plain"] > 0.15
    assert costs["doubled"] == pytest.approx(costs["plain"], abs=0.05)
    assert copies_gate(rows["plain"], plan).status == "pass"
    result = copies_gate(rows["doubled"], plan)
    assert (result.status, result.blocks) == ("inconclusive", True)
    assert 'add "copies" to gates.confirmed' in result.message
    confirmed = make_plan(gates={"confirmed": ["copies"]})
    assert copies_gate(rows["doubled"], confirmed).status == "pass"
