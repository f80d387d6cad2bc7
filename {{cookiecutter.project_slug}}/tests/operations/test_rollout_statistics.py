"""Simulated rollouts: how often an equal challenger is rolled back, and how often a worse one."""

import itertools
import math

import numpy as np
import pytest

from {{ cookiecutter.__package }}.core.plan import Rollout
from {{ cookiecutter.__package }}.operations.rollouts.guards import (
    check_alarm,
    check_cost,
    check_labelled_share,
)
from {{ cookiecutter.__package }}.operations.rollouts.observations import (
    Arm,
    Step,
    count,
    summarise,
)
from {{ cookiecutter.__package }}.operations.rollouts.sequential import (
    boundaries,
    paired_difference,
    pearson_tail,
    spend_alpha,
    stratified_difference,
    wealth,
    wilson_bounds,
)

PLAN, REPEATS, LABELS = Rollout(), 250, 1000
STEPS = [share for share in PLAN.steps if share < 1]


def observe(rng, number, share, rates, labelled=(1.0, 1.0)):
    """Return a step in which an error of either arm costs 1 and is overridden."""
    on_challenger = rng.random(LABELS) < share
    arms = []
    for arm, rate, share_known in zip((~on_challenger, on_challenger), rates, labelled, strict=True):
        errors = (rng.random(int(arm.sum())) < rate).astype(float)
        known = rng.random(len(errors)) < share_known
        units, costs = len(errors), summarise(errors[known])
        adverse = int(errors[known].sum())
        arms.append(Arm(units=units, decisions=units, adverse=adverse, labelled=int(known.sum()), costs=costs))
    return Step(number, share, *arms)


def roll_out(rng, champion, challenger):
    """Return the share at which the cost guard and the alarm roll back, or 1."""
    steps, looks, found = [], [], {"cost": 1.0, "alarm": 1.0}
    for place, share in enumerate(STEPS):
        steps.append(observe(rng, place + 1, share, (champion[place], challenger[place])))
        cost, alarm = check_cost(steps, PLAN.steps, looks, PLAN), check_alarm(steps, PLAN)
        looks += [cost.evidence] if "level" in cost.evidence else []
        for name, result in (("cost", cost), ("alarm", alarm)):
            found[name] = min(found[name], share) if result.status == "fail" else found[name]
    return found


def share_of_rollbacks(champion, challenger, until=1.0):
    rng = np.random.default_rng(7)
    found = [min(roll_out(rng, champion, challenger).values()) for _ in range(REPEATS)]
    return np.mean([share < 1 and share <= until for share in found])


@pytest.mark.slow
def test_equal_challenger_is_rarely_rolled_back():
    limit = 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / REPEATS)
    assert share_of_rollbacks([0.1] * 5, [0.1] * 5) <= limit


@pytest.mark.slow
def test_drift_of_both_arms_is_not_taken_for_harm():
    drifting = np.linspace(0.05, 0.2, 5)
    assert share_of_rollbacks(drifting, drifting) <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / REPEATS)


@pytest.mark.slow
@pytest.mark.parametrize(("harm", "until", "power"), [(0.1, 0.10, 0.93), (0.05, 0.25, 0.79)])
def test_harm_is_found_in_time(harm, until, power):
    found = share_of_rollbacks([0.1] * 5, [0.1 + harm] * 5, until)
    assert found >= power - 2.6 * np.sqrt(power * (1 - power) / REPEATS)


def test_pooled_rates_would_mistake_drift_for_harm():
    """The sabotage: without strata, both arms of a drifting world differ."""
    rng, drifting = np.random.default_rng(3), np.linspace(0.05, 0.2, 5)
    steps = [observe(rng, place, share, (drifting[place],) * 2) for place, share in enumerate(STEPS)]
    arms = [[getattr(step, arm).costs for step in steps] for arm in ("challenger", "champion")]
    pooled = [count(int(sum(each.total for each in arm)), sum(each.number for each in arm)) for arm in arms]
    assert stratified_difference([tuple(pooled)]).p_value < 1e-3


def test_nothing_is_decided_on_missing_labels():
    arm = Arm(units=500, decisions=500)
    result = check_cost([Step(3, 0.1, arm, arm)], PLAN.steps, [], PLAN)
    assert (result.status, result.evidence["labels"]) == ("inconclusive", 0)
    assert "0 units of the challenger have a label, 30 are needed" in result.message


