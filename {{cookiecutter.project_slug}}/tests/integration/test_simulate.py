"""`simulate` against a product that is served: what it sends is on record, and models can be trained on it."""

import json
import re
import signal

import pytest
from problems import SHAPES
from processes import call, run_product, start
from pydantic import SecretStr
from serving import serving

pytestmark = pytest.mark.slow
KEY, OTHER_KEY = "a-key-of-the-product", "a-key-of-somebody-else"


@pytest.fixture
def simulate(run_command):
    """Return a function that runs the command against an address: exit code, and what was printed on both streams."""

    def run(workspace, address, *words):
        return run_command(workspace, "simulate", "--url", "http://{}:{}".format(*address), "--seed", "1", *words)

    return run


def read_ledger(workspace):
    with workspace.project.ledger() as ledger:
        return ledger.recent(1000), list(ledger.labelled())


@pytest.mark.parametrize("name", ["usual", "wide"])
def test_simulated_decisions_are_recorded_and_trained_on(simulate, run_command, make_workspace, tmp_path, name):
    workspace = make_workspace(tmp_path / "project", name)
    workspace.edit_plan("blind_share = 0", "blind_share = 0.3")
    with serving(workspace.project) as address:
        code, printed, _ = simulate(workspace, address, "--count", "150", "--review-rate", "0.6", "--outcomes", "0.5")
    assert code == 0
    decisions, labelled = read_ledger(workspace)
    assert len(decisions) == len({decision["reference"] for decision in decisions}) == 150
    assert all(decision["subject"] for decision in decisions)
    reviews = [decision for decision in decisions if decision["verdict"]]
    outcomes = [decision for decision in labelled if decision["outcome"] is not None]
    assert "Decisions: 150; " in printed
    assert f"Reviews: {len(reviews)} (" in printed
    assert f"Outcomes: {len(outcomes)}." in printed
    assert {decision["verdict"] for decision in reviews} == {"accept", "override", "blind"}
    assert 40 < len(reviews) < 130
    assert 40 < len(outcomes) < 110
    code, printed, _ = run_command(workspace, "data")
    assert code == 0
    assert f"{len(labelled)} of them from reactions, outcomes and labels" in printed
    code, printed, _ = run_command(workspace, "train", "--json")
    assert code in (0, 1)
    gates = [result for trial in json.loads(printed)["trials"] for result in trial["results"]]
    assert {result["status"] for result in gates if result["gate"] == "copies"} == {"pass"}


def test_two_simulations_are_of_other_cases(simulate, workspace):
    with serving(workspace.project) as address:
        for seed in ("1", "2"):
            assert simulate(workspace, address, "--count", "20", "--seed", seed)[0] == 0
    decisions, _ = read_ledger(workspace)
    assert len({decision["reference"] for decision in decisions}) == 40
    assert len({json.dumps(decision["features"]) for decision in decisions}) == 40


@pytest.mark.parametrize(
    ("fault", "is_visible"),
    [
        ("missing", lambda decisions, _: all(each["features"]["income"] is None for each in decisions)),
        ("new-category", lambda decisions, text: len(decisions) < 40 and "times: the features do not fit" in text),
        ("bad-input", lambda decisions, text: len(decisions) < 40 and "risk" in text),
        ("unit-change", lambda decisions, _: all(each["features"]["risk"] <= 0.03 for each in decisions)),
        ("drift", lambda decisions, _: min(each["features"]["risk"] for each in decisions) > 0.8),
        ("slow-drift", lambda decisions, _: max(each["features"]["risk"] for each in decisions) == 3),
        ("label-flip", lambda decisions, _: any(each["outcome"] == "yes" for each in decisions)),
        ("reviewers-accept-all", lambda decisions, text: "override" not in text and "100.0% of the answers" in text),
    ],
)
def test_fault_is_seen_in_the_ledger_or_in_the_summary(simulate, workspace, fault, is_visible):
    with serving(workspace.project) as address:
        code, printed, _ = simulate(workspace, address, "--count", "40", "--review-rate", "1", "--fault", fault)
    assert code == 0
    decisions, labelled = read_ledger(workspace)
    outcomes = {each["id"]: each["outcome"] for each in labelled}
    assert decisions
    assert is_visible([{**each, "outcome": outcomes.get(each["id"])} for each in decisions], printed)


