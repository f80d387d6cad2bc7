"""A model that ranks rows too well, or as well as one column alone, waits for a person who confirms it in the plan."""

import warnings

import numpy as np
import pandas as pd
import pytest
from worlds import PROBLEM, WORLD, draw_table, make_plan

from {{ cookiecutter.__package }}.core.objective import evaluate
from {{ cookiecutter.__package }}.model.concordance import measure_columns
from {{ cookiecutter.__package }}.model.evaluate import Rows, cross_evaluate, split_columns
from {{ cookiecutter.__package }}.model.gates.calibration import calibration_gate
from {{ cookiecutter.__package }}.model.gates.leak import leak_gate
from {{ cookiecutter.__package }}.model.gates.table import table_gates
from {{ cookiecutter.__package }}.model.reference import Reference

ROWS = 800
NUMBER = WORLD.__class__(
    features=dict([*WORLD.features.items()][:2]),
    label=("amount", float),
    rules=[("load", ">", 0.5, 80.0, "a high load")],
    otherwise=30.0,
    plan=WORLD.plan.replace("false_negative = 1\nfalse_positive = 1", "too_low = 1\ntoo_high = 1"),
)


def evaluate_model(table, problem=PROBLEM):
    rows = split_columns(table, problem)
    [model] = problem.candidates().values()
    return rows, cross_evaluate(model, rows, problem)


def run_gate(rows, candidate, problem=PROBLEM, **settings):
    return leak_gate(rows, candidate, problem, make_plan(gates=settings))


@pytest.fixture(scope="module")
def honest():
    return evaluate_model(draw_table(ROWS))


def leak_target(noise):
    """Return a table whose column `noise` is the answer, drawn anew for a share of the rows."""
    table, rng = draw_table(ROWS), np.random.default_rng(5)
    leaked = np.where(rng.random(ROWS) < noise, rng.random(ROWS) < 0.5, table["late"] == "yes")
    return table.assign(noise=leaked * 4.0 - 2 + rng.normal(0, 0.1, ROWS))


def test_honest_model_passes(honest):
    result = run_gate(*honest)
    assert result.status == "pass"
    assert "the area under the ROC curve is 0." in result.message


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_sabotage_leaked_target_waits_until_it_is_confirmed(noise):
    """Of the answers that are drawn anew, half are wrong."""
    rows, candidate = evaluate_model(leak_target(noise))
    result = run_gate(rows, candidate)
    assert (result.status, result.blocks) == ("inconclusive", True)
    assert ("noise alone ranks late yes at 1.000" in result.message) == (noise == 0)
    assert 'add "auc" to gates.confirmed' in result.message
    assert run_gate(rows, candidate, confirmed=["load"]).status == "inconclusive"
    assert run_gate(rows, candidate, confirmed=["noise"]).status == "inconclusive"
    assert run_gate(rows, candidate, confirmed=["noise", "auc"]).status == "pass"
    assert calibration_gate([candidate], PROBLEM.objective, make_plan()).status != "fail"
    reference = Reference("old", candidate, candidate, np.zeros(ROWS, dtype=bool), "", {})
    assert {one.status for one in table_gates(rows, reference, PROBLEM, make_plan())} == {"pass"}


def test_sabotage_leaked_target_of_which_a_tenth_is_wrong_is_named_until_it_is_confirmed():
    rows, candidate = evaluate_model(leak_target(0.2))
    result = run_gate(rows, candidate)
    assert (result.status, result.blocks) == ("inconclusive", True)
    assert "noise alone ranks late yes at 0.8" in result.message
    assert run_gate(rows, candidate, confirmed=["load"]).status == "inconclusive"
    assert run_gate(rows, candidate, confirmed=["noise"]).status == "pass"


def test_sabotage_target_in_two_columns_together_is_ranked_too_well_until_auc_is_confirmed():
    """Neither column alone tells the answer, and their sum does."""
    table, rng = draw_table(ROWS), np.random.default_rng(5)
    load = rng.random(ROWS)
    table = table.assign(load=load, noise=20 * load + 8 * (table["late"] == "yes") - 14)
    rows, candidate = evaluate_model(table)
    result = run_gate(rows, candidate)
    assert result.status == "inconclusive"
    assert 'is ranked too well to be true; add "auc" to gates.confirmed if it is' in result.message
    assert run_gate(rows, candidate, confirmed=["auc"]).status == "pass"
    assert run_gate(rows, candidate, max_auc=1.0).status == "pass"


def draw_numbers(leak):
    rng = np.random.default_rng(3)
    load = rng.random(ROWS)
    amount = 100 * load + rng.normal(0, 25, ROWS) + 100
    table = pd.DataFrame({"load": load, "noise": rng.normal(0, 1, ROWS), "amount": amount})
    if leak:
        table["noise"] = np.log(amount.clip(1)) / 2
    return table.assign(_fold=np.arange(ROWS) % 5)


def test_sabotage_function_of_a_number_waits_until_it_is_confirmed():
    problem, plan = NUMBER.problem(), NUMBER.parsed_plan
    rows, candidate = evaluate_model(draw_numbers(leak=True), problem)
    result = leak_gate(rows, candidate, problem, plan)
    assert result.status == "inconclusive"
    assert "noise alone ranks amount at 1.000" in result.message
    assert "leak: the concordance is" in result.message
    confirmed = plan.model_copy(update={"gates": plan.gates.model_copy(update={"confirmed": ("noise", "auc")})})
    assert leak_gate(rows, candidate, problem, confirmed).status == "pass"
    honest = evaluate_model(draw_numbers(leak=False), problem)
    assert leak_gate(*honest, problem, plan).status == "pass"


@pytest.mark.parametrize("seed", range(5))
def test_rows_without_signal_pass(seed):
    table = draw_table(200, seed)
    table["late"] = np.random.default_rng(seed).permutation(table["late"])
    assert run_gate(*evaluate_model(table)).status == "pass"


def test_constant_labels_pass_and_say_zero():
    rows = Rows(pd.DataFrame({"load": [0.5] * 4}), pd.DataFrame(), np.zeros(4, dtype=int), np.arange(4) % 2)
    candidate = evaluate(PROBLEM.objective, rows.truth, np.tile([0.9, 0.1], (4, 1)))
    assert run_gate(rows, candidate).status == "pass"


def test_columns_of_every_kind_are_measured_without_a_warning(recwarn):
    truth, folds = np.tile([True, False], 50), np.arange(100) // 20
    features = pd.DataFrame(
        {
            "text": [f"text {place}" for place in range(100)],
            "constant": 1.0,
            "empty": pd.Series([None] * 100, dtype=object),
            "no numbers": np.nan,
            "one value": "a",
            "gaps": np.where(np.arange(100) % 3, np.arange(100), np.nan),
            "answer": np.where(truth, "late", "early"),
        }
    )
    warnings.simplefilter("always")
    found = dict(measure_columns(features, truth, folds))
    assert not recwarn.list
    assert set(found) == set(features)
    assert found["answer"] == 1.0
    assert max(value for name, value in found.items() if name != "answer") < 0.65
