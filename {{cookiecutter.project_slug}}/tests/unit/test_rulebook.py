"""Rules are a model like any other, and the first one that fits answers."""

import numpy as np
import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.model.rulebook import COMPARISONS, RuleBook
from {{ cookiecutter.__package }}.schema import columns

NUMBER = next(c for c in columns(contract.Features) if c.seen_by_models and c.kind in {"number", "integer"})
PROTECTED = next(c for c in columns(contract.Features) if c.protected)
SAYS = RuleBook().otherwise


def rule(column=NUMBER.name, comparison=">", value=0.0, says=SAYS):
    return (column, comparison, value, says, "because")


def test_the_first_rule_that_fits_answers():
    book = RuleBook([rule(value=5), (*rule(value=2)[:4], "later")], SAYS).fit()
    assert book.reasons({NUMBER.name: [6, 3, 1]}) == ["because", "later", "no rule fits"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rule(comparison="=~"), "unknown comparison"),
        (rule(column="luck"), "luck is not a column that models see"),
        (rule(column=PROTECTED.name, comparison="==", value="x"), f"{PROTECTED.name} is not a column that models see"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        RuleBook([wrong], SAYS).fit()


def test_what_a_rule_says_has_to_be_possible():
    impossible = np.multiply(SAYS, -1).tolist()
    with pytest.raises(ValueError, match=r"rules\.py: .* between|rules\.py: .* bounds"):
        RuleBook([rule(says=impossible)], SAYS).fit()


def test_the_rules_at_hand_answer_every_comparison(features):
    book = RuleBook().fit()
    assert {comparison for _, comparison, *_ in book.rules} <= set(COMPARISONS)
    said = book.reasons({name: [value] for name, value in features.items()})
    assert len(said) == 1
