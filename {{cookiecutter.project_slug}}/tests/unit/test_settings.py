"""Settings refuse what would open the product to strangers."""

import pytest

from {{ cookiecutter.__package }}.errors import UserError
from {{ cookiecutter.__package }}.settings import is_loopback, load_settings

KEY = "a-key-of-sixteen-or-more"


def test_listening_beyond_this_machine_needs_a_key(monkeypatch):
    monkeypatch.setenv("APP_HOST", "0.0.0.0")  # noqa: S104 - the point of the test
    with pytest.raises(UserError, match=r"^settings: listening on 0\.0\.0\.0 needs an API key: set APP_API_KEYS"):
        load_settings()
    monkeypatch.setenv("APP_API_KEYS", f"{KEY}, {KEY}-2")
    assert [key.get_secret_value() for key in load_settings().api_keys] == [KEY, f"{KEY}-2"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("APP_PORT", "70000", "APP_PORT: Input should be less than or equal to 65535"),
        ("APP_PORT", "http", "APP_PORT: Input should be a valid integer"),
        ("APP_API_KEYS", "short-secret", "settings: APP_API_KEYS: every key needs at least 16 characters"),
    ],
)
def test_a_bad_value_is_named_and_never_repeated(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as refusal:
        load_settings()
    assert said in str(refusal.value)
    assert value not in str(refusal.value)


def test_mlflows_own_variable_names_the_registry(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert load_settings().url("registry") == "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("host", "inside"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("a.b", False)]
)
def test_loopback(host, inside):
    assert is_loopback(host) is inside
