"""The registry keeps what it is given, at any path, and loads nothing that it does not know or that was changed."""

import dataclasses
import errno
import io
import multiprocessing
import os
import shutil
import socket
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from problems import USUAL, candidates
from sklearn.base import BaseEstimator
from training import training_table

from {{ cookiecutter.__package }}.cli.model import prepare as prepare_models
from {{ cookiecutter.__package }}.cli.preparation import prepare
from {{ cookiecutter.__package }}.core.background import ATTRIBUTE, ROWS, read_background
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.settings import Settings, sqlite_url
from {{ cookiecutter.__package }}.model.evaluate import fit, split_columns
from {{ cookiecutter.__package }}.model.promote import promote, register_rules
from {{ cookiecutter.__package }}.stores import mlflow_client, objects
from {{ cookiecutter.__package }}.stores.models import open_models
from {{ cookiecutter.__package }}.stores.registry import Registry

PROBLEM = USUAL.problem()
ALIASES = ("fallback", "champion", "challenger", "previous")


def open_project(root):
    """Return the project of the usual shape in a folder."""
    return USUAL.project(Settings(root=root), load_plan(root / "plan.toml"))


class Stranger(BaseEstimator):
    """A type that is not trusted."""


def register(registry, model=None, name="model", **tags):
    model = PROBLEM.rules.fit() if model is None else model
    return registry.register(model, name=name, inputs=PROBLEM.inputs, metrics={}, tags=tags)


def aliases(registry):
    return {alias: registry.version(alias) for alias in ALIASES if registry.version(alias)}


def stored_files(root):
    return sorted(root.rglob("*.skops"))


def negate_coefficients(file):
    """Change the sign of every array of numbers in a stored model, as an attacker could; it still is a whole file."""
    changed = 0
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, content in list(parts.items()):
        array = np.load(io.BytesIO(content)) if name.endswith(".npy") else np.array("no numbers")
        if array.dtype.kind == "f":
            negated = io.BytesIO()
            np.save(negated, -array)
            parts[name], changed = negated.getvalue(), changed + 1
    assert changed
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_rules_are_first_champion_and_fallback(workspace):
    registry = workspace.project.registry
    assert aliases(registry) == {"champion": "1", "fallback": "1"}
    assert registry.load("champion").label == "rules:1"


def test_same_rules_are_registered_once(workspace):
    project = workspace.project
    assert register_rules(project.registry, project.problem, project.plan, project.problem.rules.fit) is None


def test_rules_have_a_background_of_the_training_table(workspace):
    """Without one, their effects would be against the examples of the contract."""
    background = read_background(workspace.project.models.load("champion").model, PROBLEM.columns)
    values = training_table("usual")["risk"]
    assert len(background["risk"]) == ROWS
    assert np.mean(background["risk"]) == pytest.approx(values.mean(), abs=0.05 * values.std())


def test_rules_of_a_problem_stay_as_they_are_when_they_are_registered(workspace):
    project = dataclasses.replace(USUAL, rules=[]).project(workspace.project.settings, workspace.project.plan)
    prepare_models(project)
    assert hasattr(project.models.load("champion").model, ATTRIBUTE)
    assert not hasattr(project.problem.rules, ATTRIBUTE)


@pytest.mark.parametrize(
    "fault",
    [
        "there is no table",
        "a column has another type",
        *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("it has no row", "a column is missing")),
    ],
)
def test_rules_without_rows_of_their_contract_are_compared_with_the_examples(workspace, fault):
    project = dataclasses.replace(USUAL, rules=[]).project(workspace.project.settings, workspace.project.plan)
    table = pa.table({"risk": [0.5], "grade": [1], "insured": ["no"], "income": [20.5]})
    changed = {
        "it has no row": table.slice(0, 0),
        "a column is missing": table.drop_columns("grade"),
        "a column has another type": table.set_column(0, "risk", [["high"]]),
    }
    if fault in changed:
        with project.lake() as lake:
            lake.publish({"training": changed[fault]})
    else:
        project.settings.lake.unlink()
    prepare_models(project)
    model = project.models.load("champion").model
    assert (model.rules, hasattr(model, ATTRIBUTE)) == ([], False)


@pytest.mark.slow
def test_edited_rules_replace_the_old_ones_wherever_those_answer(workspace):
    edited = dataclasses.replace(USUAL, rules=[]).project(workspace.project.settings, workspace.project.plan)
    assert register_rules(edited.registry, edited.problem, edited.plan, edited.problem.rules.fit) == "2"
    assert aliases(edited.registry) == {"champion": "2", "fallback": "2", "previous": "1"}
    learned = register(edited.registry)
    edited.registry.set_alias("champion", learned)
    assert register_rules(workspace.project.registry, PROBLEM, edited.plan, PROBLEM.rules.fit) == "4"
    assert aliases(edited.registry) == {"champion": "3", "fallback": "4", "previous": "1"}


