"""Which of two models answers follows from the rollout and the subject alone."""

import itertools

import numpy as np

from {{ cookiecutter.__package }}.product.arms import choose_challenger, position

ROWS = [{"the subject": f"s{place}"} for place in range(4000)]
IDS = [f"d{place}" for place in range(4000)]


def test_positions_are_uniform():
    found = np.sort([position("rollout", f"s{place}") for place in range(4000)])
    distance = np.abs(found - np.arange(1, 4001) / 4000).max()
    assert distance < 1.63 / np.sqrt(4000)  # Kolmogorov-Smirnov at 1 %


def test_subject_stays_with_the_challenger_as_the_share_grows():
    chosen = [choose_challenger("r", share, ROWS, IDS) for share in (0, 0.02, 0.1, 0.75, 1)]
    for smaller, larger in itertools.pairwise(chosen):
        assert all(after for before, after in zip(smaller, larger, strict=True) if before)
    assert not any(chosen[0])
    assert all(chosen[-1])


def test_subject_is_on_one_arm_whatever_the_decision_and_its_place():
    same = [{"the subject": "s7"}] * 50
    assert len(set(choose_challenger("r", 0.5, same, IDS[:50]))) == 1


def test_without_a_subject_the_decision_decides():
    share = np.mean(choose_challenger("r", 0.3, [{}] * 4000, IDS))
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 4000)


def test_another_rollout_draws_other_subjects():
    one, other = (np.array(choose_challenger(rollout, 0.5, ROWS, IDS)) for rollout in ("a", "b"))
    assert abs(np.mean(one == other) - 0.5) < 0.05
