"""Register a learned model as the champion of a generated project, and store a copy for the peers.

`python models.py logistic FILE` in the project's folder, with the project's interpreter. The model has the
project's own encoder and is stored by its own registry, as in training, but without the gates: this is
about speed.
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
    composition, encoder, evaluate = (
        importlib.import_module(f"{package}.{name}") for name in ("cli.composition", "core.encoder", "model.evaluate")
    )
    project = composition.load_project()
    problem = project.problem
    with project.lake() as lake:
        rows = evaluate.split_columns(lake.frame("training"), problem)
    model = Pipeline([("encode", encoder.encoder(problem.columns)), *KINDS[kind]()])
    model.fit(rows.features, rows.truth)
    tags = {"contract": problem.fingerprint}
    version = project.registry.register(model, name=kind, inputs=problem.inputs, metrics={}, tags=tags)
    project.registry.set_alias("champion", version)
    skops.io.dump(model, copy)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
