"""The first rules: few, readable, accepted by the rule model, and no worse than one answer for all."""

import dataclasses

import numpy as np
import pytest
from profiles import column

from {{ cookiecutter.__package }}.core.costs import Costs
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.rules import RuleModel, rule_errors
from {{ cookiecutter.__package }}.core.schema import Column
from {{ cookiecutter.__package }}.init.findings.arrays import take_rows
from {{ cookiecutter.__package }}.init.findings.wording import roundest
from {{ cookiecutter.__package }}.init.rules.propose import propose_rules

ROWS = 600
RNG = np.random.default_rng(3)
AGE = RNG.integers(17, 94, ROWS)
INCOME = np.round(RNG.gamma(2, 20_000, ROWS), 2)
COLOUR = RNG.choice(["red", "green", "blue"], ROWS)
INPUTS = [
    column("age", AGE, description="Age, years"),
    column("income", [None if i % 7 == 0 else value for i, value in enumerate(INCOME)], description="BMI"),
    column("favourite colour", COLOUR),
]
MISTAKES = Costs(false_negative=5.0, false_positive=1.0)
CONFUSION = Costs(confusion={a: {b: float(a != b) for b in ("high", "low", "mid")} for a in ("high", "low", "mid")})
UNITS = Costs(too_low=3.0, too_high=1.0)


def contract_columns(profiles):
    return [
        Column(p.field, p.kind, p.description, 1, low=p.low, high=p.high, categories=p.categories)
        for p in profiles
        if p.kind in ("number", "integer", "category")
    ]


def rows_of(profiles):
    numeric = ("number", "integer")
    return {p.field: [np.nan if v is None and p.kind in numeric else v for v in p.values.to_pylist()] for p in profiles}


def truth_of(kind, seed=0, noise=1.0):
    """Return answers of a kind that depend on age and colour, and their costs."""
    rng = np.random.default_rng(seed)
    signal = (AGE > 60) * 2 + (COLOUR == "red") + rng.normal(scale=noise, size=ROWS)
    if kind == "number":
        return column("cost", np.round(100 + 50 * signal, 1)), UNITS
    if kind == "two":
        return column("bought", np.where(signal > 1.5, "yes", "no")), MISTAKES
    return column("level", np.select([signal > 2, signal > 1], ["high", "mid"], "low")), CONFUSION


KINDS = ["two", "several", "number"]


@pytest.mark.parametrize("kind", KINDS)
def test_rules_find_what_the_answer_depends_on(kind):
    target, costs = truth_of(kind)
    rules, otherwise = propose_rules(INPUTS, target, costs=costs)
    assert 1 <= len(rules) <= 5
    assert {"age", "favourite_colour"} >= {rule[0] for rule in rules}
    assert rule_errors(rules, otherwise, contract_columns(INPUTS), contract_columns([target])[0]) == []
    assert rules[0][0] == "age"
    assert rules[0][2] in (60, 61, 62)


