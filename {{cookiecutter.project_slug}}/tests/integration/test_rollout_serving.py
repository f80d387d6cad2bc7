"""A product follows a rollout: shares, subjects, failures of the challenger, and the way back."""

import threading
import time

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.served import Live
from {{ cookiecutter.__package }}.product.shadow import MAX_RECORDED, Shadow
from {{ cookiecutter.__package }}.stores.models import StoredModel, digest_of, dump_model
from {{ cookiecutter.__package }}.stores.rollouts import begin, change, read_current
from {{ cookiecutter.__package }}.stores.shadow_scores import read_shadow_scores, record_shadow_scores

STEPS = [0.1, 0.5, 1.0]


@pytest.fixture
def ledger(workspace):
    with workspace.project.ledger() as opened:
        yield opened


def add_model(workspace, version, score):
    """Store the file of another rule model, and return its entry."""
    project = workspace.project
    content = dump_model(RuleModel([], score).fit())
    project.models.add(version, content)
    tags = {"contract": project.problem.fingerprint}
    return {"name": "other", "version": version, "digest": digest_of(content), "tags": tags}


@pytest.fixture
def challenger(workspace):
    return add_model(workspace, "7", 0.77)


@pytest.fixture
def make(workspace, ledger):
    """Return a function that makes a predictor which follows the rollout in the ledger."""
    project = workspace.project

    def make_predictor(**more):
        read = more.pop("read_rollout", lambda: read_current(ledger))
        return Predictor(project.models, project.problem, read_rollout=read, max_seconds=0.5, **more)

    return make_predictor


def start(workspace, ledger, challenger, step=0):
    rollout = begin(ledger, workspace.project.models.entry("champion"), challenger, STEPS, "a test")
    if step:
        rollout = change(ledger, rollout, why="a test", state="running", step=step, share=STEPS[step - 1])
    return rollout


