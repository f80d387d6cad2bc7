"""Where things are and how the product listens: environment variables, typed.

Every field is read from `APP_<NAME>`; the registry also from MLflow's own `MLFLOW_TRACKING_URI`.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import UserError, said

LEAST_KEY = 16


class Settings(BaseSettings):
    """Settings of this machine, never of the product itself: those are in `plan.toml`."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True)

    root: Path = Path()
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    lake_url: str = ""
    registry_url: Annotated[
        str, Field(validation_alias=AliasChoices("registry_url", "APP_REGISTRY_URL", "MLFLOW_TRACKING_URI"))
    ] = ""
    ledger_url: str = ""
    refresh_seconds: Annotated[float, Field(gt=0)] = 1.0
    max_body_bytes: Annotated[int, Field(ge=256)] = 16_384
    max_batch_bytes: Annotated[int, Field(ge=256)] = 1_048_576
    max_waiting: Annotated[int, Field(ge=1)] = 4_096

    @model_validator(mode="before")
    @classmethod
    def _split_keys(cls, data: dict[str, object]) -> dict[str, object]:
        keys = data.get("api_keys")
        if isinstance(keys, str):
            data = {**data, "api_keys": tuple(key.strip() for key in keys.split(",") if key.strip())}
        return data

    @model_validator(mode="after")
    def _closed_to_strangers(self) -> Self:
        if not self.api_keys and not is_loopback(self.host):
            message = f"listening on {self.host} needs an API key: set APP_API_KEYS, or keep to 127.0.0.1"
            raise ValueError(message)
        if any(len(key.get_secret_value()) < LEAST_KEY for key in self.api_keys):
            message = f"APP_API_KEYS: every key needs at least {LEAST_KEY} characters"
            raise ValueError(message)
        return self

    @property
    def var(self) -> Path:
        """The folder of everything that is made, never committed."""
        return self.root.resolve() / "var"

    def url(self, bridge: str) -> str:
        """Return the address of the `lake`, `registry` or `ledger`; embedded files by default."""
        given: str = getattr(self, f"{bridge}_url")
        scheme = "duckdb" if bridge == "lake" else "sqlite"
        return given or f"{scheme}:///{(self.var / bridge).as_posix()}.db"


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings() -> Settings:
    """Read the environment.

    Raises
    ------
    UserError
        A variable has a value that is not allowed; secrets are never repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        message = "; ".join(": ".join((*(f"APP_{part}".upper() for part in f["loc"]), said(f))) for f in faults)
        raise UserError(f"settings: {message}") from None
