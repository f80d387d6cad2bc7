"""Agreement of labellers, against figures that were published or calculated by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.core.plan import Labelling
from {{ cookiecutter.__package }}.data.agreement import (
    MINIMUM_CASES,
    check_agreement,
    cohen_kappa,
    describe_distance,
    leave_out,
    sum_labels,
)

TARGET, PLAN = USUAL.problem().target, USUAL.parsed_plan
NUMBER = SHAPES["wide"].problem().target
# four observers and twelve units, with gaps: Krippendorff (2011), page 2
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [
    {f"observer {who}": value for who, value in enumerate(unit) if value is not None}
    for unit in zip(*OBSERVERS, strict=True)
]
SHARED = [unit for unit in UNITS if len(unit) > 1]


def alpha(units: Any, categories: Any = ()) -> float:
    return float(sum_labels(units, categories).alpha(np.ones((1, len(units))))[0])


def by_pairs(units: list[dict[str, Any]], distance: Any) -> float:
    """Return alpha as its definition has it: by the pairs within units, and those of all labels."""
    labels = [label for unit in units for label in unit.values()]
    within = sum(distance(*pair) / (len(unit) - 1) for unit in units for pair in permutations(unit.values(), 2))
    return 1 - within / (sum(distance(*pair) for pair in permutations(labels, 2)) / (len(labels) - 1))


def label_twice(rng: Any, cases: int, *, wrong: float = 0.05, constant: bool = False) -> list[dict[str, Any]]:
    """Return labels of two people, each wrong with a probability, or of one of them always the same."""
    truth = rng.integers(2, size=cases)
    seen = [truth ^ (rng.random(cases) < wrong) for _ in range(2)]
    if constant:
        seen[1] = np.zeros(cases, dtype=int)
    return [
        dict(zip(("anna", "ben"), (TARGET.categories[code] for code in pair), strict=True))
        for pair in zip(*seen, strict=True)
    ]


def test_alpha_of_krippendorffs_example_is_the_published_one() -> None:
    names = [{who: str(value) for who, value in unit.items()} for unit in SHARED]
    assert alpha(names, "12345") == pytest.approx(0.743, abs=5e-4)
    assert alpha(SHARED) == pytest.approx(0.849, abs=5e-4)


def test_alpha_is_that_of_the_definition_by_pairs() -> None:
    rng = np.random.default_rng(0)
    units = [{str(who): float(rng.normal(50, 9)) for who in range(rng.integers(2, 5))} for _ in range(30)]
    assert alpha(units) == pytest.approx(by_pairs(units, lambda one, other: (one - other) ** 2))
    names = [{who: "abc"[int(value) % 3] for who, value in unit.items()} for unit in units]
    assert alpha(names, "abc") == pytest.approx(by_pairs(names, lambda one, other: one != other))


def test_alpha_does_not_depend_on_the_unit_of_numbers() -> None:
    moved = [{who: 1e9 + 1e-3 * value for who, value in unit.items()} for unit in SHARED]
    assert alpha(moved) == pytest.approx(alpha(SHARED), abs=1e-3)


def test_kappa_is_that_of_a_table_calculated_by_hand() -> None:
    """Both yes 20, both no 15, yes and no 5, no and yes 10: 0.7 observed, 0.5 by chance, so 0.4."""
    table = {("yes", "yes"): 20, ("no", "no"): 15, ("yes", "no"): 5, ("no", "yes"): 10}
    labels = [dict(zip("ab", pair, strict=True)) for pair, count in table.items() for _ in range(count)]
    assert cohen_kappa(labels) == pytest.approx(0.4)
    assert cohen_kappa([*labels, {"a": "yes", "c": "no"}]) is None
    assert cohen_kappa([{"a": "no", "b": "no"}]) is None


def test_distance_is_that_of_one_labeller_and_the_others_or_of_all_pairs() -> None:
    labels = [{"a": "no", "b": "no", "c": "yes"}, {"a": "yes", "b": "yes"}]
    assert describe_distance(labels, TARGET) == "50% of pairs of labels are the same"
    assert describe_distance(labels, TARGET, "c") == "0% of pairs of labels are the same"
    assert describe_distance(labels, TARGET, "d") == "no case in common"
    assert describe_distance([{"a": 10.0, "b": 13.0}], NUMBER) == "pairs of labels are 3 apart on average"


def test_careful_labellers_pass() -> None:
    result = check_agreement(label_twice(np.random.default_rng(0), 200), TARGET, PLAN)
    assert result.status == "pass"
    assert result.evidence["low"] < result.evidence["alpha"] < result.evidence["high"]
    assert "another labeller would give much the same labels" in result.message


def test_sabotage_labeller_who_always_answers_the_same_fails() -> None:
    result = check_agreement(label_twice(np.random.default_rng(0), 60, constant=True), TARGET, PLAN)
    assert result.status == "fail"
    assert "below labelling.minimum_agreement = 0.667: these labels depend on who gives them; make" in result.message


def test_sabotage_numbers_drawn_by_chance_fail_and_close_ones_pass() -> None:
    rng, plan = np.random.default_rng(0), SHAPES["wide"].parsed_plan
    truth = rng.normal(100, 30, 80)
    pairs = {"pass": (truth, truth + rng.normal(0, 3, 80)), "fail": (truth, rng.permutation(truth))}
    for status, (one, other) in pairs.items():
        labels = [{"a": a, "b": b} for a, b in zip(one.tolist(), other.tolist(), strict=True)]
        result = check_agreement(labels, NUMBER, plan)
        assert (result.status, result.evidence["kappa"]) == (status, None)
        assert "apart on average" in result.message


def test_few_cases_and_labels_that_are_all_the_same_are_inconclusive() -> None:
    few = label_twice(np.random.default_rng(0), MINIMUM_CASES - 1, constant=True)
    assert check_agreement(few, TARGET, PLAN).status == "inconclusive"
    same = check_agreement([{"a": "no", "b": "no"}] * 50, TARGET, PLAN)
    assert (same.status, "all labels of 50 cases are the same" in same.message) == ("inconclusive", True)
    alone = check_agreement([{"a": "no"}] * 50, TARGET, PLAN)
    assert (alone.status, alone.message.startswith("0 cases have labels of two people")) == ("inconclusive", True)
    middling = check_agreement(label_twice(np.random.default_rng(1), 30, wrong=0.07), TARGET, PLAN)
    assert (middling.status, "too few cases to say whether it is 0.667" in middling.message) == ("inconclusive", True)


def test_limit_of_0_counts_labels_in_any_case() -> None:
    plan = PLAN.model_copy(update={"labelling": Labelling(minimum_agreement=0)})
    assert check_agreement(label_twice(np.random.default_rng(0), 60, constant=True), TARGET, plan).status == "pass"


def test_label_that_the_contract_has_no_more_is_a_label_of_its_own() -> None:
    labels = [{"a": "old", "b": "old"}, {"a": "no", "b": "yes"}] * 20
    assert check_agreement(labels, replace(TARGET), PLAN).status != "pass"


def test_labels_of_a_labeller_can_be_left_out() -> None:
    rows = [{"id": "1", "labels": {"a": "no", "b": "yes"}}, {"id": "2"}]
    assert [row["labels"] for row in leave_out(rows, ["b"])] == [{"a": "no"}, {}]


@pytest.mark.slow
def test_interval_covers_alpha_about_as_often_as_it_should() -> None:
    rng = np.random.default_rng(3)
    truth = alpha(label_twice(rng, 100_000, wrong=0.1), TARGET.categories)
    found = [check_agreement(label_twice(rng, 80, wrong=0.1), TARGET, PLAN).evidence for _ in range(300)]
    covered = np.mean([each["low"] <= truth <= each["high"] for each in found])
    assert 0.84 <= covered <= 0.95