def test_labels_that_arrive_late_in_one_arm_hold_the_rollout():
    rng = np.random.default_rng(5)
    late = [observe(rng, 1, 0.5, (0.1, 0.1), labelled=(0.8, 0.5))]
    equal = [observe(rng, 1, 0.5, (0.1, 0.1), labelled=(0.6, 0.6))]
    assert [check_labelled_share(steps, PLAN).status for steps in (late, equal)] == ["inconclusive", "pass"]


def test_evidence_of_an_equal_challenger_stays_low_at_any_moment():
    rng, exceeded = np.random.default_rng(1), 0
    for _ in range(300):
        hits = rng.random(400) < 0.1
        exceeded += any(wealth([(0.1, int(hits[:n].sum()), n)]) > 20 for n in range(10, 400, 10))
    assert exceeded <= 300 * 0.05


def test_boundaries_spend_what_they_were_given():
    rng, spent = np.random.default_rng(2), [spend_alpha(0.05, share) for share in (1 / 3, 2 / 3, 1)]
    information = [157.0, 344.0, 532.0]
    limits = boundaries(spent, information)
    steps = rng.normal(size=(200_000, 3)) * np.sqrt(np.diff([0, *information]))
    passed = np.cumsum(steps, axis=1) / np.sqrt(information) > limits
    assert abs(passed.any(axis=1).mean() - 0.05) < 0.002
    assert abs(passed[:, 0].mean() - spent[0]) < 0.0015
    assert boundaries(spent[:1], information[:1])[0] > limits[2]


def test_look_without_new_information_decides_nothing():
    assert boundaries([0.02, 0.03], [10.0, 10.0])[1] == np.inf


def test_difference_of_counts_is_that_of_mantel_and_haenszel():
    strata = [((8, 40), (10, 100)), ((3, 10), (20, 90))]
    found = stratified_difference([(count(*one), count(*other)) for one, other in strata])
    weights = [40 * 100 / 140, 10 * 90 / 100]
    expected = (weights[0] * (0.2 - 0.1) + weights[1] * (0.3 - 20 / 90)) / sum(weights)
    assert found.estimate == pytest.approx(expected)
    variances = [
        one[1] * other[1] * hits * (one[1] + other[1] - hits) / ((one[1] + other[1]) ** 2 * (one[1] + other[1] - 1))
        for one, other in strata
        for hits in [one[0] + other[0]]
    ]
    assert found.error == pytest.approx(np.sqrt(sum(variances)) / sum(weights))


def test_p_value_of_rare_counts_is_that_of_a_permutation():
    """The normal distribution would say 2e-8, 3e-13 and 3e-3."""
    for (hits, few), (others, many) in (((1, 1), (0, 30)), ((3, 20), (5, 980)), ((6, 60), (30, 940))):
        found = stratified_difference([(count(hits, few), count(others, many))])
        total, number = hits + others, few + many
        exact = sum(
            math.comb(total, each) * math.comb(number - total, few - each) for each in range(hits, min(few, total) + 1)
        ) / math.comb(number, few)
        assert exact / 8 < found.p_value < exact * 1.5


def test_skewness_is_that_of_all_permutations():
    one, other = [0.0, 3.0], [1.0, 1.0, 0.0, 7.0]
    found = stratified_difference([(summarise(np.array(one)), summarise(np.array(other)))])
    sums = np.array([sum(chosen) for chosen in itertools.combinations(one + other, 2)])
    deviations = sums - sums.mean()
    assert found.information == pytest.approx((deviations**2).mean())
    assert found.skewness == pytest.approx((deviations**3).mean() / (deviations**2).mean() ** 1.5)


@pytest.mark.parametrize("skewness", [0.0, 0.02, 0.5, 2.0, -0.5])
def test_tail_of_a_skewed_value_falls_from_one_to_none(skewness):
    tails = [pearson_tail(score, skewness) for score in np.linspace(-40, 40, 81)]
    assert tails == sorted(tails, reverse=True)
    assert (tails[0], tails[-1]) == (1.0, pytest.approx(0, abs=1e-9))


def test_paired_difference_is_that_of_a_t_test():
    values = np.array([0.0, 1.0, 1.0, -1.0, 2.0])
    found = paired_difference(summarise(values))
    assert (found.estimate, found.error) == (0.6, pytest.approx(values.std(ddof=1) / np.sqrt(5)))
    assert paired_difference(summarise(values[:1])) is None


def test_bounds_of_a_share_hold_it():
    low, high = wilson_bounds(3, 40, 0.05)
    assert low < 3 / 40 < high
    assert wilson_bounds(0, 0, 0.05) == (0.0, 1.0)
