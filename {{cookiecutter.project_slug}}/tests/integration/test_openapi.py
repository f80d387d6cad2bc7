"""What breaks those who call the API is found, and what does not is let through."""

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from {{ cookiecutter.__package }} import cli
from {{ cookiecutter.__package }}.product.app import describe
from {{ cookiecutter.__package }}.product.openapi_diff import broken

PROJECT = Path(__file__).parents[2]
API = describe("Decisions")
FEATURES = API["components"]["schemas"]["Features"]
NUMBER = next(name for name, field in FEATURES["properties"].items() if "maximum" in field)
CHOICE = next(name for name, field in FEATURES["properties"].items() if "enum" in field)


def schema(api, name):
    return api["components"]["schemas"][name]


def no_path(api):
    del api["paths"]["/v1/model"]


def no_operation(api):
    del api["paths"]["/v1/decisions"]["get"]


def no_answered_field(api):
    del schema(api, "Decision")["properties"]["score"]


def no_asked_field(api):
    del schema(api, "Features")["properties"][NUMBER]


def a_required_field(api):
    schema(api, "Features")["properties"]["luck"] = {"type": "number"}
    schema(api, "Features")["required"].append("luck")


def a_tighter_bound(api):
    schema(api, "Features")["properties"][NUMBER]["maximum"] -= 1


def a_choice_less(api):
    schema(api, "Features")["properties"][CHOICE]["enum"].pop()


def another_type(api):
    schema(api, "Decision")["properties"]["model"]["type"] = "integer"


def fewer_at_once(api):
    api["paths"]["/v1/decisions/batch"]["post"]["requestBody"]["content"]["application/json"]["schema"]["maxItems"] = 9


def a_smaller_limit(api):
    api["paths"]["/v1/decisions"]["get"]["parameters"][0]["schema"]["maximum"] = 10


BREAKS = {
    no_path: "GET /v1/model: removed",
    no_operation: "GET /v1/decisions: removed",
    no_answered_field: "answer 201.score: removed",
    no_asked_field: f"{NUMBER}: removed",
    a_required_field: "luck: newly required",
    a_tighter_bound: f"{NUMBER}: maximum",
    a_choice_less: f"{CHOICE}: no longer",
    another_type: "model: also integer now",
    fewer_at_once: "maxItems 1000 became 9",
    a_smaller_limit: "limit: maximum",
}


def test_nobody_who_calls_the_api_as_it_is_committed_is_broken():
    committed = json.loads((PROJECT / "openapi.json").read_text(encoding="utf-8"))
    assert broken(committed, API) == []
    assert broken(API, committed) == [], "there is more than openapi.json says: run `make openapi`, and commit it"


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.__name__)
def test_sabotage_what_breaks_callers_is_named(change):
    new = copy.deepcopy(API)
    change(new)
    assert any(BREAKS[change] in fault for fault in broken(API, new))


def test_what_is_only_added_breaks_nobody():
    new = copy.deepcopy(API)
    new["paths"]["/v2/decisions"] = new["paths"]["/v1/decisions"]
    schema(new, "Features")["properties"]["luck"] = {"type": "number"}
    schema(new, "Features")["properties"][NUMBER]["maximum"] += 1
    schema(new, "Decision")["properties"]["mood"] = {"type": "string"}
    assert broken(API, new) == []


def test_the_command_writes_and_compares(workspace, monkeypatch):
    monkeypatch.setenv("APP_ROOT", str(workspace.root))
    app, run = cli.app(), CliRunner().invoke
    assert "run `openapi` once" in str(run(app, ["openapi", "--check"]).exception)
    assert run(app, ["openapi"]).exit_code == 0
    assert run(app, ["openapi", "--check"]).exit_code == 0
    path = workspace.root / "openapi.json"
    path.write_text(path.read_text().replace('"/v1/model"', '"/v1/the_model"'))
    changed = run(app, ["openapi", "--check"])
    assert changed.exit_code == 1
    for unreadable in ("<<<<<<< ours", "[]", "{}", '{"paths": []}'):
        path.write_text(unreadable)
        assert "not a description of an API" in str(run(app, ["openapi", "--check"]).exception)
