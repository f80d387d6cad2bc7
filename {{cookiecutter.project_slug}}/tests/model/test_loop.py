"""The whole loop: file, rules, decision, reaction, training row, gates, promotion, another answer."""

import hashlib
import re
import shutil
import time
from pathlib import Path

import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.result import GateResult
from {{ cookiecutter.__package }}.stores.registry import Registry

CODE = Path(composition.__file__).parents[1]
SECONDS = 20
OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in SHAPES if name != "usual"]


def digest_of_code():
    files = [path for path in sorted(CODE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def wait_for(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


def make_decision(product, problem):
    features = {column.name: column.example for column in problem.columns}
    return product.post("/v1/decisions", json=features).json(), features


@pytest.mark.parametrize("name", ["usual", *OTHERS])
def test_reaction_becomes_a_row_and_a_promoted_model_answers(make_workspace, tmp_path, run_command, name):
    before, workspace = digest_of_code(), make_workspace(tmp_path / "project", name)
    problem, project = workspace.shape.problem(), workspace.project
    with workspace.product() as product:
        first, features = make_decision(product, problem)
        assert first["model"] == "rules:1"
        given = first["answer"]
        other = next(answer for answer in (problem.target.categories or (given + 1.0,)) if answer != given)
        reaction = {"verdict": "override", "answer": other}
        assert product.post(f"/v1/decisions/{first['id']}/reaction", json=reaction).is_success

        code, out, _ = run_command(workspace, "data")
        assert (code, "1 of them from reactions, outcomes and labels; 0 in" in out) == (0, True)
        assert "400 from the file and 1 override.\n" in out
        with project.lake() as lake:
            table = lake.frame("training").set_index("_key")
        assert table.loc[first["id"], "_origin"] == "override"
        assert table.loc[first["id"], problem.target.name] == other

        code, out, error = run_command(workspace, "train")
        assert error == ""
        assert "400 from the file and 1 override.\n" in out
        protected = sum(column.protected for column in problem.columns)
        gates = 4 + bool(protected) + protected * len(project.plan.groups.limits)
        gates += 2 + bool(problem.target.categories)  # of the training table
        assert len(re.findall("(?m)^  (pass|FAIL|inconclusive)  ", out)) == gates
        refused = re.findall(r"(?m)^(\w[\w ]*) refused\b", out)
        assert bool(refused) == (code == 1)
        assert len(re.findall("FAIL|inconclusive", out)) >= len(refused)
        assert make_decision(product, problem)[0]["model"] == first["model"]
        if refused:  # a small table of random numbers: whether a gate lets a model through is not the point
            version = project.registry.register(
                workspace.shape.problem().rules.fit(),
                name="learned",
                inputs=problem.inputs,
                metrics={},
                results=[GateResult("cost", "pass", "cheaper")],
                tags={"contract": problem.fingerprint, "rows": str(len(table))},
            )
            project.registry.set_alias("challenger", version)
        assert project.registry.tags(project.registry.version("challenger"))["rows"] == str(len(table))

        assert run_command(workspace, "promote")[0] == 0
        champion = project.registry.load("champion")
        assert champion.name == "learned"
        wait_for(lambda: make_decision(product, problem)[0]["model"] == champion.label)
        last = make_decision(product, problem)[0]
        as_row = {column.name: [features[column.name]] for column in problem.inputs}
        predictions = problem.objective.predict(champion.model, as_row)
        assert last["score"] == problem.objective.scores(predictions)[0]
    assert digest_of_code() == before


def test_faulty_commands_are_one_line_and_change_nothing(workspace, command):
    empty = workspace.root / "empty.csv"
    empty.touch()
    path = workspace.root / "plan.toml"
    text = path.read_text(encoding="utf-8")
    for words, plan, message in (
        (("data", "--csv", str(workspace.root / "nothing.csv")), text, "no such file"),
        (("data", "--csv", str(empty)), text, "no rows"),
        (("promote",), text, "there is no challenger to promote"),
        (("train",), text + "\n[drft]\n", "nearest known one is drift"),
    ):
        path.write_text(plan, encoding="utf-8")
        code, _, error = command(*words)
        assert (code, error.count("\n")) == (2, 1), error
        assert error.startswith("error: ")
        assert message in error
    path.write_text(text, encoding="utf-8")
    assert workspace.project.registry.version("champion") == "1"


def test_training_without_a_table_is_one_line(workspace, command):
    shutil.rmtree(workspace.root / "var")
    code, _, error = command("train")
    assert code == 2
    assert "the lake has no table 'training'; run the `data` command first" in error


@pytest.mark.slow
def test_champion_that_was_changed_leaves_the_old_one_answering(workspace, caplog):
    project = workspace.project
    tags = {"contract": project.problem.fingerprint}
    damaged, good = (
        project.registry.register(
            project.problem.rules.fit(), name=name, inputs=project.problem.inputs, metrics={}, tags=tags
        )
        for name in ("damaged", "good")
    )
    with workspace.product() as product:
        project.models.add(damaged, b"damaged")
        digest = project.registry.tags(damaged)["digest"]
        project.models.publish("champion", name="damaged", version=damaged, digest=digest, tags=tags)
        wait_for(lambda: f"version {damaged}, does not load" in caplog.text)
        assert make_decision(product, project.problem)[0]["model"] == "rules:1"
        project.registry.set_alias("champion", good)
        wait_for(lambda: make_decision(product, project.problem)[0]["model"] == f"good:{good}")


def test_product_answers_without_its_registry(workspace, monkeypatch):
    """Serving follows published models; the registry may be away or damaged."""
    (workspace.project.settings.var / "registry.db").write_bytes(b"no database any more " * 500)
    monkeypatch.setattr(Registry, "__init__", lambda *_: pytest.fail("serving opened the registry"))
    with workspace.product() as product:
        assert make_decision(product, workspace.project.problem)[0]["model"] == "rules:1"
