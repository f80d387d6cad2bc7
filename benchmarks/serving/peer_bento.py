"""BentoML with adaptive batching: rows of the contract, validated by it, decided in one call for all that wait."""

from __future__ import annotations

import importlib
import os
from typing import Any

import bentoml
import skops.io

contract = importlib.import_module(f"{os.environ['BENCH_PACKAGE']}.problem.contract")
Features = contract.Features


@bentoml.service(workers=1)
class Decide:
    """One model in one worker."""

    def __init__(self) -> None:
        path = os.environ["BENCH_MODEL"]
        self.model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))

    @bentoml.api(batchable=True, max_batch_size=512, max_latency_ms=1000)
    def decide(self, rows: list[Features]) -> list[dict[str, Any]]:  # type: ignore[valid-type]
        """Answer all rows at once."""
        inputs = {name: [getattr(row, name) for row in rows] for name in Features.model_fields}
        return [{"score": float(score)} for score in self.model.predict_proba(inputs)[:, 1]]
