"""Published models: what serving follows, without a registry."""

import sys
import types

import pytest
from problems import USUAL
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.stores import models as module
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model, open_models
from {{ cookiecutter.__package }}.stores.objects import ObjectFiles

RULES = USUAL.problem().rules.fit()


class Stranger(BaseEstimator):
    """A type that is not trusted."""


class Own(BaseEstimator):
    """A type that is moved into `problem/` by a test."""


def publish(models, model=RULES, alias="champion", version="1"):
    content = dump_model(model)
    models.add(version, content)
    models.publish(alias, name="model", version=version, digest=digest_of(content), tags={"contract": "c"})


@pytest.fixture(params=["folder", "objects"])
def models(request, tmp_path):
    """Return published models in a folder, and through Arrow's file systems."""
    folder = tmp_path / "models"
    if request.param == "folder":
        return open_models(folder)
    (folder / "versions").mkdir(parents=True)  # an object store has no folders
    return module.Models(ObjectFiles(folder.as_uri()), folder.as_uri())


def test_published_model_loads_with_its_tags(models):
    publish(models)
    found = models.load("champion")
    assert (found.label, found.tags, found.model.rules) == ("model:1", {"contract": "c"}, RULES.rules)
    assert models.entry("fallback") is None


def test_alias_follows(models):
    publish(models)
    publish(models, version="2")
    assert models.entry("champion")["version"] == "2"


def test_missing_alias_says_how_to_get_one(models):
    with pytest.raises(UserError, match=r"no champion is published in .*; `run --prepare` publishes the rules"):
        models.load("champion")


@pytest.mark.parametrize("change", [b"", b"damaged", None])
def test_changed_or_missing_file_does_not_load(models, change, tmp_path):
    publish(models)
    if change is None:
        (tmp_path / "models" / "versions" / "1.skops").unlink()
    else:
        models.add("1", change)
    with pytest.raises(UserError, match=r"^the champion, version 1, does not load: its file is missing, or"):
        models.load("champion")


def test_damaged_alias_is_one_line(models):
    models.files.write("champion.json", b"{")
    with pytest.raises(UserError, match=r"^models .*; APP_MODELS_URL names another$"):
        models.load("champion")


def test_untrusted_type_is_refused_when_stored_and_when_loaded(models, monkeypatch):
    with pytest.raises(UserError, match=r"not trusted: .*Stranger; define the type in problem/, or add it to TRUSTED"):
        publish(models, Stranger())
    with monkeypatch.context() as patch:
        patch.setattr(module, "TRUSTED", (f"{Stranger.__module__}.Stranger",))
        publish(models, Stranger())
        assert isinstance(models.load("champion").model, Stranger)
    with pytest.raises(UserError, match=r"does not load: it holds types that are not trusted: .*Stranger; train"):
        models.load("champion")


def test_type_of_another_module_of_the_package_is_not_trusted(monkeypatch):
    """Only estimators of core/ and problem/ are: a file must not name a command."""
    monkeypatch.setattr(Own, "__module__", composition.__name__)
    monkeypatch.setattr(composition, "Own", Own, raising=False)
    with pytest.raises(UserError, match="not trusted"):
        dump_model(Own())


def test_type_of_the_owner_is_trusted(monkeypatch):
    owned = types.ModuleType(f"{module.PACKAGE}.problem.own")
    owned.Own = Own
    monkeypatch.setitem(sys.modules, owned.__name__, owned)
    monkeypatch.setattr(Own, "__module__", owned.__name__)
    content = dump_model(Own())
    assert isinstance(load_model(content, digest_of(content)), Own)


def test_type_of_scikit_learn_is_trusted():
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    content = dump_model(model)
    assert load_model(content, digest_of(content)).coef_ == model.coef_


def test_write_leaves_no_part_behind_when_it_fails(tmp_path, monkeypatch):
    models = open_models(tmp_path)
    publish(models)
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "versions" / "2.skops").mkdir()
    with pytest.raises(UserError, match="APP_MODELS_URL names another"):
        models.add("2", b"x")
    (tmp_path / "versions" / "2.skops").rmdir()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["a b", "100%25", "c#", "what?", "Größe"])
def test_folder_is_given_as_path_or_as_url(tmp_path, name):
    publish(open_models((tmp_path / name).as_uri()))
    assert open_models(tmp_path / name).load("champion").version == "1"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_unknown_store_is_one_line_without_its_password(tmp_path):
    with pytest.raises(UserError, match=r"^models foo://bucket: .*; APP_MODELS_URL names another$") as refusal:
        open_models("foo://ann:secret@bucket")
    assert "secret" not in str(refusal.value)
