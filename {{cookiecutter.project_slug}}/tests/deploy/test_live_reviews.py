"""Alerts of reviews, which follow the behaviour of people, fire on a running product that a Prometheus collects."""

import shutil

import pytest
from live_product import accept, asking_for_many, change_plan, ignore, send, watch

from {{ cookiecutter.__package }}.cli.composition import compose
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def target(root):
    """Return the column that the product decides on."""
    return compose(Settings(root=root), load_plan(root / "plan.toml")).problem.target


@pytest.fixture
def roots(root, tmp_path, target):
    """Return two projects: in one no decision needs a review, in the other one every decision does."""
    doubtful = shutil.copytree(root, tmp_path / "doubtful")
    key, never, always = ("band", 0, 1e9) if target.categories else ("above", "inf", -1e9)
    change_plan(root, "review", key, never)
    change_plan(doubtful, "review", key, always)
    return root, doubtful


def test_traffic_that_needs_reviews_and_people_who_override_or_do_nothing_fire_their_alerts(roots, target, tmp_path):
    def override(running, decision):
        send(running, decision, {"verdict": "override", "answer": choose_another(decision["answer"], target)})

    def traffic(running, react):
        return asking_for_many(running, 20, react, threads=2)

    with watch(tmp_path / "live", *roots) as (live, calm, doubtful):
        with traffic(calm, accept):
            # so that there is a past with which the reviews of the next seconds are compared
            assert live.wait_for(lambda: (live.value("sum(increase(decisions_total[5s] offset 5s))") or 0) > 100)
            live.expect()
        with traffic(doubtful, accept):
            live.expect("ReviewShare")
            live.expect()  # the reviews are as many as in the week before
        with traffic(doubtful, override):
            live.expect("OverrideShare")
        with traffic(doubtful, ignore):
            live.expect("NoReactions")


def choose_another(answer, target):
    """Return another answer that the label can have."""
    if target.categories:
        return next(category for category in target.categories if category != answer)
    return answer - 1 if target.high is not None and answer + 1 > target.high else answer + 1
