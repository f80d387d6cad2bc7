"""Simulated people review, err and accept as often as they are asked to."""

import numpy as np
import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.operations.simulation.reviewers import Reviewers, agrees, make_mistake

MANY = 2000
TARGET = SHAPES["usual"].problem().target


def react(reviewers, *, blind=False, answer="no", truth="yes"):
    """Return the reactions to many decisions with a wrong answer."""
    rng = np.random.default_rng(0)
    decision = {"blind": blind, "answer": answer}
    return [reviewers.react(decision, truth, TARGET, rng) for _ in range(MANY)]


def share(reactions, reaction):
    return sum(each == reaction for each in reactions) / len(reactions)


def test_share_of_decisions_is_reviewed():
    assert share(react(Reviewers(0.25, 0, 0)), None) == pytest.approx(0.75, abs=0.03)


def test_wrong_answer_is_overridden_unless_it_is_accepted_without_thinking():
    reactions = react(Reviewers(1, 0, 0.4))
    assert share(reactions, {"verdict": "accept"}) == pytest.approx(0.4, abs=0.03)
    assert share(reactions, {"verdict": "override", "answer": "yes"}) == pytest.approx(0.6, abs=0.03)


def test_person_errs_as_often_as_asked():
    reactions = react(Reviewers(1, 0.1, 0), answer="yes")
    assert share(reactions, {"verdict": "override", "answer": "no"}) == pytest.approx(0.1, abs=0.02)
    assert share(reactions, {"verdict": "accept"}) == pytest.approx(0.9, abs=0.02)


def test_blind_review_is_a_persons_own_answer_whatever_the_bias():
    reactions = react(Reviewers(1, 0.2, 1), blind=True)
    assert share(reactions, {"verdict": "blind", "answer": "yes"}) == pytest.approx(0.8, abs=0.03)
    assert share(reactions, {"verdict": "blind", "answer": "no"}) == pytest.approx(0.2, abs=0.03)


def test_number_is_accepted_within_a_tenth():
    assert agrees(100.0, 109.0)
    assert not agrees(100.0, 111.0)
    assert agrees(0.0, 0.0)


@pytest.mark.parametrize("name", SHAPES)
def test_mistake_is_another_answer_that_the_label_can_have(name):
    problem, rng = SHAPES[name].problem(), np.random.default_rng(0)
    truth = problem.target.categories[0] if problem.target.categories else 20.0
    for _ in range(50):
        wrong = make_mistake(truth, problem.target, rng)
        assert wrong != truth
        problem.label.model_validate({problem.target.name: wrong})
