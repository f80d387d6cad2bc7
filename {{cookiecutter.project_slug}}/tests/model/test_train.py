"""Training registers what every gate lets through, and nothing else."""

import re

import pandas as pd
import pytest
from pydantic import Field, create_model
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import make_pipeline

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.data import pipeline
from {{ cookiecutter.__package }}.model import promote as module_of_promotion
from {{ cookiecutter.__package }}.model import train
from {{ cookiecutter.__package }}.model.encode import encoder
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.objective import TARGET
from {{ cookiecutter.__package }}.schema import Strict, columns

# the dearest answer of all, given to everybody: nobody is treated worse than another
ABSURD = {0: TARGET.high, 2: 1.0}.get(len(TARGET.categories), (1.0, *[0.0] * (len(TARGET.categories) - 1)))
ALIASES = ("champion", "challenger", "fallback", "previous")


@pytest.fixture
def trained(workspace, command, monkeypatch):
    """Return a function that runs `train` with these candidates, in a plan that limits nothing but the cost."""
    path = workspace.root / "plan.toml"
    text = path.read_text(encoding="utf-8")
    for limit in (*workspace.plan.groups.limits, "max_calibration_error"):
        text = re.sub(rf"(?m)^{limit} = \S+", f"{limit} = {'1.0' if limit.startswith('max') else '1e9'}", text)
    before, slices = text.split("[slices]")
    slices = re.sub(r"(?m)^max_cost_increase = \S+", "max_cost_increase = 1e9", slices)
    path.write_text(f"{before}[slices]{slices}", encoding="utf-8")

    def run(**candidates):
        monkeypatch.setattr(train, "candidates", lambda *_: candidates)
        return command("train")

    return run


def aliases(workspace):
    return {alias: workspace.registry().version(alias) for alias in ALIASES}


def absurd_champion(workspace):
    registry = workspace.registry()
    inputs = [column for column in train.FEATURES if column.seen_by_models]
    tags = registry.tags("1")
    version = registry.register(RuleBook([], ABSURD).fit(), name="absurd", inputs=inputs, metrics={}, tags=tags)
    registry.set_alias("champion", version)


def runs(workspace):
    registry = workspace.registry()
    return registry.client.search_runs([registry.client.get_experiment_by_name("decision").experiment_id])


def test_sabotage_a_worse_candidate_is_refused_by_the_cost_gate_alone(workspace, trained):
    before = aliases(workspace)
    code, said, error = trained(absurd=RuleBook([], ABSURD))
    assert (code, error) == (1, "")
    assert "No candidate may serve" in said
    assert len(re.findall("(?m)^  FAIL  not cheaper than the champion", said)) == said.count("FAIL") == 1
    assert aliases(workspace) == before
    tags = next(run.data.tags for run in runs(workspace) if run.info.run_name == "absurd")
    assert tags.pop("gate.cost").startswith("fail: not cheaper")
    assert all(said.startswith("pass") for gate, said in tags.items() if gate.startswith("gate."))


def test_the_cheapest_that_passes_becomes_the_challenger_with_what_it_was_made_from(workspace, trained):
    absurd_champion(workspace)
    code, said, _ = trained(constant=RuleBook([]), absurd=RuleBook([], ABSURD))
    assert code == 0, said
    found = aliases(workspace)
    assert found == {"champion": "2", "challenger": "3", "fallback": "1", "previous": None}
    tags = workspace.registry().tags("3")
    assert tags["name"] == "constant"
    assert set(tags) == {"name", "commit", "clean", "data", "rows", "plan", "contract"}
    assert tags["plan"] == workspace.plan.fingerprint


def test_a_challenger_stays_when_all_that_is_new_is_refused(workspace, trained):
    workspace.registry().set_alias("challenger", "1")
    assert trained(absurd=RuleBook([], ABSURD))[0] == 1
    assert aliases(workspace)["challenger"] == "1"


def test_nothing_can_be_learned_before_there_is_data(workspace, command):
    (workspace.settings.var / "lake.db").unlink()
    before = aliases(workspace)
    code, _, error = command("train")
    assert (code, error.count("\n")) == (2, 1)
    assert "the lake has no table 'training'; run the `data` command first" in error
    assert aliases(workspace) == before


def test_the_rules_are_there_before_anything_is_trained(workspace, trained):
    (workspace.settings.var / "registry.db").unlink()
    code, said, error = trained(absurd=RuleBook([], ABSURD))
    assert (code, error) == (1, "")
    assert said.index("The rules are in the registry, version 1.") < said.index("rules:1 (champion)")
    assert aliases(workspace) == {"champion": "1", "challenger": None, "fallback": "1", "previous": None}


def test_a_table_from_before_a_column_was_in_the_contract_is_one_line(workspace, command):
    column = train.FEATURES[0].name
    with workspace.lake() as lake:
        lake.publish({"training": lake.read("training").drop(column)})
    before = aliases(workspace)
    code, out, error = command("train")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert f"the training table lacks {column}; run `data`" in error
    assert aliases(workspace) == before


RULED = {name for name, *_ in RuleBook().rules}
UNRULED = next(c.name for c in train.FEATURES if c.seen_by_models and c.name not in RULED)
MORE = {"pets": (int, Field(ge=0, le=9, description="Pets in the home"))}


@pytest.mark.parametrize("change", ["one column more", "one column less"])
def test_after_a_change_of_the_contract_the_rules_are_the_bar(workspace, trained, command, monkeypatch, change):
    old = make_pipeline(encoder(train.FEATURES), (DummyClassifier if TARGET.categories else DummyRegressor)())
    inputs, tags = [c for c in train.FEATURES if c.seen_by_models], workspace.registry().tags("1")
    with workspace.lake() as lake:
        old = train.fit(old, train.training_rows(lake, workspace.plan.objective)[1])
        # as good as the candidate, so that it could never be beaten
        kept = RuleBook([]).fit() if change == "one column more" else old
        version = workspace.registry().register(kept, name="old", inputs=inputs, metrics={}, tags=tags)
        workspace.registry().set_alias("champion", version)

    fields = {name: (field.annotation, field) for name, field in contract.Features.model_fields.items()}
    fields = fields | MORE if change == "one column more" else {n: f for n, f in fields.items() if n != UNRULED}
    changed = create_model("Features", __base__=Strict, **fields)
    monkeypatch.setattr(contract, "Features", changed)
    for module in (train, pipeline):
        monkeypatch.setattr(module, "FEATURES", columns(changed))
    monkeypatch.setattr(module_of_promotion, "RuleBook", lambda: RuleBook([], ABSURD))
    path = workspace.root / workspace.plan.data.source
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.assign(pets="1") if change == "one column more" else table.drop(columns=UNRULED)
    table.to_csv(path, index=False)

    assert command("data")[0] == 0
    code, said, error = trained(constant=RuleBook([]))
    assert (code, error) == (0, ""), said
    assert "rules:3 (in place of the champion: old:2 was made for another contract)" in said
    assert command("promote")[0] == 0
    assert workspace.registry().load("champion").name == "constant"
    _, said, _ = trained(constant=RuleBook([]))
    assert "constant:4 (champion)" in said


def test_the_fingerprint_of_the_data_changes_with_one_cell(workspace):
    with workspace.lake() as lake:
        table, _ = train.training_rows(lake, workspace.plan.objective)
    first = train.provenance(table, workspace.plan, workspace.root)
    assert train.provenance(table.copy(), workspace.plan, workspace.root) == first
    table.loc[0, "origin"] = "reaction"
    changed = train.provenance(table, workspace.plan, workspace.root)
    assert {name for name in first if first[name] != changed[name]} == {"data"}
