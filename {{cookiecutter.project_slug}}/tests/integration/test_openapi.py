"""Changes of the API that break its callers are named, and those that do not are let through."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_diff import breaking_changes
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.cli.composition import load_project
from {{ cookiecutter.__package }}.product.app import describe

PROJECT = Path(__file__).parents[2]
API = describe(USUAL.problem(), "Decisions")


def schema(api, name):
    return api["components"]["schemas"][name]


def remove_a_path(api):
    del api["paths"]["/v1/model"]


def remove_an_operation(api):
    del api["paths"]["/v1/decisions"]["get"]


def remove_an_answered_field(api):
    del schema(api, "Decision")["properties"]["score"]


def remove_a_requested_field(api):
    del schema(api, "Features")["properties"]["risk"]


def require_a_field(api):
    schema(api, "Features")["properties"]["luck"] = {"type": "number"}
    schema(api, "Features")["required"].append("luck")


def tighten_a_bound(api):
    schema(api, "Features")["properties"]["risk"]["maximum"] -= 1


def remove_a_category(api):
    schema(api, "Features")["properties"]["insured"]["enum"].pop()


def change_a_type(api):
    schema(api, "Decision")["properties"]["model"]["type"] = "integer"


def shorten_lists(api):
    api["paths"]["/v1/decisions/batch"]["post"]["requestBody"]["content"]["application/json"]["schema"]["maxItems"] = 9


def lower_a_limit(api):
    api["paths"]["/v1/decisions"]["get"]["parameters"][0]["schema"]["maximum"] = 10


BREAKS = {
    remove_a_path: "GET /v1/model: removed",
    remove_an_operation: "GET /v1/decisions: removed",
    remove_an_answered_field: "answer 201.score: removed",
    remove_a_requested_field: "risk: removed",
    require_a_field: "luck: newly required",
    tighten_a_bound: "risk: maximum",
    remove_a_category: "insured: no longer",
    change_a_type: "model: also integer now",
    shorten_lists: "maxItems 1000 became 9",
    lower_a_limit: "limit: maximum",
}


def test_committed_description_is_up_to_date():
    project = load_project()
    described = json.loads(json.dumps(describe(project.problem, project.plan.product.question)))
    committed = json.loads((PROJECT / "openapi.json").read_text(encoding="utf-8"))
    assert committed == described, "openapi.json is not up to date: run `make openapi`, and commit it"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_path_that_needs_no_key_is_described_without_401(path):
    assert "401" not in API["paths"][path]["get"]["responses"]
    assert "401" in API["paths"]["/v1/model"]["get"]["responses"]


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.__name__)
def test_sabotage_change_that_breaks_callers_is_named(change):
    new = copy.deepcopy(API)
    change(new)
    assert any(BREAKS[change] in fault for fault in breaking_changes(API, new))


def test_additions_break_no_caller():
    new = copy.deepcopy(API)
    new["paths"]["/v2/decisions"] = new["paths"]["/v1/decisions"]
    schema(new, "Features")["properties"]["luck"] = {"type": "number"}
    schema(new, "Features")["properties"]["risk"]["maximum"] += 1
    schema(new, "Decision")["properties"]["mood"] = {"type": "string"}
    del new["paths"]["/v1/model"]["get"]["responses"]["503"]
    assert breaking_changes(API, new) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_description_of_every_contract_breaks_nothing_of_itself(name):
    api = describe(SHAPES[name].problem(), "Decisions")
    assert breaking_changes(api, copy.deepcopy(api)) == []


def test_command_writes_the_description(workspace, command):
    assert command("openapi")[0] == 0
    written = json.loads((workspace.root / "openapi.json").read_text(encoding="utf-8"))
    assert written["paths"].keys() == API["paths"].keys()


def compare(*files):
    words = [sys.executable, PROJECT / "tests" / "openapi_diff.py", *files]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_comparison_of_two_files_exits_1_and_names_what_breaks(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(API))
    new.write_text(json.dumps(API).replace('"/v1/model"', '"/v1/the_model"'))
    code, printed, _ = compare(old, new)
    assert (code, printed) == (1, "GET /v1/model: removed\n")
    assert compare(old, old)[0] == 0


@pytest.mark.parametrize("text", ["<<<<<<< ours", "[]", "{}", '{"paths": []}', None])
def test_file_that_is_no_description_is_one_line(tmp_path, text):
    file = tmp_path / "openapi.json"
    if text is not None:
        file.write_text(text)
    code, printed, error = compare(file, file)
    assert (code, printed) == (2, "")
    assert error.startswith(f"error: {file}: ")
    assert error.count("\n") == 1
