"""What a stored model may hold: types whose making runs no code but the project's own and scikit-learn's.

Models are stored by skops, never pickled, and one that holds any other type is neither stored nor
loaded. A model of a type of your own needs its full name here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import skops.io

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = __name__.rpartition(".")[0]
TRUSTED = [
    f"{PACKAGE}.model.encode.ContractEncoder",
    f"{PACKAGE}.model.mitigate.MitigatedClassifier",
    f"{PACKAGE}.model.rulebook.RuleBook",
    "numpy.dtype",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


def load(path: Path) -> Any:
    """Return the model in a file.

    Raises
    ------
    skops.io.exceptions.UntrustedTypesFoundException
        It holds a type that is not trusted.
    """
    return skops.io.load(path, trusted=TRUSTED)