def test_alias_is_published_with_digest_and_tags(workspace):
    project = workspace.project
    registered, published = project.registry.load("champion"), project.models.load("champion")
    assert (published.label, published.digest) == (registered.label, registered.digest)
    assert published.tags == registered.tags


def test_sabotage_champion_that_was_changed_in_mlflow_is_named_and_answers_nothing(workspace, run_command):
    project = workspace.project
    version = register(project.registry)
    project.registry.client.set_registered_model_alias(mlflow_client.NAME, "champion", version)
    _, out, _ = run_command(workspace, "run", "--prepare")
    assert f"The champion was pointed to version {version} by hand, in MLflow, which no product follows." in out
    assert project.models.entry("champion")["version"] == "1"
    project.registry.set_alias("champion", version)
    assert "by hand" not in run_command(workspace, "run", "--prepare")[1]
    assert project.models.entry("champion")["version"] == version


def test_sabotage_model_of_untrusted_type_is_refused_and_leaves_no_run(workspace):
    registry = workspace.project.registry
    with pytest.raises(UserError, match=r"holds types that are not trusted: .*Stranger; define the type in problem/"):
        register(registry, Stranger())
    [experiment] = [e.experiment_id for e in registry.client.search_experiments(filter_string="name = 'decision'")]
    assert len(registry.client.search_runs([experiment])) == 1


def test_sabotage_stored_model_with_negated_coefficients_does_not_load(workspace):
    """Sabotage: the file stays whole and loads without a word; only its digest differs."""
    project = workspace.project
    [model] = candidates(PROBLEM.columns, project.plan).values()
    rows = split_columns(training_table("usual"), PROBLEM)
    version = register(project.registry, fit(model, rows), name="learned", contract=PROBLEM.fingerprint)
    project.registry.set_alias("champion", version)
    published = project.settings.models / "versions" / f"{version}.skops"
    copies = [file for file in stored_files(workspace.root / "var") if file.read_bytes() == published.read_bytes()]
    [registered] = set(copies) - {published}
    for store, file in ((project.models, published), (project.registry, registered)):
        assert store.load("champion").name == "learned"
        negate_coefficients(file)
        with pytest.raises(UserError, match=rf"^the champion, version {version}, does not load: .* was changed after"):
            store.load("champion")


def test_sabotage_changed_files_are_one_line_in_every_command(workspace, run_command, features):
    for file in stored_files(workspace.root / "var"):
        negate_coefficients(file)
    rows = workspace.root / "rows.csv"
    rows.write_text(",".join(features) + "\n" + ",".join(map(str, features.values())) + "\n", encoding="utf-8")
    code, _, error = run_command(workspace, "score", str(rows))
    assert (code, error.count("\n")) == (2, 1)
    assert "does not load: its file is missing, or was changed after registration" in error


@pytest.mark.slow
def test_rules_whose_file_was_changed_are_registered_again_at_the_next_start(workspace):
    for file in stored_files(workspace.root / "var"):
        file.write_bytes(b"damaged")
    prepare(workspace.project)
    registry = workspace.project.registry
    assert registry.load("champion").label == registry.load("fallback").label == "rules:2"
    assert workspace.project.models.load("champion").version == "2"


ADDRESSES = {
    "a scheme that nobody knows": "foo://x",
    "a folder that cannot be": "sqlite:///{folder}/file/below/registry.db",
    "a file that is no database": "sqlite:///{folder}/file",
    "a server that is away": "http://ann:secret@127.0.0.1:{port}",
}


@pytest.mark.parametrize("fault", ADDRESSES)
def test_registry_that_cannot_be_reached_is_one_line_with_the_next_step(tmp_path, fault):
    (tmp_path / "file").write_text("no database " * 500, encoding="utf-8")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = ADDRESSES[fault].format(folder=tmp_path, port=nobody.getsockname()[1])
        for ask in (Registry.version, Registry.load):
            with pytest.raises(UserError, match=r"^registry .*; APP_REGISTRY_URL names another$") as refusal:
                ask(Registry(url, open_models(tmp_path / "models")), "champion")
            assert "\n" not in str(refusal.value)
            assert "secret" not in str(refusal.value)


def test_registry_without_champion_says_how_to_get_one(workspace):
    registry = workspace.project.registry
    registry.drop_alias("champion")
    with pytest.raises(UserError, match="the registry has no champion; `run --prepare` registers the rules"):
        registry.load("champion")


