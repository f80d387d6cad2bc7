"""Rules are a model like any other, and the first one that fits answers."""

import re

import numpy as np
import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.model.rulebook import COMPARISONS, RuleBook
from {{ cookiecutter.__package }}.schema import columns

NUMBER = next(c for c in columns(contract.Features) if c.seen_by_models and c.kind in {"number", "integer"})
CHOICE = next(c for c in columns(contract.Features) if c.seen_by_models and c.categories)
NO, YES = CHOICE.categories[0], CHOICE.categories[-1]
PROTECTED = next(c for c in columns(contract.Features) if c.protected)
SAYS = RuleBook().otherwise


def rule(column=NUMBER.name, comparison=">", value=0.0, says=SAYS):
    return (column, comparison, value, says, "because")


def choice(comparison="==", value=YES):
    return rule(CHOICE.name, comparison, value)


def test_the_first_rule_that_fits_answers():
    book = RuleBook([rule(value=5), (*rule(value=2)[:4], "later")], SAYS).fit()
    assert book.reasons({NUMBER.name: [6, 3, 1]}) == ["because", "later", "no rule fits"]


WRONG = {
    "a part missing": (rule()[:4], "has not the 5 parts"),
    "no tuple": ("luck", "'luck' has not the 5 parts"),
    "an unknown column": (rule(column="luck"), "luck is not a column that models see; use one of"),
    "a protected column": (rule(column=PROTECTED.name), f"{PROTECTED.name} is not a column that models see"),
    "an unknown comparison": (rule(comparison="=~"), f"{NUMBER.name} cannot be compared by '=~'; use one of ==, !=, >"),
    "a number in quotes": (rule(value="0.5"), f"{NUMBER.name} is compared with '0.5'; use a number, without quotes"),
    "a truth for a number": (rule(value=True), f"{NUMBER.name} is compared with True"),
    "no number": (rule(value=float("nan")), f"{NUMBER.name} is compared with nan"),
    "another spelling": (choice(value=YES.upper()), f"{CHOICE.name} is compared with '{YES.upper()}'; use one of "),
    "a number for a category": (choice(value=1), f"{CHOICE.name} is compared with 1; use one of "),
    "an order of categories": (choice(comparison=">"), f"{CHOICE.name} cannot be compared by '>'; use one of ==, !="),
    "no reason": ((*rule()[:4], ""), "the reason is ''; write a text"),
    "a reason that is none": ((*rule()[:4], 0.9), "the reason is 0.9; write a text"),
    "an impossible answer": (rule(says=np.multiply(SAYS, -1).tolist()), "it says "),
    "an answer in quotes": (rule(says="0.5"), "it says '0.5'; use "),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_rule_that_cannot_be_used_is_named_by_its_place_with_what_would_do(fault):
    wrong, said = WRONG[fault]
    with pytest.raises(ValueError, match=r"^rules\.py, rule 2: .*" + re.escape(said)) as refusal:
        RuleBook([rule(), wrong, rule()], SAYS).fit()
    assert "\n" not in str(refusal.value)
    assert "rule 1" not in str(refusal.value)
    assert "rule 3" not in str(refusal.value)


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(ValueError, match=r"rule 1: .* not a column.*; rule 1: the reason.*; OTHERWISE: it says 'x'"):
        RuleBook([(*rule(column="luck")[:4], "")], "x").fit()


def test_probabilities_of_several_answers_add_up():
    if isinstance(SAYS, tuple):
        with pytest.raises(ValueError, match=r"OTHERWISE: .* a probability for each of"):
            RuleBook([], tuple(share / 2 for share in SAYS)).fit()
        with pytest.raises(ValueError, match=r"OTHERWISE: .* a probability for each of"):
            RuleBook([], SAYS[:1]).fit()


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_a_missing_value_fits_no_rule(comparison):
    book = RuleBook([rule(comparison=comparison, value=2)], SAYS).fit()
    assert book.reasons({NUMBER.name: [None, float("nan")]}) == ["no rule fits"] * 2
    assert "because" in book.reasons({NUMBER.name: [None, 1, 2, 3]})[1:]
    for equal in ("==", "!="):
        words = RuleBook([choice(comparison=equal)], SAYS).fit()
        assert words.reasons({CHOICE.name: [None, float("nan")]}) == ["no rule fits"] * 2
        assert words.reasons({CHOICE.name: [None, YES, NO]}).count("because") == 1


def test_a_wrong_rule_is_one_line_when_the_product_starts(command, monkeypatch):
    monkeypatch.setattr(RuleBook.__init__, "__defaults__", ([rule(), rule(value="0.5")], SAYS))
    code, out, error = command("run", "--prepare", "--port", "0")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"error: rules.py, rule 2: {NUMBER.name} is compared with '0.5'")


def test_the_rules_at_hand_answer_every_comparison(features):
    book = RuleBook().fit()
    assert {comparison for _, comparison, *_ in book.rules} <= set(COMPARISONS)
    said = book.reasons({name: [value] for name, value in features.items()})
    assert len(said) == 1
