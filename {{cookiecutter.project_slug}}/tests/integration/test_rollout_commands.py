"""The commands of a rollout, from the shadow to the new champion, and every way back."""

import json
import shutil

import numpy as np
import pytest
from workspaces import Workspace

from {{ cookiecutter.__package }}.core.result import GateResult
from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.operations.rollouts import manage
from {{ cookiecutter.__package }}.operations.rollouts.alarm import Alarm
from {{ cookiecutter.__package }}.stores import registry
from {{ cookiecutter.__package }}.stores.events import read_events
from {{ cookiecutter.__package }}.stores.ledger import new_id, now
from {{ cookiecutter.__package }}.stores.outcomes import record_outcomes
from {{ cookiecutter.__package }}.stores.rollouts import change, read_latest
from {{ cookiecutter.__package }}.stores.shadow_scores import record_shadow_scores

FAST = """
[rollout]
steps = [0.25, 1.0]
decisions = 200
labels = 20
shadow_labels = 20
minimum_hours = 0
"""


@pytest.fixture
def workspace(once, make_workspace, tmp_path):
    """Return a workspace with a fast plan and a challenger in the registry, which are made once."""

    def make(root):
        made = make_workspace(root / "project")
        made.edit_plan("[gates]", f"{FAST}[gates]")
        project = made.project
        project.registry.set_alias("challenger", register(project, "other", 0.2))

    shutil.copytree(once("challenger", make) / "project", tmp_path / "project")
    return Workspace(tmp_path / "project")


@pytest.fixture
def project(workspace):
    return workspace.project


def register(project, name, score):
    """Register a constant model that has passed a gate, and return its version."""
    evidence = {"metrics": {}, "results": [GateResult("cost", "pass", "cheaper")]}
    tags = {"contract": project.problem.fingerprint}
    model = RuleModel([], score).fit()
    return project.registry.register(model, name=name, inputs=project.problem.inputs, tags=tags, **evidence)


@pytest.fixture
def ledger(project):
    with project.ledger() as opened:
        yield opened


def answer(ledger, number, features, wrong=(0.1, 0.1), share=0.25, **more):
    """Record decisions of the current step as the product would, with outcomes; `wrong`: the errors of both arms."""
    rollout, rng = read_latest(ledger), np.random.default_rng(0)
    rows, outcomes = [], []
    for place in range(number):
        arm = "challenger" if rollout.step and rng.random() < share else "champion"
        decision = {"id": new_id(), "decided_at": now(), "features": features, "answer": "no", "score": 0.1}
        decision |= {"model": "m:1", "needs_review": False, "fallback": False, "blind": False, "reference": None}
        decision |= {"subject": f"s{place}", "model_seconds": 0.001 + place * 1e-9, "rollout": rollout.id}
        decision |= {"step": rollout.step, "share": rollout.share, "arm": arm}
        own = more.items() if arm == "challenger" else ()
        rows.append(decision | {key: value(place) if callable(value) else value for key, value in own})
        truth = "yes" if rng.random() < wrong[arm == "challenger"] else "no"
        outcomes.append({"id": decision["id"], "outcome": truth})
    ledger.record(rows)
    for first in range(0, number, 500):
        record_outcomes(ledger, outcomes[first : first + 500])
    return rows


def score_shadow(ledger, rows, answer="no", error=""):
    rollout = read_latest(ledger)
    scores = {"rollout": rollout.id, "answer": None if error else answer, "score": 0.1, "error": error}
    record_shadow_scores(
        ledger, [{"decision_id": row["id"], "model_seconds": row["model_seconds"], **scores} for row in rows]
    )


def start(command, ledger, features):
    code, out, _ = command("rollout", "start", "--why", "a try")
    assert (code, "scores all traffic in the shadow" in out) == (0, True)
    score_shadow(ledger, answer(ledger, 300, features))
    code, out, _ = command("rollout", "advance")
    assert (code, "Further: running at step 1 of 2 (25%)." in out) == (0, True), out


def test_good_challenger_becomes_champion_step_by_step(command, project, ledger, features):
    old, new = (project.registry.version(alias) for alias in ("champion", "challenger"))
    start(command, ledger, features)
    answer(ledger, 600, features)
    assert command("rollout", "advance")[0] == 0
    answer(ledger, 300, features, share=1)
    code, out, _ = command("rollout", "advance")
    assert (code, f"Done: other:{new} is the champion." in out) == (0, True), out
    stored = project.registry
    assert [stored.version(alias) for alias in ("champion", "previous", "challenger")] == [new, old, None]
    assert project.models.entry("champion")["version"] == new
    code, out, _ = command("rollout", "back", "--why", "complaints")
    assert (code, f"Rolled back: rules:{old} answers." in out) == (0, True)
    assert (stored.version("champion"), project.models.entry("champion")["version"]) == (old, old)
    code, out, _ = command("history", "--json")
    changes = [(event["name"], event["new"]) for event in json.loads(out)["events"] if event["kind"] == "alias"]
    assert changes[-2:] == [("champion", f"other:{new}"), ("champion", f"rules:{old}")]


