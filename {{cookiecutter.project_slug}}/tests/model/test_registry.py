"""The registry keeps what it is given, and loads nothing it does not know."""

import os
import socket
from pathlib import Path

import mlflow
import pytest
from sklearn.base import BaseEstimator

from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.model.promote import install_rules, promote
from {{ cookiecutter.__package }}.model.rulebook import RuleBook
from {{ cookiecutter.__package }}.model.train import FEATURES
from {{ cookiecutter.__package }}.registry import Registry
from {{ cookiecutter.__package }}.trust import TRUSTED


class Stranger(BaseEstimator):
    """A type that the list of trusted ones does not have."""


def registered(registry, model, name="model", **tags):
    inputs = [column for column in FEATURES if column.seen_by_models]
    return registry.register(model, name=name, inputs=inputs, metrics={}, tags=tags)


def test_the_rules_are_there_as_champion_and_fallback(workspace):
    registry = workspace.registry()
    assert registry.version("champion") == registry.version("fallback") == "1"
    assert registry.load("champion").name == "rules"
    assert registry.version("challenger") is None


def test_the_same_rules_are_registered_once(workspace):
    assert install_rules(workspace.registry(), workspace.plan) is None


def test_edited_rules_replace_the_old_ones(workspace, monkeypatch):
    from {{ cookiecutter.__package }}.model import promote as module

    book = RuleBook([])
    monkeypatch.setattr(module, "RuleBook", lambda: book)
    assert install_rules(workspace.registry(), workspace.plan) == "2"
    assert workspace.registry().version("champion") == workspace.registry().version("fallback") == "2"


def test_sabotage_a_model_of_a_type_that_is_not_trusted_is_refused(workspace):
    with pytest.raises(UserError, match=r"add the type to TRUSTED in trust\.py"):
        registered(workspace.registry(), Stranger())


def test_a_model_that_was_registered_by_mlflow_itself_loads(workspace, monkeypatch):
    """Its version names a logged model, which is looked up where this registry is, not where MLflow would look."""
    registry = workspace.registry()
    [home] = registry.client.search_experiments(filter_string="name = 'decision'")
    with monkeypatch.context() as notebook:
        notebook.setenv("MLFLOW_TRACKING_URI", registry.url)
        with mlflow.start_run(experiment_id=home.experiment_id):
            made = mlflow.sklearn.log_model(
                RuleBook().fit(), name="mine", serialization_format="skops", skops_trusted_types=TRUSTED
            )
            version = mlflow.register_model(made.model_uri, "decision").version
    assert registry.client.get_model_version("decision", version).source.startswith("models:/")
    registry.set_alias("challenger", version)
    assert isinstance(registry.load("challenger").model, RuleBook)


def test_a_damaged_file_is_one_sentence(workspace):
    registry = workspace.registry()
    version = registered(registry, RuleBook().fit())
    registry.set_alias("challenger", version)
    source = registry.client.get_model_version("decision", version).source
    [stored] = Path(mlflow.artifacts.download_artifacts(source)).rglob("model.skops")
    stored.write_bytes(b"damaged")
    with pytest.raises(UserError, match=f"the challenger, version {version}, does not load"):
        registry.load("challenger")


ADDRESSES = {
    "a scheme that nobody knows": "foo://x",
    "a folder that cannot be": "sqlite:///{folder}/file/below/registry.db",
    "a file that is no database": "sqlite:///{folder}/file",
    "a server that is away": "http://ann:secret@127.0.0.1:{port}",
}


@pytest.mark.parametrize("fault", ADDRESSES)
def test_a_registry_that_cannot_be_reached_is_one_line_with_the_next_step(tmp_path, fault):
    (tmp_path / "file").write_text("no database " * 500, encoding="utf-8")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = ADDRESSES[fault].format(folder=tmp_path, port=nobody.getsockname()[1])
        for ask in (Registry.version, Registry.load):
            with pytest.raises(UserError, match=r"^registry .*; APP_REGISTRY_URL names another$") as refusal:
                ask(Registry(url, tmp_path / "models"), "champion")
            assert "\n" not in str(refusal.value)
            assert "secret" not in str(refusal.value)


def test_a_registry_without_a_champion_says_how_to_get_one(tmp_path):
    with pytest.raises(UserError, match="the registry has no champion; `run --prepare` puts the rules there"):
        Registry(f"sqlite:///{tmp_path}/registry.db", tmp_path / "models").load("champion")


def test_the_environment_keeps_the_users_address(workspace, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    workspace.registry().load("champion")
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_challenger_takes_the_stage_and_the_champion_is_remembered(workspace):
    registry = workspace.registry()
    version = registered(registry, RuleBook().fit(), contract=registry.tags("1")["contract"])
    registry.set_alias("challenger", version)
    assert promote(registry).version == version
    aliases = {alias: registry.version(alias) for alias in ("champion", "previous", "challenger", "fallback")}
    assert aliases == {"champion": version, "previous": "1", "challenger": None, "fallback": "1"}


def test_there_is_nothing_to_promote_before_training(workspace):
    with pytest.raises(UserError, match="there is no challenger to promote; run the `train` command"):
        promote(workspace.registry())


def test_a_challenger_of_another_contract_is_refused(workspace):
    registry = workspace.registry()
    registry.set_alias("challenger", registered(registry, RuleBook().fit(), contract="another"))
    with pytest.raises(UserError, match="was made for another contract"):
        promote(registry)
    assert registry.version("champion") == "1"
