"""Where things are and how the product listens: environment variables, typed.

Every field is read from `APP_<NAME>`, the registry also from MLflow's own `MLFLOW_TRACKING_URI`, or else from a file
`app_<name>` in the folder `APP_SECRETS_DIR`, where Docker and Kubernetes mount secrets.
"""

import difflib
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, PositiveFloat, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from .errors import UserError, error_message

SHORTEST_KEY = 16
MEMORY = "2500MB"  # with what Arrow takes beside it, 10 million rows need 3 GB
REGISTRY_NAMES = AliasChoices("APP_REGISTRY_URL", "MLFLOW_TRACKING_URI")
Count = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=256)]


class Settings(BaseSettings):
    """Settings of this machine, never of the product itself: those are in `plan.toml`."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, populate_by_name=True)

    root: Path = Path()
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    secrets_dir: str = ""
    lake_url: str = ""
    lake_memory: Annotated[str, Field(pattern=r"^[0-9]+ ?[MG]B$")] = MEMORY  # of DuckDB
    dask_scheduler: str = ""  # whose workers `search` fits on
    registry_url: str = Field("", validation_alias=REGISTRY_NAMES)
    ledger_url: str = ""
    models_url: str = ""
    refresh_seconds: PositiveFloat = 1.0  # between two looks at the published models
    max_body_bytes: Bytes | None = None
    max_batch_bytes: Bytes | None = None
    max_waiting: Count = 4_096  # rows that wait or are worked on; more are refused
    max_connections: Count = 768  # open at a time; more are closed at once
    read_seconds: PositiveFloat = 5.0  # for the head of a request, for its body, and for the client to read

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, keys: Any) -> Any:
        return [key.strip() for key in keys.split(",") if key.strip()] if isinstance(keys, str) else keys

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        if not self.api_keys and not is_loopback(self.host):
            raise ValueError(f"listening on {self.host} needs an API key: set APP_API_KEYS, or keep to 127.0.0.1")
        if any(len(key) < SHORTEST_KEY for key in self.api_keys):
            raise ValueError(f"APP_API_KEYS: every key needs at least {SHORTEST_KEY} characters")
        return self

    @property
    def url(self) -> str:
        """The address at which this machine reaches the product."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared only
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def var(self) -> Path:
        """The folder of everything that commands make, never committed."""
        return self.root.resolve() / "var"

    @property
    def lake(self) -> str | Path:
        """The URL of the lake, or the DuckDB file in `var/`."""
        return self.lake_url or self.var / "lake.db"

    @property
    def registry(self) -> str:
        """The URL of the MLflow registry; a SQLite file in `var/` by default."""
        return self.registry_url or sqlite_url(self.var / "registry.db")

    @property
    def ledger(self) -> str:
        """The URL of the ledger; a SQLite file in `var/` by default."""
        return self.ledger_url or sqlite_url(self.var / "ledger.db")

    @property
    def models(self) -> str | Path:
        """The folder or URL that models are published to: beside a registry of SQLite, or in `var/`."""
        return self.models_url or (sqlite_path(self.registry) or self.var / "registry.db").with_name("models")


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file; `?`, `%` and `#` in the path are escaped."""
    return URL.create("sqlite", database=path.as_posix()).render_as_string(hide_password=False)


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL, or None for any other URL."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return None
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load_settings() -> Settings:
    """Read environment and secrets. Raises UserError: a value is not allowed; secrets are never repeated."""
    folder = os.environ.get("APP_SECRETS_DIR")
    if folder:
        check_secrets(Path(folder))
    try:
        return Settings(_secrets_dir=folder or None)
    except ValidationError as error:
        found = [": ".join([*(f"APP_{name}".upper() for name in e["loc"]), error_message(e)]) for e in error.errors()]
        raise UserError(f"settings: {'; '.join(found)}") from None


def check_secrets(folder: Path) -> None:
    """Check the files of secrets, so that none is ignored. Raises UserError: a file is no setting, or has no text."""
    if not folder.is_dir():
        raise UserError(f"settings: APP_SECRETS_DIR: {folder} is not a folder; mount the secrets there, or unset it")
    known = [f"app_{name}" for name in Settings.model_fields]
    for file in sorted(folder.glob("[aA][pP][pP]_*")):
        if (name := file.name.lower()) not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise UserError(f"settings: {file}: unknown name; the nearest known one is {nearest}")
        try:
            has_text = bool(file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", "it is not UTF-8")
            raise UserError(f"settings: {file}: {reason}; it has to be a text file that this user can read") from None
        if not has_text:
            raise UserError(f"settings: {file} is empty; write the value into it, or remove it")