def test_worse_challenger_is_rolled_back_with_the_number_that_did_it(command, project, ledger, features):
    start(command, ledger, features)
    answer(ledger, 600, features, wrong=(0.05, 0.4))
    code, out, _ = command("rollout", "advance")
    assert code == 1
    assert "Rolled back: cost: a decision of the challenger costs +" in out
    assert read_latest(ledger).state == "back"
    assert project.registry.version("champion") != project.registry.version("challenger")
    assert command("rollout", "advance")[2].startswith("error: no rollout is live")


@pytest.mark.slow
def test_worse_challenger_does_not_leave_the_shadow(command, ledger, project, features):
    command("rollout", "start")
    score_shadow(ledger, answer(ledger, 300, features, wrong=(0.05, 0)), answer="yes")
    code, out, _ = command("rollout", "advance")
    assert (code, "Rolled back: shadow cost: " in out) == (1, True), out


def test_too_little_data_holds_and_says_what_is_missing(command, ledger, project, features):
    command("rollout", "start")
    code, out, _ = command("rollout", "advance")
    assert code == 5
    assert "Held at step 0: traffic: 0 decisions" in out
    assert "0 units in the shadow have an outcome or a blind review, 20 are needed" in out
    code, out, _ = command("rollout", "status")
    assert "is shadow since" in out


@pytest.mark.slow
def test_paused_rollout_does_not_advance_and_goes_on_afterwards(command, ledger, project, features):
    start(command, ledger, features)
    assert "paused at step 1" in command("rollout", "pause")[1]
    assert "the rollout is paused" in command("rollout", "advance")[2]
    assert "paused already" in command("rollout", "pause")[2]
    assert "running at step 1" in command("rollout", "resume")[1]
    assert "is not paused" in command("rollout", "resume")[2]


@pytest.mark.slow
def test_back_ends_a_live_rollout_without_the_registry(command, ledger, project, features, monkeypatch):
    start(command, ledger, features)
    monkeypatch.setattr(registry, "connect", lambda _: pytest.fail("MLflow"))
    code, out, _ = command("rollout", "back")
    assert (code, "answers." in out, read_latest(ledger).state) == (0, True, "back")
    assert "there is nothing to roll back" in command("rollout", "back")[2]


def test_stop_returns_everything_to_the_rules(command, ledger, project, features):
    fallback, learned = project.registry.version("fallback"), register(project, "third", 0.3)
    project.registry.set_alias("champion", learned)
    start(command, ledger, features)
    manage.stop(ledger, project.models, "")
    # a product follows before the registry is asked
    assert (project.models.entry("champion")["version"], read_latest(ledger).state) == (fallback, "stopped")
    assert project.registry.version("champion") == learned
    code, out, _ = command("rollout", "stop")
    assert (code, f"The rules, version {fallback}, answer everything." in out) == (0, True)
    assert [project.registry.version(alias) for alias in ("champion", "previous")] == [fallback, learned]


@pytest.mark.parametrize("words", [("advance",), ("pause",), ("resume",)])
def test_without_a_rollout_the_commands_say_how_to_begin(command, words):
    code, _, error = command("rollout", *words)
    assert (code, error) == (2, "error: no rollout is live; `rollout start` begins one\n")


@pytest.mark.slow
def test_start_says_what_cannot_be_rolled_out(command, project, ledger):
    assert "rules:1 is the champion already" in command("rollout", "start", "--challenger", "1")[2]
    assert "99" in command("rollout", "start", "--challenger", "99")[2]
    command("rollout", "start")
    assert "a rollout is live already" in command("rollout", "start")[2]
    assert "`rollout back` ends it" in command("promote")[2]
    command("rollout", "back")
    project.registry.drop_alias("challenger")
    assert "there is no challenger" in command("rollout", "start")[2]


