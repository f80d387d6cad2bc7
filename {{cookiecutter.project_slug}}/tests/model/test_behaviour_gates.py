"""What a model has to do before it serves: each fault in its behaviour turns one gate red."""

import numpy as np
import pytest
from problems import SHAPES
from sklearn.base import BaseEstimator
from training import training_table

from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.gates import behaviour
from {{ cookiecutter.__package }}.model.gates.behaviour import behaviour_gates, find_limits

USUAL = SHAPES["usual"].problem()


@pytest.fixture(scope="module")
def rows():
    return split_columns(training_table("usual"), USUAL)


@pytest.fixture(scope="module")
def fitted(rows):
    return fit(USUAL.candidates()["learned"], rows)


class Changed(BaseEstimator):
    """A model whose probabilities, or whose rows before it sees them, are changed."""

    def __init__(self, model, change):
        self.model = model
        self.change = change

    def predict_proba(self, X):  # noqa: N803
        return self.change(self.model.predict_proba(X), X)


@pytest.fixture
def unstored(monkeypatch):
    """Let models stay as they are: those of these tests are not trusted."""
    kept = {}
    monkeypatch.setattr(behaviour, "dump_model", lambda model: kept.setdefault(b"x", model) and b"x")
    monkeypatch.setattr(behaviour, "load_model", lambda content, _: kept[content])


def failures(model, rows, problem=USUAL):
    return [result.gate for result in behaviour_gates(model, rows, problem) if result.status != "pass"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "wide" else []) for name in SHAPES]
)
def test_candidate_of_any_kind_behaves(name):
    problem = SHAPES[name].problem()
    rows = split_columns(training_table(name), problem)
    assert failures(fit(problem.candidates()["learned"], rows), rows, problem) == []
    assert failures(problem.rules.fit(), rows, problem) == []


def test_limits_are_those_of_the_contract():
    limits = find_limits(USUAL)
    assert limits["every lowest value"] == {
        "risk": 0.0,
        "grade": 1,
        "insured": "no",
        "income": 0.0,
        "remark": limits["the example"]["remark"],
    }
    assert limits["every highest value"]["insured"] == "yes"
    assert limits["every highest value"]["income"] == 1e9
    assert limits["nothing but what is required"]["income"] is None


def test_sabotage_model_without_an_answer_at_a_limit(fitted, rows, unstored):
    def lose(probabilities, features):
        return np.where((np.asarray(features["grade"], dtype=float) >= 6)[:, None], np.nan, probabilities)

    kept = rows.features["grade"] < 6
    few = split_columns(training_table("usual")[kept.to_numpy()].reset_index(drop=True), USUAL)
    assert failures(Changed(fitted, lose), few) == ["behaviour.limits"]
    [first, *_] = behaviour_gates(Changed(fitted, lose), few, USUAL)
    assert first.message.startswith("behaviour: every highest value: the model gave a number that is not a finite")


def test_sabotage_model_that_is_another_one_after_it_was_stored(fitted, rows, monkeypatch):
    monkeypatch.setattr(behaviour, "load_model", lambda *_: RuleModel([], 0.5).fit())
    assert failures(fitted, rows) == ["behaviour.stored"]


def test_sabotage_model_that_looks_at_the_other_rows(fitted, rows, unstored):
    def centre(probabilities, _):
        yes = np.clip(probabilities[:, 1] * 0.5 / max(probabilities[:, 1].mean(), 1e-9), 0, 1)
        return np.stack([1 - yes, yes], axis=1)

    # its scores fall as well, because the mean of a raised column is larger
    assert "behaviour.alone" in failures(Changed(fitted, centre), rows)
    assert "behaviour.stored" not in failures(Changed(fitted, centre), rows)


def test_sabotage_model_that_falls_where_a_column_rises(rows):
    inverted = split_columns(training_table("usual").assign(refused=["yes", "no"] * 200), USUAL)
    inverted.truth[:] = 1 - rows.truth
    assert failures(fit(USUAL.candidates()["learned"], inverted), rows) == ["behaviour.rising.risk"]


def test_candidate_that_misbehaves_is_not_registered(workspace, run_command, monkeypatch):
    import problems

    workspace.edit_plan("[groups.limits]\nfalse_positive_rate = 0.5", "")
    free = "[slices]\nmax_cost_increase = 1e9\n[gates]\nmax_calibration_error = 1.0\nmax_log_odds_shift = 1e9\n"
    workspace.edit_plan("[gates]\n", free)
    # the answers are the same, so that it costs as little as the level one
    falling = RuleModel([("risk", ">", 1.5, 0.17, "a high risk")], 0.5)
    monkeypatch.setattr(problems, "candidates", lambda *_: {"falling": falling, "level": RuleModel([], 0.5)})
    code, out, _ = run_command(workspace, "train")
    assert "falling, fitted to all rows refused\n" in out
    assert "FAIL  behaviour: of 200 rows, " in out
    assert "have a lower score where risk is larger\n" in out
    assert code == 0
    assert workspace.project.registry.load("challenger").name == "level"
