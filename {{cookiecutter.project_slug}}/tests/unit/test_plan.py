"""The plan refuses what it does not understand, and says all of it at once."""

import re

import pytest

from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.plan import load_plan

FAULTS = {
    "unknown key": ("folds = 5", "flods = 5", "data.flods: unknown key; the nearest known one is folds"),
    "unknown section": ("[speed]", "[sped]", "sped: unknown key; the nearest known one is speed"),
    "out of bounds": ("folds = 5", "folds = 1", "data.folds: Input should be greater than or equal to 2"),
    "a text for a number": ("folds = 5", 'folds = "5"', "data.folds: Input should be a valid integer"),
    "unknown rate": ("[groups.limits]", "[groups.limits]\nluck = 0.1", "luck: not a known rate; use one of"),
    "not TOML": ("[speed]", "[speed", "not valid TOML"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_place(workspace, fault):
    path = workspace.root / "plan.toml"
    text = path.read_text(encoding="utf-8")
    before, after, said = FAULTS[fault]
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(said)) as refusal:
        load_plan(path)
    assert "\n" not in str(refusal.value)


def test_all_faults_are_named_at_once(workspace):
    path = workspace.root / "plan.toml"
    text = path.read_text(encoding="utf-8").replace("folds = 5", "flods = 5").replace("seconds = 8", "seconds = 0")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"data\.folds.*data\.flods.*speed\.seconds|data\.flods.*speed\.seconds"):
        load_plan(path)


def test_a_missing_plan_says_where_to_look(tmp_path):
    with pytest.raises(UserError, match="no such file; run this in the project's folder"):
        load_plan(tmp_path / "plan.toml")


def test_a_folder_is_no_plan(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read: .*; it has to be a file"):
        load_plan(tmp_path)


def test_the_fingerprint_changes_with_a_decision(workspace):
    path = workspace.root / "plan.toml"
    before = workspace.plan.fingerprint
    assert workspace.plan.fingerprint == before
    path.write_text(path.read_text(encoding="utf-8").replace("folds = 5", "folds = 6"), encoding="utf-8")
    assert workspace.plan.fingerprint != before