@pytest.mark.slow
def test_finish_that_was_interrupted_is_completed_by_the_next_call(command, ledger, project, features, monkeypatch):
    new = project.registry.version("challenger")
    start(command, ledger, features)
    answer(ledger, 600, features)
    command("rollout", "advance")
    answer(ledger, 300, features, share=1)
    kind = type(project.registry)
    for name in ("set_alias", "drop_alias"):
        with monkeypatch.context() as patched:
            patched.setattr(kind, name, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                manage.finish(project.registry, read_latest(ledger))
        assert read_latest(ledger).state == "running"
    assert command("rollout", "advance")[0] == 0
    assert [project.registry.version(alias) for alias in ("champion", "challenger")] == [new, None]


@pytest.mark.slow
def test_alarm_at_the_last_look_wins_and_the_champion_stays(command, ledger, project, features, monkeypatch):
    old = project.registry.version("champion")
    start(command, ledger, features)
    answer(ledger, 600, features)
    command("rollout", "advance")
    answer(ledger, 300, features, share=1)
    finish = manage.finish

    def finish_late(registry, rollout):
        finish(registry, rollout)
        change(ledger, rollout, why="the alarm", who="product", state="back")

    monkeypatch.setattr(manage, "finish", finish_late)
    assert "somebody else has changed the rollout" in command("rollout", "advance")[2]
    assert (project.registry.version("champion"), read_latest(ledger).state) == (old, "back")
    assert project.models.entry("champion")["version"] == old


@pytest.mark.slow
def test_champion_that_was_changed_meanwhile_ends_the_rollout(command, ledger, project, features):
    start(command, ledger, features)
    other = register(project, "third", 0.3)
    project.registry.set_alias("champion", other)
    code, out, _ = command("rollout", "advance")
    assert (code, f"the champion is third:{other} by now" in out) == (1, True)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"fallback": True}, "failures: the challenger failed"),
        pytest.param({"model_seconds": lambda place: 1 + place / 1000}, "latency", marks=pytest.mark.slow),
    ],
)
def test_alarm_rolls_back_by_itself(command, ledger, project, features, fault, named):
    start(command, ledger, features)
    alarm = Alarm(ledger, project.plan)
    answer(ledger, 300, features)
    alarm()
    assert read_latest(ledger).state == "running"
    answer(ledger, 200 if "model_seconds" in fault else 100, features, share=1, **fault)
    Alarm(ledger, project.plan)()
    ended = read_latest(ledger)
    assert (ended.state, named in ended.reason) == ("back", True)
    assert read_events(ledger, 1, "rollout")[0]["who"] == "product"
    Alarm(ledger, project.plan)()  # nothing is live any more
    assert read_latest(ledger) == ended


@pytest.mark.slow
def test_overrides_of_the_challenger_raise_the_alarm(command, ledger, project, features):
    start(command, ledger, features)
    for place, row in enumerate(answer(ledger, 600, features)):
        if (row["arm"] == "challenger" and place % 2) or place % 20 == 0:
            ledger.react(row["id"], {"verdict": "override", "answer": "yes", "note": ""})
    Alarm(ledger, project.plan)()
    assert read_latest(ledger).reason.startswith("alarm: ")


@pytest.mark.slow
def test_status_as_json_has_the_looks_and_the_guards(command, ledger, project, features):
    assert json.loads(command("rollout", "status", "--json")[1]) is None
    start(command, ledger, features)
    shown = json.loads(command("rollout", "status", "--json")[1])
    assert (shown["state"], shown["step"], shown["looks"][0]["action"]) == ("running", 1, "next")
    assert {guard["guard"] for guard in shown["guards"]} >= {"rollout.cost", "rollout.split", "rollout.alarm"}


@pytest.mark.slow
def test_history_shows_which_model_answered_when(command, ledger, project, features):
    with pytest.raises(IndexError):
        json.loads(command("history", "--json")[1])["models"][0]
    start(command, ledger, features)
    [row] = json.loads(command("history", "--json")[1])["models"]
    assert (row["model"], row["decisions"], row["first"] <= row["last"]) == ("m:1", 300, True)
    assert "m:1" in command("history")[1]


def test_history_without_any_event_says_so(command, project):
    with project.ledger() as ledger, ledger.engine.begin() as connection:
        connection.execute(ledger.tables.events.delete())
    assert command("history")[:2] == (0, "Nothing has happened yet; `run` starts the product.\n")


@pytest.mark.slow
def test_history_cuts_nothing_on_a_narrow_terminal(command, ledger, project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    command("rollout", "start", "--why", "a reason of many words, so that the other columns get little of the width")
    out = command("history")[1]
    assert read_latest(ledger).started_at[:19] in out
    assert "\u2026" not in out


@pytest.mark.parametrize("version", ["99", "abc"])
def test_version_that_is_not_there_is_named_with_those_that_are(command, project, version):
    code, _, error = command("rollout", "start", "--challenger", version)
    assert (code, error) == (2, f"error: --challenger: the registry has no version '{version}'; its latest are 2, 1\n")
