"""Croissant: the same description for programs, as JSON-LD that data catalogues and loaders read.

Akhtar et al., "Croissant: A Metadata Format for ML-Ready Datasets", DEEM 2024; the format is that of version 1.0,
http://mlcommons.org/croissant/1.0.
"""

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from ..core.plan import Plan
from ..core.problem import Problem
from .describe import Description

# words of the format; mlcroissant warns of a context that lacks one, used or not
TERMS = """citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes isLiveDataset
jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source subField
transform"""
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in TERMS.split()},
}
TYPES = {"number": "sc:Float", "integer": "sc:Integer", "category": "sc:Text", "text": "sc:Text"}
FILE, ROWS, FOLDER = "table", "rows", "docs"


def write_croissant(found: Description, problem: Problem, plan: Plan) -> str:
    """Return the description of the plan's table as JSON-LD; its paths are those of a file in `docs/`."""
    origin = found.origin
    dataset: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": re.sub(r"[^A-Za-z0-9_-]+", "-", origin.name.partition(".")[0]).strip("-") or "table",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "description": found.notes or plan.product.question,
        "identifier": found.definition,
        "isLiveDataset": origin.sha256 is None,
        "distribution": [_distribution(found, problem)],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": ROWS,
                "name": ROWS,
                "description": f"{found.rows:,} usable rows, {found.quarantined:,} in quarantine",
                "field": [*_fields(problem, "fileSet" if origin.is_folder else "fileObject")],
            }
        ],
    }
    if plan.data.owner:
        dataset["creator"] = {"@type": "sc:Organization", "name": plan.data.owner}
    if not problem.source.number_rows:
        dataset["recordSet"][0]["key"] = {"@id": f"{ROWS}/{problem.source.key or problem.key}"}
    return json.dumps(dataset, indent=2, ensure_ascii=False) + "\n"


def _distribution(found: Description, problem: Problem) -> dict[str, Any]:
    origin = found.origin
    reading = problem.source.model_dump(mode="json", exclude_defaults=True, exclude={"columns", "ignored"})
    place = origin.place
    if origin.sha256 and not posixpath.isabs(place):
        place = posixpath.relpath(place, FOLDER)
    if origin.is_folder:
        includes = place if "*" in origin.name else f"{place}/**"
        return {"@type": "cr:FileSet", "@id": FILE, "includes": includes, "encodingFormat": origin.format}
    file = {
        "@type": "cr:FileObject",
        "@id": FILE,
        "name": origin.name,
        "description": f"Read as problem/sources.py declares: {json.dumps(reading, ensure_ascii=False)}",
        "contentUrl": place,
        "contentSize": f"{origin.size} B",
        "encodingFormat": origin.format,
        "sha256": origin.sha256,
    }
    without = {"description"} if not reading else set()
    without |= {"contentSize", "sha256"} if origin.sha256 is None else set()
    return {name: value for name, value in file.items() if name not in without}


def _fields(problem: Problem, place: str) -> Iterator[dict[str, Any]]:
    source = problem.source
    if not source.number_rows:
        key = source.key or problem.key
        yield _field(place, key, "What identifies a row", key, "sc:Text")
    if source.subject and source.subject != source.key:
        yield _field(place, source.subject, "Whom or what a row is about", source.subject, "sc:Text")
    for column in (*problem.columns, problem.target):
        if column.name in problem.joined:  # it is not in this file
            continue
        spec = source.column(column.name)
        is_spelt = bool(spec.date or spec.unit or spec.accounting) or source.decimal == "," or source.thousands
        use = "the answer" if column is problem.target else column.use
        text = f"{column.description}; {column.expected}; {use}"
        yield _field(place, column.name, text, spec.name, "sc:Text" if is_spelt else TYPES[column.kind])


def _field(place: str, name: str, description: str, column: str, kind: str) -> dict[str, Any]:
    extract = {place: {"@id": FILE}, "extract": {"column": column}}
    identity = {"@type": "cr:Field", "@id": f"{ROWS}/{name}", "name": name}
    return identity | {"description": description, "dataType": kind, "source": extract}
