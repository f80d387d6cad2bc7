"""Once round: file, rules, decision, reaction, training row, gates, promotion, another answer."""

import hashlib
import re
import shutil
import time
from pathlib import Path

import mlflow
import pytest

from {{ cookiecutter.__package }} import cli, contract
from {{ cookiecutter.__package }}.data.pipeline import FEATURES, LABEL

CODE = Path(contract.__file__).parent


def digest():
    """Return what changes when a file of the product does."""
    files = [path for path in sorted(CODE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def run(workspace, monkeypatch, *words):
    """Run a command as a person would, and return its exit code."""
    monkeypatch.setenv("APP_ROOT", str(workspace.root))
    monkeypatch.setattr("sys.argv", ["project", *words])
    with pytest.raises(SystemExit) as done:
        cli.main()
    return done.value.code or 0


def test_the_whole_loop(product, workspace, features, monkeypatch, capsys):
    before = digest()
    first = product.post("/v1/decisions", json=features).json()
    assert first["model"].startswith("rules:")
    given = first["answer"]
    other = next(answer for answer in (LABEL.categories or (given + 1.0,)) if answer != given)
    product.post(f"/v1/decisions/{first['id']}/reaction", json={"verdict": "override", "answer": other})

    assert run(workspace, monkeypatch, "data") == 0
    assert "1 of them from reactions" in capsys.readouterr().out
    with workspace.lake() as lake:
        table = lake.frame("training").set_index(contract.KEY)
    assert table.loc[first["id"], "origin"] == "reaction"
    assert table.loc[first["id"], LABEL.name] == other

    assert run(workspace, monkeypatch, "train") == 0
    said = capsys.readouterr().out
    assert "is the challenger" in said
    registry = workspace.registry()
    refused = re.findall(r"(?m)^(\w+) refused$", said)
    assert registry.load("challenger").name not in refused
    assert len(re.findall("FAIL|not enough evidence", said)) >= len(refused)
    assert registry.tags(registry.version("challenger"))["rows"] == str(len(table))
    assert product.post("/v1/decisions", json=features).json()["model"] == first["model"]

    assert run(workspace, monkeypatch, "promote") == 0
    champion = registry.load("champion")
    assert champion.name != "rules"
    deadline = time.monotonic() + 20
    while (last := product.post("/v1/decisions", json=features).json())["model"] != champion.label:
        assert time.monotonic() < deadline, "the product does not follow the registry"
        time.sleep(0.1)
    as_row = {column.name: [features[column.name]] for column in FEATURES}
    objective = workspace.plan.objective
    assert digest() == before
    assert last["score"] == objective.scores(objective.raw(champion.model, as_row))[0]
    trace = product.get(f"/v1/decisions/{last['id']}").json()
    assert list(trace["encoded"].values()) == champion.model[0].transform(as_row)[0].tolist()


def test_bad_commands_say_one_line_and_change_nothing(workspace, monkeypatch, capsys):
    empty = workspace.root / "empty.csv"
    empty.touch()
    broken = workspace.root / "plan.toml"
    text = broken.read_text(encoding="utf-8")
    for words, plan, said in (
        (("data", "--csv", str(workspace.root / "nothing.csv")), text, "no such file"),
        (("data", "--csv", str(empty)), text, "the file is empty"),
        (("promote",), text, "there is no challenger to promote"),
        (("train",), text.replace("[drift]", "[drft]"), "nearest known one is drift"),
    ):
        broken.write_text(plan, encoding="utf-8")
        assert run(workspace, monkeypatch, *words) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert said in error
    broken.write_text(text, encoding="utf-8")
    assert workspace.registry().version("champion") == "1"


def test_a_missing_table_is_one_line(workspace, monkeypatch, capsys):
    shutil.rmtree(workspace.root / "var")
    assert run(workspace, monkeypatch, "train") == 2
    assert "the lake has no table 'training'; run the `data` command first" in capsys.readouterr().err


def test_a_champion_that_does_not_load_leaves_the_old_one_answering(product, workspace, features, caplog):
    from {{ cookiecutter.__package }}.model.rulebook import RuleBook

    registry = workspace.registry()
    tags = {"contract": registry.tags("1")["contract"]}
    damaged, good = (
        registry.register(RuleBook().fit(), name=name, inputs=FEATURES, metrics={}, tags=tags)
        for name in ("damaged", "good")
    )
    folder = mlflow.artifacts.download_artifacts(registry.client.get_model_version("decision", damaged).source)
    [stored] = Path(folder).rglob("model.skops")
    stored.write_bytes(b"damaged")
    for version, answering in ((damaged, "rules:1"), (good, f"good:{good}")):
        registry.set_alias("champion", version)
        deadline = time.monotonic() + 20
        while f"version {damaged}, does not load" not in caplog.text or (
            product.get("/v1/model").json()["model"] != answering
        ):
            assert time.monotonic() < deadline, caplog.text
            time.sleep(0.05)
        assert product.post("/v1/decisions", json=features).json()["model"] == answering


def test_a_registry_that_is_gone_leaves_the_models_at_hand_answering(product, workspace, features, caplog):
    (workspace.settings.var / "registry.db").write_bytes(b"no database any more " * 500)
    deadline = time.monotonic() + 20
    while "cannot ask the registry" not in caplog.text:
        assert time.monotonic() < deadline, caplog.text
        time.sleep(0.05)
    made = product.post("/v1/decisions", json=features)
    assert (made.status_code, made.json()["model"]) == (201, "rules:1")
