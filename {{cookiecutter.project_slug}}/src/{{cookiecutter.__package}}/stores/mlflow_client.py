"""What the registry needs of MLflow. The only module that imports it, which takes seconds."""

import atexit
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")  # the default waits for minutes without a message
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # shown wherever tqdm is installed

import mlflow
import mlflow.sklearn
from filelock import FileLock
from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from ..core.errors import UserError, hide_passwords
from ..core.schema import Column
from ..core.settings import sqlite_path, sqlite_url
from .models import digest_of, dump_model, trusted_types

NAME = "decision"  # of the registered model and of the experiment
FILE = "model.skops"  # as MLflow calls it


def connect(url: str) -> tuple[mlflow.MlflowClient, str | None]:
    """Return a client, and the URL of MLflow's artifacts, or None if its server sets it."""
    for verbose in ("alembic", "mlflow"):
        logging.getLogger(verbose).setLevel(logging.ERROR)
    database = sqlite_path(url)
    if database is None:
        return mlflow.MlflowClient(url, url), None
    url = _create_database(database.resolve())
    # artifacts share the folder of the published models on purpose: one folder holds all files of models
    return mlflow.MlflowClient(url, url), (database.resolve().parent / "models").as_uri()


def find_experiment(client: mlflow.MlflowClient, artifacts: str | None) -> str:
    """Return the id of the experiment, whose files are at a URL. Raises UserError: it was deleted in MLflow."""
    found: Any = client.get_experiment_by_name(NAME)
    if found is not None and found.lifecycle_stage == "deleted":
        restore = f"MLFLOW_TRACKING_URI={hide_passwords(client.tracking_uri)} mlflow experiments restore -x"
        raise UserError(f"experiment {NAME!r} was deleted in MLflow; restore it: `{restore} {found.experiment_id}`")
    if found is not None and artifacts not in (None, found.artifact_location):
        # the project was moved or copied: the files of new runs must not go to the old place
        client.rename_experiment(found.experiment_id, f"{NAME} {found.experiment_id}")
        found = None
    if found is None:
        _create(client.create_experiment, NAME, artifacts)
        found = client.get_experiment_by_name(NAME)
    return str(found.experiment_id)


def store_model(
    client: mlflow.MlflowClient,
    model: Any,
    name: str,
    inputs: Sequence[Column],
    run: str,
    tags: Mapping[str, str],
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[str, bytes]:
    """Store a fitted model, with further files, as an output of a run; return its new version and the model's file."""
    # doubles, because MLflow's integers cannot be missing
    kinds = [DataType.double if column.is_numeric else DataType.string for column in inputs]
    schema: Any = [ColSpec(kind, c.name, required=not c.optional) for kind, c in zip(kinds, inputs, strict=True)]
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/model"
        mlflow.sklearn.save_model(
            model,
            folder,
            serialization_format="skops",
            skops_trusted_types=trusted_types(dump_model(model)),
            signature=ModelSignature(inputs=Schema(schema)),
            pip_requirements=["scikit-learn", "skops"],
        )
        content = Path(folder, FILE).read_bytes()
        for other, given in files.items():
            Path(folder, other).write_bytes(given)
        stored = client.create_logged_model(client.get_run(run).info.experiment_id, name=name, source_run_id=run)
        client.log_model_artifacts(stored.model_id, folder)
    client.finalize_logged_model(stored.model_id, "READY")
    client.log_outputs(run, [LoggedModelOutput(stored.model_id, 0)])
    _create(client.create_registered_model, NAME)
    tags = {**tags, "name": name, "digest": digest_of(content)}
    place, model_id = stored.artifact_location, stored.model_id
    return str(client.create_model_version(NAME, place, run, tags=tags, model_id=model_id).version), content


def read_file(client: mlflow.MlflowClient, version: str, artifacts: str | None, name: str = FILE) -> bytes | None:
    """Return a file of a version, the model's by default, or None if MLflow cannot give it.

    MLflow notes where a file was written; after the project was moved or copied, it is below `artifacts`.
    """
    with contextlib.suppress(Exception), tempfile.TemporaryDirectory() as folder:
        place = client.get_model_version_download_uri(NAME, version)
        if artifacts is not None:
            run = client.get_run(str(client.get_model_version(NAME, version).run_id))
            written = client.get_experiment(run.info.experiment_id).artifact_location
            place = artifacts + place.removeprefix(written)
        local = mlflow.artifacts.download_artifacts(place, dst_path=folder, tracking_uri=client.tracking_uri)
        return Path(local, name).read_bytes()
    return None


def write(call: Callable[..., object], *arguments: Any) -> None:
    """Write a tag or an alias; of two processes that write a new one at once, one is refused and writes again."""
    try:
        call(*arguments)
    except MlflowException:
        call(*arguments)


def _create(create: Callable[..., object], *arguments: Any) -> None:
    """Create an experiment or a registered model, unless another process has created it."""
    try:
        create(*arguments)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _create_database(path: Path) -> str:
    """Return the URL of a SQLite file, and create MLflow's tables in it if it is not there.

    It is created under another name and renamed when it is complete: an interrupted start leaves no half
    database, and of two that start at once the second one waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = _plain_folder(path.parent)
    if not path.exists():
        part = folder / f".{path.name}.part"
        with FileLock(folder / f".{path.name}.lock"):
            if not path.exists():
                for suffix in ("", "-journal", "-wal", "-shm"):  # left by an interrupted start
                    part.with_name(part.name + suffix).unlink(missing_ok=True)
                mlflow.MlflowClient(sqlite_url(part), sqlite_url(part)).search_experiments()
                part.rename(path)
    return sqlite_url(folder / path.name)


def _plain_folder(folder: Path) -> Path:
    """Return a path of the folder without characters that URLs escape: MLflow does not unescape them."""
    if sqlite_url(folder) == f"sqlite:///{folder.as_posix()}":
        return folder
    link = Path(tempfile.mkdtemp(prefix="registry-"), "folder")
    atexit.register(shutil.rmtree, link.parent, ignore_errors=True)
    link.symlink_to(folder, target_is_directory=True)
    return link
