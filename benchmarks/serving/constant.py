"""The yardstick: FastAPI validates the same body and answers a constant.

No model, no record. Served by uvicorn as its documentation says, with the same loop and parser
as the product.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from fastapi import FastAPI

contract = importlib.import_module(f"{os.environ['BENCH_PACKAGE']}.problem.contract")
app = FastAPI()
Features = contract.Features
ANSWER = {"id": "0" * 32, "answer": "no", "score": 0.1, "model": "constant:1", "needs_review": False}


@app.post("/v1/decisions", status_code=201)
async def decide(features: Features) -> dict[str, Any]:  # type: ignore[valid-type]
    """Answer what is always answered."""
    return ANSWER | {"fallback": False, "decided_at": "2025-01-01T00:00:00.000+00:00"}
