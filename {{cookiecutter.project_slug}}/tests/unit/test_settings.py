"""Settings: what is not allowed is refused in one line, and every default lies inside the project."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.core.errors import UserError, hide_passwords, in_one_line
from {{ cookiecutter.__package }}.core.settings import (
    Settings,
    is_loopback,
    load_settings,
    sqlite_path,
    sqlite_url,
)

KEY = "a-key-of-sixteen-or-more"
ODD = ["what?", "100%25 done", "feature%2Flogin", "a#b", "me@corp", "a+b&c=d", "\u00fcber die Stra\u00dfe", "a;b"]


def test_listening_beyond_this_machine_needs_a_key(monkeypatch):
    monkeypatch.setenv("APP_HOST", "0.0.0.0")  # noqa: S104  # the address that is to be refused
    with pytest.raises(UserError, match=r"^settings: listening on 0\.0\.0\.0 needs an API key: set APP_API_KEYS"):
        load_settings()
    monkeypatch.setenv("APP_API_KEYS", f"{KEY}, {KEY}-2")
    assert [key.get_secret_value() for key in load_settings().api_keys] == [KEY, f"{KEY}-2"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("APP_PORT", "70000", "APP_PORT: Input should be less than or equal to 65535"),
        ("APP_PORT", "http", "APP_PORT: Input should be a valid integer"),
        ("APP_API_KEYS", "short-secret", "settings: APP_API_KEYS: every key needs at least 16 characters"),
        ("APP_MAX_BODY_BYTES", "1", "APP_MAX_BODY_BYTES: Input should be greater than or equal to 256"),
        ("APP_READ_SECONDS", "0.0", "APP_READ_SECONDS: Input should be greater than 0"),
        ("APP_MAX_CONNECTIONS", "-7", "APP_MAX_CONNECTIONS: Input should be greater than or equal to 1"),
    ],
)
def test_bad_value_is_refused_with_its_name_and_is_never_repeated(monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as refusal:
        load_settings()
    assert expected in str(refusal.value)
    assert value not in str(refusal.value).replace(expected, "")


def test_variable_of_mlflow_names_the_registry(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert load_settings().registry == "http://127.0.0.1:5000"
    monkeypatch.setenv("REGISTRY_URL", "http://of-another-program")
    assert load_settings().registry == "http://127.0.0.1:5000"
    monkeypatch.setenv("APP_REGISTRY_URL", "http://ours")
    assert load_settings().registry == "http://ours"


@pytest.mark.parametrize("folder", ODD)
def test_databases_of_a_project_lie_inside_its_folder_whatever_its_name(tmp_path, folder):
    settings = Settings(root=tmp_path / folder)
    assert settings.var == tmp_path / folder / "var"
    assert {sqlite_path(settings.ledger), sqlite_path(settings.registry), settings.lake, settings.models} == {
        settings.var / name for name in ("ledger.db", "registry.db", "lake.db", "models")
    }


@pytest.mark.parametrize("folder", ODD)
def test_sqlite_url_is_read_back_as_the_same_path(folder):
    path = Path("/projects", folder, "ledger.db")
    assert sqlite_path(sqlite_url(path)) == path


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "postgresql://me@host/x", "sqlite://", "nonsense", "a://b:c"])
def test_other_urls_name_no_sqlite_file(url):
    assert sqlite_path(url) is None


def test_models_are_published_beside_a_sqlite_registry_unless_a_url_names_a_place(tmp_path):
    registry = sqlite_url(tmp_path / "elsewhere" / "registry.db")
    assert Settings(root=tmp_path, registry_url=registry).models == tmp_path / "elsewhere" / "models"
    assert Settings(root=tmp_path, registry_url="http://127.0.0.1:5000").models == tmp_path / "var" / "models"
    assert Settings(root=tmp_path, models_url="s3://bucket/models").models == "s3://bucket/models"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("a.b", False), ("", False)],
)
def test_loopback_addresses_are_recognised(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "text",
    ["at http://me:secret@host/x: no", "http://me:se@secret@host, then s3://secret@b", "x://secret:a/secret@host"],
)
def test_user_names_and_passwords_of_urls_are_removed(text):
    assert "secret" not in hide_passwords(text)
    assert "//" in hide_passwords(text)


def test_error_of_a_library_becomes_one_line_with_the_next_step():
    text = "\n  cannot connect to http://me:secret@host \n and a second line"
    with pytest.raises(UserError) as refusal, in_one_line("registry", "try another"):
        raise OSError(text)
    assert str(refusal.value) == "registry: cannot connect to http://host; try another"
    with pytest.raises(UserError, match=r"^registry: KeyError; try another$"), in_one_line("registry", "try another"):
        raise KeyError
    with pytest.raises(UserError, match=r"^as it is$"), in_one_line("registry", "try another"):
        raise UserError("as it is")


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """Return an empty folder of secrets that the settings read."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("APP_SECRETS_DIR", str(folder))
    return folder


def test_secrets_are_read_from_files_and_a_variable_wins(secrets, monkeypatch):
    (secrets / "app_api_keys").write_text(f"{KEY},{KEY}-2\n", encoding="utf-8")
    (secrets / "APP_LEDGER_URL").write_text("postgresql+psycopg://me:secret@host/x\n", encoding="utf-8")
    (secrets / "app_registry_url").write_text("http://registry", encoding="utf-8")
    (secrets / "password_of_another_program").write_text("", encoding="utf-8")
    monkeypatch.setenv("APP_HOST", "0.0.0.0")  # noqa: S104  # needs a key
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == [KEY, f"{KEY}-2"]
    assert (settings.ledger, settings.registry) == ("postgresql+psycopg://me:secret@host/x", "http://registry")
    monkeypatch.setenv("APP_API_KEYS", f"{KEY}-3")
    assert [key.get_secret_value() for key in load_settings().api_keys] == [f"{KEY}-3"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("app_api_key", KEY.encode(), "app_api_key: unknown name; the nearest known one is app_api_keys"),
        ("app_api_keys", b" \n", "app_api_keys is empty; write the value into it, or remove it"),
        ("app_api_keys", b"\xff" * 20, "app_api_keys: it is not UTF-8; it has to be a text file"),
        ("app_api_keys", None, "app_api_keys: Is a directory; it has to be a text file"),
        ("app_api_keys", b"short-secret", "APP_API_KEYS: every key needs at least 16 characters"),
        ("app_port", b"http-secret", "APP_PORT: Input should be a valid integer"),
    ],
)
def test_bad_file_of_a_secret_is_refused_and_its_content_is_never_repeated(secrets, name, content, expected):
    if content is None:
        (secrets / name).mkdir()
    else:
        (secrets / name).write_bytes(content)
    with pytest.raises(UserError) as refusal:
        load_settings()
    assert str(refusal.value).startswith("settings: ")
    assert expected in str(refusal.value)
    assert "secret" not in str(refusal.value).replace(str(secrets), "")


def test_missing_folder_of_secrets_is_refused(secrets):
    secrets.rmdir()
    with pytest.raises(UserError, match=r"^settings: APP_SECRETS_DIR: .+ is not a folder; mount the secrets there"):
        load_settings()


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000"), ("::1", "http://[::1]:8000")],
)
def test_product_that_listens_everywhere_is_reached_on_this_machine(host, url):
    assert Settings(host=host, api_keys=("a-long-enough-key",)).url == url