def wait_until(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def rows(features, number=400):
    return [features | {"the subject": f"s{place}"} for place in range(number)]


def test_challenger_answers_its_share_and_subjects_stay(workspace, ledger, challenger, make, features):
    rollout = start(workspace, ledger, challenger, step=1)
    predictor = make()
    first = predictor.decide(rows(features))
    chosen = {decision["subject"] for decision in first if decision["arm"] == "challenger"}
    assert 20 <= len(chosen) <= 65
    assert {decision["model"] for decision in first if decision["arm"] == "challenger"} == {"other:7"}
    assert all(decision["model"].startswith("rules:") for decision in first if decision["arm"] == "champion")
    assert {(decision["rollout"], decision["step"], decision["share"]) for decision in first} == {(rollout.id, 1, 0.1)}
    change(ledger, rollout, why="a test", step=2, share=0.5)
    predictor.refresh()
    second = predictor.decide(rows(features))
    assert chosen <= {decision["subject"] for decision in second if decision["arm"] == "challenger"}
    assert [decision["subject"] for decision in second] == [f"s{place}" for place in range(400)]
    ledger.record(second)


def test_outside_of_a_rollout_no_arm_is_recorded(make, features):
    [decision] = make().decide([features])
    assert [decision[name] for name in ("rollout", "step", "share", "arm")] == [None] * 4
    assert decision["model_seconds"] > 0


@pytest.mark.parametrize("state", ["back", "stopped"])
def test_after_a_rollback_the_champion_answers_and_no_file_is_read(
    workspace, ledger, challenger, make, features, monkeypatch, state
):
    rollout = start(workspace, ledger, challenger, step=3)
    predictor = make()
    assert {decision["arm"] for decision in predictor.decide(rows(features))} == {"challenger"}
    change(ledger, rollout, why="a test", state=state)
    monkeypatch.setattr(predictor.served.models, "content", lambda _: pytest.fail("a file was read"))
    predictor.refresh()
    found = predictor.decide(rows(features))
    assert all(decision["model"].startswith("rules:") and decision["arm"] is None for decision in found)


def test_champion_that_was_the_challenger_and_the_one_before_are_not_loaded_again(
    workspace, ledger, challenger, make, features, monkeypatch
):
    old, models = workspace.project.models.entry("champion"), workspace.project.models
    start(workspace, ledger, challenger, step=3)
    predictor = make()
    monkeypatch.setattr(predictor.served.models, "content", lambda _: pytest.fail("a file was read"))
    models.publish("champion", **challenger)
    predictor.refresh()
    assert predictor.champion.label == "other:7"
    models.publish("champion", **old)
    predictor.refresh()
    assert predictor.champion.label == f"{old['name']}:{old['version']}"


def test_champion_before_this_one_stays_in_memory_however_many_challengers_came_first(
    workspace, ledger, make, monkeypatch
):
    old, models = add_model(workspace, "50", 0.4), workspace.project.models
    models.publish("champion", **old)
    predictor = make()
    for version in range(60, 66):
        entry = add_model(workspace, str(version), version / 100)
        rollout = start(workspace, ledger, entry)
        predictor.refresh()
        change(ledger, rollout, why="a test", state="back")
    monkeypatch.setattr(predictor.served.models, "content", lambda _: pytest.fail("a file was read"))
    for champion in (entry, old, entry):
        models.publish("champion", **champion)
        predictor.refresh()
        assert predictor.champion.label == f"other:{champion['version']}"


def test_way_back_does_not_wait_for_a_store_of_models_that_hangs(workspace, ledger, challenger, monkeypatch):
    rollout = start(workspace, ledger, challenger, step=3)
    asked, free = threading.Event(), threading.Event()

    def hang(*_):
        asked.set()
        free.wait(30)

    with workspace.product() as product:
        assert product.get("/v1/model").json()["rollout"]["challenger"] == "other:7"
        monkeypatch.setattr(type(workspace.project.models), "entry", hang)
        try:
            assert asked.wait(10)
            change(ledger, rollout, why="a test", state="back")
            wait_until(lambda: product.get("/v1/model").json()["rollout"] is None)
        finally:
            free.set()


def test_paused_rollout_keeps_its_shares(workspace, ledger, challenger, make, features):
    rollout = start(workspace, ledger, challenger, step=2)
    change(ledger, rollout, why="a test", state="paused")
    found = [decision["arm"] for decision in make().decide(rows(features))]
    assert 140 <= found.count("challenger") <= 260


class Failing:
    def predict_proba(self, rows):
        raise ValueError


class Undefined:
    def predict_proba(self, rows):
        return np.full((len(rows["risk"]), 2), np.nan)


class Hanging:
    def __init__(self):
        self.free = threading.Event()

    def predict_proba(self, rows):
        self.free.wait(30)
        return np.full((len(rows["risk"]), 2), 0.5)


@pytest.mark.parametrize("model", [Failing, Undefined, Hanging])
def test_challenger_that_fails_is_replaced_by_the_rules_and_stays_on_its_arm(
    workspace, ledger, challenger, make, features, model
):
    start(workspace, ledger, challenger, step=2)
    predictor, broken = make(), model()
    live = predictor.served.live
    predictor.served.live = Live(live.rollout, StoredModel(broken, "broken", "9", "", {}))
    found = predictor.decide(rows(features))
    arms = {arm: {d["fallback"] for d in found if d["arm"] == arm} for arm in ("champion", "challenger")}
    assert arms == {"champion": {False}, "challenger": {True}}
    getattr(broken, "free", threading.Event()).set()


def test_challenger_that_does_not_load_leaves_all_answers_to_the_champion(
    workspace, ledger, challenger, make, features
):
    start(workspace, ledger, challenger | {"digest": "0" * 64}, step=3)
    predictor = make()
    assert {decision["arm"] for decision in predictor.decide(rows(features))} == {None}
    assert "challenger, version 7, does not load" in predictor.notice
    assert predictor.notice.endswith("keeps answering")


def test_ledger_out_of_reach_keeps_the_last_known_rollout(workspace, ledger, challenger, make, features):
    start(workspace, ledger, challenger, step=3)
    away = []

    def read():
        if away:
            raise OperationalError("", {}, Exception())
        return read_current(ledger)

    predictor = make(read_rollout=read)
    away.append(True)
    predictor.refresh()
    assert {decision["arm"] for decision in predictor.decide(rows(features))} == {"challenger"}
    assert "cannot be read" in predictor.notice


def test_shadow_scores_all_traffic_and_answers_none(workspace, ledger, challenger, make, features):
    rollout = start(workspace, ledger, challenger)
    shadow = Shadow(workspace.project.problem, ledger)
    predictor = make(shadow=shadow)
    decisions = predictor.decide(rows(features, 30))
    assert {(d["arm"], d["step"], d["share"]) for d in decisions} == {("champion", 0, 0.0)}
    ledger.record(decisions)
    predictor.score_shadow(decisions)
    shadow.drain(10)
    scores = read_shadow_scores(ledger, rollout.id)
    assert [score["decision_id"] for score in scores] == [decision["id"] for decision in decisions]
    assert {score["score"] for score in scores} == {0.77}


def test_challenger_that_hangs_in_the_shadow_delays_no_answer_and_what_does_not_fit_is_dropped(
    workspace, ledger, challenger, make, features
):
    start(workspace, ledger, challenger)
    shadow, hanging = Shadow(workspace.project.problem, ledger, max_waiting=2), Hanging()
    predictor = make(shadow=shadow)
    predictor.served.live = Live(predictor.served.live.rollout, StoredModel(hanging, "slow", "9", "", {}))
    for _ in range(10):
        decisions = predictor.decide(rows(features, 3))
        ledger.record(decisions)
        predictor.score_shadow(decisions)
    assert shadow.dropped in (21, 24)  # one batch is scored, two wait
    hanging.free.set()
    shadow.drain(10)


def test_error_of_the_challenger_in_the_shadow_is_recorded(workspace, ledger, challenger, make, features):
    rollout = start(workspace, ledger, challenger)
    shadow = Shadow(workspace.project.problem, ledger)
    predictor = make(shadow=shadow)
    predictor.served.live = Live(rollout, StoredModel(Failing(), "broken", "9", "", {}))
    decisions = predictor.decide(rows(features, 3))
    ledger.record(decisions)
    predictor.score_shadow(decisions)
    shadow.drain(10)
    assert [(score["error"], score["answer"]) for score in read_shadow_scores(ledger, rollout.id)] == [
        ("ValueError", None)
    ] * 3


def test_shadow_scores_go_on_after_an_error_that_nobody_expects(
    workspace, ledger, challenger, make, features, monkeypatch
):
    rollout = start(workspace, ledger, challenger)
    recorder = Shadow(workspace.project.problem, ledger)
    predictor, errors = make(shadow=recorder), [RuntimeError()]

    def record(ledger, scores):
        if errors:
            raise errors.pop()
        record_shadow_scores(ledger, scores)

    monkeypatch.setattr(f"{Shadow.__module__}.record_shadow_scores", record)
    for _ in range(2):
        decisions = predictor.decide(rows(features, 3))
        ledger.record(decisions)
        predictor.score_shadow(decisions)
        recorder.drain(10)
    assert recorder.failed == 3
    scores = read_shadow_scores(ledger, rollout.id)
    assert [score["decision_id"] for score in scores] == [decision["id"] for decision in decisions]


def test_batches_that_wait_for_the_shadow_are_recorded_together(
    workspace, ledger, challenger, make, features, monkeypatch
):
    rollout = start(workspace, ledger, challenger)
    recorder, hanging, recorded = Shadow(workspace.project.problem, ledger), Hanging(), []
    predictor = make(shadow=recorder)
    predictor.served.live = Live(rollout, StoredModel(hanging, "slow", "9", "", {}))
    monkeypatch.setattr(f"{Shadow.__module__}.record_shadow_scores", lambda _, scores: recorded.append(len(scores)))
    for _ in range(20):
        decisions = predictor.decide(rows(features, 3))
        predictor.score_shadow(decisions)
    hanging.free.set()
    recorder.drain(10)
    assert recorded == [3 * MAX_RECORDED, 3 * (20 - MAX_RECORDED)]


def test_product_shows_the_rollout_and_explains_decisions_of_the_challenger(workspace, ledger, challenger, features):
    start(workspace, ledger, challenger, step=3)
    with workspace.product() as product:
        decision = product.post("/v1/decisions", json=features).json()
        assert decision["model"] == "other:7"
        shown = product.get("/v1/model").json()["rollout"]
        assert (shown["state"], shown["step"], shown["share"], shown["challenger"]) == ("running", 3, 1.0, "other:7")
        explained = product.get(f"/v1/decisions/{decision['id']}").json()
        assert "no longer in use" not in (explained["unexplained"] or "")


@pytest.mark.slow
def test_explaining_one_champion_after_another_keeps_no_thread_of_each(workspace, make, features):
    project, predictor = workspace.project, make()
    before = {*threading.enumerate()}
    for version in range(10, 20):
        content = dump_model(RuleModel([], version / 100).fit())
        project.models.add(str(version), content)
        tags = {"contract": project.problem.fingerprint}
        project.models.publish("champion", name="next", version=str(version), digest=digest_of(content), tags=tags)
        predictor.refresh()
        [decision] = predictor.decide([features])
        assert predictor.explain(decision)["reasons"]
    time.sleep(0.2)  # a thread that was told to end
    assert len({*threading.enumerate()} - before) <= 3
