"""Every objection to a version, each by a fault that raises this one and no other."""

import json

import pytest

from {{ cookiecutter.__package }}.model.veto import Present, find_objections

PASSED = {"gate": "cost", "status": "pass", "message": "cheaper", "blocks": False}
TAGS = {
    "contract": "c",
    "training_plan": "p",
    "data_run": "Monday",
    "commit": "0123456789abcdef",
    "clean": "true",
    "champion": json.dumps({"label": "rules:1 (champion)", "metrics": {}}),
}
FOUND = {"tags": TAGS, "results": [PASSED], "edits": []}
PRESENT = {
    "contract": "c",
    "training_plan": "p",
    "champion": "rules:1",
    "fallback": "rules:1",
    "runs": frozenset({"Monday", "Tuesday"}),
}
INCONCLUSIVE = PASSED | {"status": "inconclusive", "message": "perhaps dearer"}


def find(found=FOUND, tags=TAGS, **present):
    return find_objections("7", {**found, "tags": tags}, Present(**PRESENT | present))


def without(name):
    return {key: text for key, text in TAGS.items() if key != name}


FAULTS = {
    "no results": ({"found": FOUND | {"results": []}}, "it has no results of gates"),
    "failure": (
        {"found": FOUND | {"results": [PASSED, PASSED | {"status": "fail", "message": "dearer", "blocks": True}]}},
        "gate cost blocks it: dearer",
    ),
    "inconclusive that blocks": (
        {"found": FOUND | {"results": [INCONCLUSIVE | {"blocks": True}]}},
        "gate cost blocks it: perhaps dearer",
    ),
    "edited record": ({"found": FOUND | {"edits": ["tag clean was changed"]}}, "tag clean was changed after"),
    "removed record": ({"found": FOUND | {"results": [], "edits": ["evidence.json is missing"]}}, "evidence.json is"),
    "contract": ({"contract": "d"}, "it was made for another contract"),
    "contract that is unknown": ({"tags": without("contract")}, "it was made for another contract"),
    "plan": ({"training_plan": "q"}, "it was judged under another plan"),
    "data": ({"runs": frozenset({"Tuesday"})}, "its training table, of Monday, is of no run of `data` in this lake"),
    "champion": ({"champion": "better:6"}, "it was compared with rules:1, and better:6 would be replaced"),
    "fallback": (
        {
            "tags": TAGS | {"champion": json.dumps({"label": "rules:1 (in place of the champion: it is away)"})},
            "fallback": "rules:5",
            "champion": "away:2",
        },
        "it was compared with rules:1, and rules:5 would be replaced",
    ),
    "alias": ({"edited": {"challenger": "7"}}, "an alias was pointed to it by hand, in MLflow"),
    "no commit": ({"tags": TAGS | {"commit": "none", "clean": "false"}}, "it was trained from files that no commit"),
    "commit that is not recorded": ({"tags": without("commit")}, "it was trained from files that no commit has"),
    "dirty": ({"tags": TAGS | {"clean": "false"}}, "it was trained with changes that are not in its commit 0123456"),
    "unknown commit": ({"lacks_commit": True}, "its commit 0123456789ab is not in this repository"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_sabotage_each_fault_is_one_objection(fault):
    planted, reason = FAULTS[fault]
    [found] = find(**planted)
    assert found.startswith(reason)


def test_version_that_passed_may_be_promoted_days_later():
    assert find() == []
    assert find(found=FOUND | {"results": [PASSED, INCONCLUSIVE]}) == []


@pytest.mark.parametrize("name", ["training_plan", "data_run", "champion"])
def test_what_an_older_template_did_not_record_is_no_objection(name):
    assert find(tags=without(name)) == []


def test_lake_without_runs_on_record_objects_to_nothing():
    assert find(runs=frozenset()) == []


def test_plan_may_do_without_a_commit():
    assert find(tags=TAGS | {"commit": "none", "clean": "false"}, needs_commit=False, lacks_commit=True) == []


def test_alias_of_another_version_that_was_moved_is_no_objection():
    assert find(edited={"challenger": "6", "previous": "7"}) == []