def test_wrong_key_is_refused_and_the_right_one_is_used(simulate, workspace, monkeypatch):
    with serving(workspace.project, api_keys=(SecretStr(KEY),)) as address:
        monkeypatch.setenv("APP_API_KEYS", OTHER_KEY)
        code, _, errors = simulate(workspace, address, "--count", "3")
        assert code == 2
        assert "set APP_API_KEYS to a key of that product" in errors
        assert OTHER_KEY not in errors
        monkeypatch.setenv("APP_API_KEYS", KEY)
        assert simulate(workspace, address, "--count", "3")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--url", "http://127.0.0.1:9"], "no product answers; start it by `run`, or name another with --url"),
        (["--url", "ftp://x"], "--url: 'ftp://x' is no address; write http://HOST:PORT"),
        (["--url", "http://x:port"], "is no address"),
        (["--url", "http://[x"], "--url: 'http://[x' is no address"),
        (["--column", "risk"], "--column: 'risk' is what a --fault changes, and none is given; use one of drift"),
        (["--delay", "soon"], "--delay: 'soon' is no delay; write decisions as 100, or seconds as 30s"),
    ],
)
def test_fault_of_an_option_is_one_line(run_command, workspace, words, message):
    code, _, errors = run_command(workspace, "simulate", *words)
    assert code == 2
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert message in errors


def test_table_that_is_not_there_is_one_line(simulate, workspace):
    with serving(workspace.project) as address:
        code, _, errors = simulate(workspace, address, "--file", "nothing.csv")
    assert (code, errors) == (2, "error: nothing.csv: no such file; give the file of a table\n")


def test_product_that_stops_ends_the_simulation_with_its_summary(own_folder):
    with run_product(own_folder) as running:
        simulation = start(own_folder, "simulate", "--url", running.url, "--rate", "20", "--count", "2000")
        decisions = 0
        while decisions < 3:
            decisions = len(json.loads(call(f"{running.url}/v1/decisions")))
        running.stop(signal.SIGTERM)
    printed, _ = simulation.communicate(timeout=60)
    assert simulation.returncode == 2, printed
    assert re.search(r"^Decisions: \d+; ", printed, re.MULTILINE)
    assert "error: " in printed
    assert "no product answers" in printed


def test_interrupt_ends_with_the_summary(own_folder):
    with run_product(own_folder) as running:
        simulation = start(own_folder, "simulate", "--url", running.url, "--rate", "20", "--count", "2000")
        while not json.loads(call(f"{running.url}/v1/decisions")):
            pass
        simulation.send_signal(signal.SIGINT)
        printed, _ = simulation.communicate(timeout=60)
    assert simulation.returncode == 130, printed
    assert re.match(r"Decisions: \d+; ", printed)
    assert "Traceback" not in printed


def test_monitor_is_silent_about_simulated_traffic_and_names_the_column_of_a_fault(simulate, run_command, workspace):
    failed = {}
    with serving(workspace.project) as address:
        for fault in ("", "drift", "unit-change", "missing"):
            planted = ["--fault", fault] if fault else []
            assert simulate(workspace, address, "--count", "300", *planted)[0] == 0
            _, printed, _ = run_command(workspace, "monitor", "--last", "300", "--json")
            failed[fault] = json.loads(printed)["failed"]
    assert failed[""] == []
    expected = {"drift": "drift.risk", "unit-change": "drift.risk", "missing": "missing.income"}
    for fault, watch in expected.items():  # predictions follow from the inputs
        assert [name for name in failed[fault] if not name.startswith("predictions.")] == [watch]


def test_challenger_with_a_fault_is_registered(run_command, workspace):
    code, printed, _ = run_command(workspace, "faulty-challenger", "worse")
    assert (code, printed.split(",")[1]) == (0, " with a fault on purpose: worse.\n")
    challenger = workspace.project.registry.load("challenger")
    assert challenger.name == "faulty-worse"
    assert challenger.tags["contract"] == SHAPES["usual"].problem().fingerprint
    code, _, errors = run_command(workspace, "faulty-challenger", "late")
    assert (code, errors) == (2, "error: there is no challenger fault 'late'; use one of worse, slow, failing\n")
