"""Evidence: how a version was made and outcomes, in a file beside its model, whose digest is a tag of the version.

MLflow keeps the same in tags and metrics that people can edit on its page. Whoever edits one of them, or the file, is
found out by the other.
"""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.result import GateResult
from .models import digest_of

EVIDENCE, KEYS, WEIGHTS = "evidence.json", "keys.npy", "weights.npy"
DIGEST = "evidence"  # the tag with the digest of the file
LONGEST = 1000  # characters of a text that are compared: MLflow cuts long ones


@dataclass(frozen=True, slots=True)
class FittedRows:
    """The n rows that a model was fitted to."""

    keys: NDArray[np.uint64] | None  # hashes of their keys
    weights: NDArray[np.float64]
    columns: Mapping[str, str]  # a digest of the values of each column


def make_files(
    metrics: Mapping[str, float], tags: Mapping[str, str], results: Sequence[GateResult], fitted: FittedRows | None
) -> dict[str, bytes]:
    """Return the files that are kept beside a model, by name."""
    listed = [
        {"gate": one.gate, "status": one.status, "message": one.message, "blocks": one.blocks, "found": one.evidence}
        for one in results
    ]
    found = {"metrics": dict(metrics), "tags": dict(tags), "results": listed}
    found["columns"] = dict(fitted.columns) if fitted else {}
    files = {EVIDENCE: json.dumps(found, indent=2, sort_keys=True, default=_plain).encode()}
    if fitted and fitted.keys is not None:
        files |= {KEYS: _dump(fitted.keys), WEIGHTS: _dump(fitted.weights)}
    return files


def load_array(content: bytes | None) -> NDArray[Any] | None:
    """Return the array in a file, or None if there is no file."""
    return None if content is None else np.load(io.BytesIO(content), allow_pickle=False)


def read_evidence(content: bytes | None, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return `results`, `columns`, as `details` what each gate found, and as `edits` what was changed afterwards.

    `recorded`: the tags, metrics and gates of a version in MLflow. A version of an older template has no file: its
    results are those of MLflow, of which a failure blocks.
    """
    if DIGEST not in recorded["tags"]:
        results = []
        for gate, text in recorded["gates"].items():
            status, _, message = text.partition(": ")
            results.append({"gate": gate, "status": status, "message": message, "blocks": status == "fail"})
        return {"results": results, "columns": {}, "details": {}, "edits": []}
    if content is None or digest_of(content) != recorded["tags"][DIGEST]:
        edits = [f"{EVIDENCE} is missing" if content is None else f"{EVIDENCE} was changed"]
        return {"results": [], "columns": {}, "details": {}, "edits": edits}
    found = json.loads(content)
    gates = {one["gate"]: f"{one['status']}: {one['message']}" for one in found["results"]}
    edits = _compare("tag", found["tags"], recorded["tags"]) + _compare("gate", gates, recorded["gates"])
    edits += [
        f"metric {name} was changed"
        for name, value in found["metrics"].items()
        if math.isfinite(value) and not math.isclose(value, recorded["metrics"].get(name, math.nan), rel_tol=1e-9)
    ]
    details = {one["gate"]: {"status": one["status"], **one.pop("found")} for one in found["results"]}
    return {"results": found["results"], "columns": found["columns"], "details": details, "edits": edits}


def _compare(kind: str, stored: Mapping[str, str], recorded: Mapping[str, str]) -> list[str]:
    return [
        f"{kind} {name} was changed"
        for name, text in stored.items()
        if text[:LONGEST] != recorded.get(name, "")[:LONGEST]
    ]


def _plain(value: Any) -> Any:
    """Return a value of NumPy's, or a mapping, as JSON has it."""
    return dict(value) if isinstance(value, Mapping) else value.tolist()


def _dump(array: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()