def test_reasons_say_the_condition_and_the_figures():
    target = column("bought", np.where(AGE >= 60, "yes", "no"))
    [(*first, reason)], otherwise = propose_rules(INPUTS, target, costs=MISTAKES)
    assert first == ["age", ">=", 60, 0.996]
    assert reason == f"age, years is 60 or more: yes in 100 % of {(AGE >= 60).sum()} rows"
    assert otherwise == 0.003
    bmi = column("bmi", INCOME, description="BMI")
    rules, _ = propose_rules([bmi], column("y", np.where(INCOME > 50_000, "yes", "no")), costs=MISTAKES)
    assert rules[0][4].startswith("BMI is over 50000: yes in ")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_better_than_one_answer_is_no_rule(kind):
    target, costs = truth_of(kind)
    shuffled = take_rows([target], np.random.default_rng(1).permutation(ROWS))[0]
    rules, otherwise = propose_rules(INPUTS, shuffled, costs=costs)
    assert rules == []
    assert rule_errors(rules, otherwise, contract_columns(INPUTS), contract_columns([target])[0]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_rules_cost_no_more_than_one_answer_on_other_rows(kind):
    target, costs = truth_of(kind)
    learned, others = np.flatnonzero(AGE % 3), np.flatnonzero(AGE % 3 == 0)
    rules, otherwise = propose_rules(take_rows(INPUTS, learned), take_rows([target], learned)[0], costs=costs)
    _, constant = propose_rules([], take_rows([target], learned)[0], costs=costs)
    asked, truth = rows_of(take_rows(INPUTS, others)), target.values.take(others).to_pylist()
    paid = [
        cost_of(RuleModel(*made).fit(), asked, truth, target, costs) for made in ((rules, otherwise), ([], constant))
    ]
    assert paid[0] < paid[1]


def cost_of(model, asked, truth, target, costs):
    if target.kind != "category":
        error = np.array(truth) - model.predict(asked)
        return np.where(error > 0, costs.too_low * error, -costs.too_high * error).mean()
    matrix = costs.matrix(target.categories)
    codes = [target.categories.index(answer) for answer in truth]
    return matrix[codes, (model.predict_proba(asked) @ matrix).argmin(axis=1)].mean()


@pytest.mark.parametrize("seed", range(12))
def test_rules_of_random_tables_are_accepted(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(20, 300))
    scale = 10.0 ** rng.integers(-6, 7)
    inputs = [
        column("a", rng.normal(size=rows) * scale),
        column("b", np.where(rng.random(rows) < 0.3, None, rng.integers(-5, 5, rows) * int(max(scale, 1)))),
        column("c", rng.choice(["", "it's", '"x"', "é"], rows)),
        column("d", [None] * rows),
        column("e", [f"text {i} of many" for i in range(rows)], kind="text"),
        column("f", np.arange(rows), kind="date"),
    ]
    signal = np.array([value or 0 for value in inputs[0].values.to_pylist()]) / scale
    target, costs = [
        (column("y", np.where(signal > 0, "yes", "no")), MISTAKES),
        (column("y", np.select([signal > 0.5, signal > 0], ["high", "mid"], "low")), CONFUSION),
        (column("y", signal * scale, low=-scale, high=scale), UNITS),
    ][seed % 3]
    rules, otherwise = propose_rules(inputs, target, costs=costs)
    usable = contract_columns(inputs)
    assert rule_errors(rules, otherwise, usable, contract_columns([target])[0]) == []
    assert len({rule[:3] for rule in rules}) == len(rules)


def test_rows_without_a_value_are_counted_as_the_rule_model_matches_them():
    income = [0 if i % 7 == 0 else value for i, value in enumerate(INCOME)]
    target = column("bought", np.where(np.array(income) > 50_000, "yes", "no"))
    rules, otherwise = propose_rules(INPUTS, target, costs=MISTAKES)
    reasons = RuleModel(rules, otherwise).fit().reasons(rows_of(INPUTS))
    assert rules[0][:2] == ("income", ">")
    assert [rule[4].endswith(f" of {reasons.count(rule[4])} rows") for rule in rules] == [True] * len(rules)


def test_rules_that_are_not_clearly_better_are_left_out():
    noise = [column(f"noise_{place}", RNG.normal(size=ROWS)) for place in range(6)]
    found = []
    for seed in range(3):
        chance = np.random.default_rng(seed).random(ROWS)
        target = column("bought", np.where(chance < np.where(AGE >= 60, 0.7, 0.1), "yes", "no"))
        rules, _ = propose_rules([*INPUTS, *noise], target, costs=MISTAKES)
        found += [rule[0] for rule in rules]
    assert found == ["age"] * 3


def test_predictions_stay_within_the_bounds_and_rows_without_an_answer_are_not_learned_from():
    target = column("y", [None if i % 2 else 1000.0 + i for i in range(ROWS)], high=1100.0)
    _, otherwise = propose_rules([], target, costs=UNITS)
    assert otherwise == 1100.0
    answers = column("y", [None if i % 2 else "no" if i % 8 else "yes" for i in range(ROWS)])
    _, otherwise = propose_rules([], answers, costs=MISTAKES)
    assert otherwise == 0.25


def test_numbers_are_rounded_by_how_much_they_differ():
    years = column("year", np.repeat(np.arange(1980, 1990), 60))
    _, otherwise = propose_rules([], years, costs=Costs(too_low=1.0, too_high=1.0))
    assert otherwise == 1984
    amounts = column("amount", np.arange(ROWS) * 100.37)
    _, otherwise = propose_rules([], amounts, costs=UNITS)
    assert otherwise == 45_000


def test_rounding_leaves_the_choice_as_it_is():
    answers = column("y", ["yes"] * 332 + ["no"] * 1668)
    _, otherwise = propose_rules([], answers, costs=MISTAKES)
    assert otherwise == 0.16, "rounded, it would be 0.17: over the threshold of 1 in 6"
    rare = column("y", ["yes"] * 6 + ["no"] * 1994)
    _, otherwise = propose_rules([], rare, costs=MISTAKES)
    assert otherwise == 0.003


def test_last_of_two_answers_is_the_one_predicted():
    target = dataclasses.replace(column("y", ["yes"] * 30 + ["no"] * 70), categories=("yes", "no"))
    _, otherwise = propose_rules([], target, costs=Costs(false_negative=1.0, false_positive=1.0))
    assert otherwise == 0.7


def test_costs_of_another_kind_of_answer_are_named():
    with pytest.raises(UserError, match="too_low and too_high"):
        propose_rules(INPUTS, truth_of("number")[0], costs=MISTAKES)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(58.3, 61.2, 60), (0.412, 0.437, 0.42), (-3.7, -1.2, -2), (-1, 1, 0), (1234, 1234.5, 1234), (0.3, 0.300001, 0.3)],
)
def test_thresholds_are_numbers_that_a_person_would_write(low, high, wanted):
    assert roundest(low, high) == wanted
