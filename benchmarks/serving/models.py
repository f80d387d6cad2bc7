"""Register a learned model as the champion of a generated project, and store a copy for the peers.

`python models.py logistic FILE` in the project's folder, with the project's interpreter. The model
is made with the project's own encoder and stored by its own registry, as its training does, but
without the gates: this is about speed.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

KINDS = {
    "logistic": lambda: [("impute", SimpleImputer()), ("scale", StandardScaler()), ("model", LogisticRegression())],
    "boosting": lambda: [("model", HistGradientBoostingClassifier(random_state=0))],
}


def main(kind: str, copy: Path) -> None:
    """Fit, register, promote."""
    package = Path.cwd().name.replace("-", "_")
    contract, commands, encode, lake, schema = (
        importlib.import_module(f"{package}.{name}")
        for name in ("contract", "commands", "model.encode", "lake", "schema")
    )
    settings, plan = commands.ground()
    columns = [column for column in schema.columns(contract.Features) if column.seen_by_models]
    with lake.open_lake(settings.url("lake")) as opened:
        table = opened.frame("training")
    label = next(iter(contract.Label.model_fields))
    model = Pipeline([("encode", encode.encoder(columns)), *KINDS[kind]()])
    model.fit(table[[column.name for column in columns]], plan.objective.target(table[label]))
    registry = commands.open_registry(settings)
    tags = {"contract": schema.fingerprint(contract.Features, contract.Label)}
    version = registry.register(model, name=kind, inputs=columns, metrics={}, tags=tags)
    registry.set_alias("champion", version)
    skops.io.dump(model, copy)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