def test_environment_of_the_user_is_left_alone(workspace):
    workspace.project.registry.load("champion")
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_challenger_becomes_champion_and_the_champion_is_remembered(workspace):
    registry = workspace.project.registry
    version = register(registry, contract=PROBLEM.fingerprint)
    registry.set_alias("challenger", version)
    champion, contract_changed = promote(registry, PROBLEM, version)
    assert (champion.version, contract_changed) == (version, False)
    assert aliases(registry) == {"champion": version, "previous": "1", "fallback": "1"}
    assert workspace.project.models.entry("champion")["version"] == version


def test_promotion_without_challenger_is_one_line(workspace):
    with pytest.raises(UserError, match="there is no challenger to promote; run the `train` command"):
        promote(workspace.project.registry, PROBLEM, None)


def test_challenger_of_another_contract_is_refused(workspace):
    registry = workspace.project.registry
    with pytest.raises(UserError, match="was made for another contract"):
        promote(registry, PROBLEM, register(registry, contract="another"))
    assert registry.version("champion") == "1"


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 4))
def test_promotion_that_is_interrupted_is_completed_by_the_next_one(workspace, monkeypatch, step):
    registry = workspace.project.registry
    version = register(registry, contract=PROBLEM.fingerprint)
    registry.set_alias("challenger", version)
    fail_at_call(monkeypatch, Registry, ("set_alias", "drop_alias"), step)
    with pytest.raises(KeyboardInterrupt):
        promote(registry, PROBLEM, version)
    monkeypatch.undo()
    promote(registry, PROBLEM, version)
    assert aliases(registry) == {"champion": version, "previous": "1", "fallback": "1"}


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 7))
def test_first_start_that_is_interrupted_is_completed_by_the_next_one(workspace, monkeypatch, step):
    """The process ends before any write of an alias, in MLflow or in the published files."""
    registry = workspace.project.registry
    for alias in ("champion", "fallback"):
        registry.drop_alias(alias)
        (workspace.root / "var" / "models" / f"{alias}.json").unlink()
    writes = [(Registry, "set_alias"), (Registry, "publish_aliases"), (objects.FolderFiles, "write")]
    counter = [0]
    for owner, name in writes:
        interrupt(monkeypatch, owner, name, step, counter)
    with pytest.raises(KeyboardInterrupt):
        prepare(workspace.project)
    monkeypatch.undo()
    prepare(workspace.project)
    models = workspace.project.models
    assert models.load("champion").label == models.load("fallback").label == registry.load("champion").label
    assert models.load("champion").name == "rules"


def interrupt(monkeypatch, owner, name, step, counter):
    original = getattr(owner, name)

    def call(*args, **kwargs):
        counter[0] += 1
        if counter[0] == step:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)


def fail_at_call(monkeypatch, owner, names, step):
    counter = [0]
    for name in names:
        interrupt(monkeypatch, owner, name, step, counter)


@pytest.mark.slow
def test_moved_project_loads_trains_on_and_can_move_back(workspace):
    old, new = workspace.root, workspace.root.with_name("moved")
    for round_trip in range(2):
        for source, target in ((old, new), (new, old)):
            source.rename(target)
            moved = open_project(target)
            prepare(moved)
            assert moved.registry.load("champion").label == "rules:1"
            version = register(moved.registry)
            moved.registry.set_alias("challenger", version)
            assert moved.registry.load("challenger").version == version
            run = moved.registry.client.get_model_version(mlflow_client.NAME, version).run_id
            home = moved.registry.client.get_run(run).info.artifact_uri
            assert home.startswith(target.as_uri() + "/"), (round_trip, home)


