"""The state of a rollout is changed in transactions: one winner, one refusal, and an event for every change."""

import threading

import pytest
from postgres import make_schema
from problems import USUAL

from {{ cookiecutter.__package }}.stores.events import note_in_use, read_events
from {{ cookiecutter.__package }}.stores.ledger import open_ledger
from {{ cookiecutter.__package }}.stores.rollouts import (
    RolloutConflictError,
    begin,
    change,
    read_current,
    read_latest,
)

OLD, NEW = ({"name": name, "version": version, "digest": "", "tags": {}} for name, version in (("a", "1"), ("b", "2")))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def ledger(request, new_ledger):
    url = new_ledger(USUAL.problem().target)
    if request.param == "postgresql":
        url = make_schema(request.getfixturevalue("postgres")[0])
    with open_ledger(url, USUAL.problem().target) as opened:
        yield opened


def test_rollout_is_read_as_it_was_begun(ledger):
    assert read_current(ledger) is None
    begun = begin(ledger, OLD, NEW, [0.1, 1.0], "better")
    assert read_current(ledger) == begun
    assert (begun.state, begun.step, begun.share, begun.champion, begun.challenger) == ("shadow", 0, 0.0, OLD, NEW)


def test_second_rollout_is_refused_while_one_is_live(ledger):
    begun = begin(ledger, OLD, NEW, [1.0], "")
    with pytest.raises(RolloutConflictError, match="live already: shadow"):
        begin(ledger, OLD, NEW, [1.0], "")
    change(ledger, begun, why="worse", state="back")
    assert read_current(ledger) is None
    assert read_latest(ledger).reason == "worse"
    begin(ledger, OLD, NEW, [1.0], "")


def test_change_of_what_somebody_else_has_changed_is_refused_and_changes_nothing(ledger):
    begun = begin(ledger, OLD, NEW, [1.0], "")
    paused = change(ledger, begun, why="", state="paused")
    with pytest.raises(RolloutConflictError, match="rollout status"):
        change(ledger, begun, why="", state="back")
    assert read_current(ledger) == paused
    assert len(read_events(ledger)) == 2


def test_of_many_operators_at_once_one_wins(ledger):
    begun, won, refused = begin(ledger, OLD, NEW, [1.0], ""), [], []
    barrier = threading.Barrier(6)

    def operate(place):
        barrier.wait()
        try:
            won.append(change(ledger, begun, why=str(place), state="back"))
        except RolloutConflictError as error:
            refused.append(error)

    threads = [threading.Thread(target=operate, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 5)
    assert read_latest(ledger).reason == won[0].reason


def test_every_change_is_an_event(ledger):
    change(ledger, begin(ledger, OLD, NEW, [0.5, 1.0], "try"), why="bad", who="product", state="back")
    last, first = read_events(ledger)
    assert (first["kind"], first["name"], first["old"], first["why"]) == ("rollout", "b:2", "none", "try")
    assert (last["old"], last["who"]) == ("shadow", "product")
    assert last["new"].startswith("back")
    assert first["who"]


def test_time_of_a_step_is_kept_until_the_next_one(ledger):
    begun = begin(ledger, OLD, NEW, [0.5, 1.0], "")
    paused = change(ledger, begun, why="", state="paused")
    assert paused.step_at == begun.step_at
    assert change(ledger, paused, why="", state="running", step=1).step_at >= paused.changed_at


def test_what_is_in_use_is_recorded_once_until_it_changes(ledger):
    for plan in ("one", "one", "two", "one"):
        note_in_use(ledger, "plan", "plan.toml", plan, "a test")
    events = read_events(ledger, kind="plan")
    assert [(event["old"], event["new"]) for event in events] == [("two", "one"), ("one", "two"), ("", "one")]


def test_long_texts_are_cut_to_their_columns(ledger):
    begun = begin(ledger, OLD, NEW, [1.0], "")
    assert len(change(ledger, begun, why="x" * 5000, state="back").reason) == 1000