@pytest.mark.slow
def test_copied_project_writes_nothing_into_the_original(workspace):
    copy = workspace.root.with_name("copy")
    shutil.copytree(workspace.root, copy)
    before = {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*")}
    project = open_project(copy)
    prepare(project)
    project.registry.record(name="trial", metrics={"cost": 1.0}, tags={}, results=[])
    version = register(project.registry)
    project.registry.set_alias("champion", version)
    assert {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*")} == before
    assert workspace.project.registry.version("champion") == "1"


@pytest.mark.slow
def test_experiment_that_was_deleted_in_mlflow_is_one_line_with_the_way_back(workspace):
    registry = workspace.project.registry
    [experiment] = registry.client.search_experiments(filter_string="name = 'decision'")
    registry.client.delete_experiment(experiment.experiment_id)
    with pytest.raises(UserError, match=rf"experiments restore -x {experiment.experiment_id}`") as refusal:
        register(registry)
    assert "\n" not in str(refusal.value)
    assert registry.load("champion").label == "rules:1"
    registry.client.restore_experiment(experiment.experiment_id)
    assert register(registry) == "2"


@pytest.mark.slow
def test_model_that_was_deleted_in_mlflow_is_registered_again(workspace):
    workspace.project.registry.client.delete_registered_model(mlflow_client.NAME)
    prepare(workspace.project)
    assert workspace.project.models.load("champion").label == workspace.project.registry.load("fallback").label


SIMILAR = ["feature%2Flogin", "100% done", "a%25b", "what", "c#", "two words", "Größe"]


@pytest.mark.parametrize("name", ["[x]*", *(pytest.param(name, marks=pytest.mark.slow) for name in SIMILAR)])
def test_registry_works_in_a_folder_of_any_name(workspace, name):
    folder = workspace.root.with_name(name)
    workspace.root.rename(folder)
    registry = open_project(folder).registry
    version = register(registry)
    registry.set_alias("challenger", version)
    assert registry.load("challenger").version == version
    assert [path.name for path in folder.parent.iterdir()] == [name]
    assert (folder / "var" / "registry.db").stat().st_size


@pytest.mark.slow
def test_databases_of_similar_names_are_not_shared(workspace):
    """`%25` in a URL is a percent sign: these two folders were one database in 0.2.0."""
    names = ["a%b", "a%25b", "what?", "what"]
    for name in names:
        shutil.copytree(workspace.root, workspace.root.with_name(name))
    register(open_project(workspace.root.with_name(names[1])).registry)
    register(open_project(workspace.root.with_name(names[2])).registry)
    counts = []
    for name in names:
        client = open_project(workspace.root.with_name(name)).registry.client
        counts.append(len(client.search_model_versions("name = 'decision'")))
    assert counts == [1, 2, 2, 1]
    assert sorted(path.name for path in workspace.root.parent.iterdir()) == sorted([*names, "project"])


@pytest.mark.slow
def test_models_are_kept_beside_a_registry_that_is_elsewhere(workspace, tmp_path):
    """As on a read-only image: a file in place of `var/` stands for a folder that cannot be made."""
    elsewhere = tmp_path / "elsewhere"
    (workspace.root / "var").rename(elsewhere)
    (workspace.root / "var").touch()
    settings = Settings(
        root=workspace.root,
        lake_url=f"duckdb:///{elsewhere}/lake.db",
        ledger_url=sqlite_url(elsewhere / "ledger.db"),
        APP_REGISTRY_URL=sqlite_url(elsewhere / "registry.db"),
    )
    project = USUAL.project(settings, workspace.project.plan)
    prepare(project)
    assert project.models.where == str(elsewhere / "models")
    assert project.registry.load("champion").label == "rules:1"


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_place_that_cannot_be_written_is_one_line(workspace, monkeypatch, run_command, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(objects.FolderFiles, "write", refuse)
    edited = dataclasses.replace(workspace, shape=dataclasses.replace(USUAL, rules=[]))
    status, out, error = run_command(edited, "run", "--prepare")
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert os.strerror(code) in error
    assert "APP_MODELS_URL names another" in error


def register_twice(root, ready):
    ready.wait()
    registry = open_project(root).registry
    for _ in range(2):
        registry.set_alias("challenger", register(registry))


@pytest.mark.slow
def test_two_processes_that_register_at_once_lose_nothing(workspace):
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=register_twice, args=(workspace.root, ready)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=200)
        assert process.exitcode == 0
    registry = workspace.project.registry
    versions = [found.version for found in registry.client.search_model_versions("name = 'decision'")]
    assert sorted(map(int, versions)) == [1, 2, 3, 4, 5]
    assert all(registry.is_intact(str(version)) for version in versions)
    assert registry.find_edited_aliases() == {}


def start_first(root, ready):
    ready.wait()
    prepare(open_project(root))


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["var", "var/registry.db"])
def test_two_first_starts_at_once_both_come_up(workspace, missing):
    path = workspace.root / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=start_first, args=(workspace.root, ready)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=200)
        assert process.exitcode == 0
    assert workspace.project.models.load("champion").label == workspace.project.registry.load("champion").label


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.8, 1.2])
def test_first_start_that_is_killed_leaves_a_registry_that_opens(workspace, seconds):
    """The process is killed some time after it began to create the database."""
    shutil.rmtree(workspace.root / "var")
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(1)
    process = context.Process(target=start_first, args=(workspace.root, ready))
    process.start()
    part = workspace.root / "var" / ".registry.db.part"
    for _ in range(600):
        if part.exists() or not process.is_alive():
            break
        process.join(timeout=0.05)
    process.join(timeout=seconds)
    process.kill()
    process.join(timeout=30)
    prepare(workspace.project)
    assert workspace.project.registry.load("champion").label == "rules:1"
    assert not part.exists()
