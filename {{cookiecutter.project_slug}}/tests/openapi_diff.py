"""Name the changes of the API that break its callers: `openapi_diff.py OLD NEW` exits with 1 if there are any.

`make openapi-check` compares the committed openapi.json with that of the code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

UPPER, LOWER = ("maximum", "maxLength", "maxItems"), ("minimum", "minLength", "minItems")


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what callers of the old API may no longer rely on; nothing if there are only additions."""
    return list(_paths(_inline(old["paths"], old), _inline(new["paths"], new)))


def _inline(node: Any, document: Mapping[str, Any]) -> Any:
    """Return the node with every reference replaced by what it refers to."""
    if isinstance(node, list):
        return [_inline(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(document["components"]["schemas"][node["$ref"].rpartition("/")[2]], document)
    return {key: _inline(value, document) for key, value in node.items()}


def _paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in old.items():
        for method, before in operations.items():
            where, after = f"{method.upper()} {path}", new.get(path, {}).get(method)
            if after is None:
                yield f"{where}: removed"
                continue
            yield from _narrower(_parameters(before), _parameters(after), f"{where}: parameter")
            yield from _narrower(_schema(before.get("requestBody")), _schema(after.get("requestBody")), where)
            for status, answer in before["responses"].items():
                if status not in after["responses"]:
                    if status >= "4":  # an error that no longer happens breaks no caller
                        continue
                    yield f"{where}: answer {status} removed"
                else:
                    yield from _poorer(
                        _schema(answer), _schema(after["responses"][status]), f"{where}: answer {status}"
                    )


def _parameters(operation: Mapping[str, Any]) -> dict[str, Any]:
    listed = operation.get("parameters", [])
    required = [item["name"] for item in listed if item.get("required")]
    return {"properties": {item["name"]: item.get("schema", {}) for item in listed}, "required": required}


def _schema(body: Mapping[str, Any] | None) -> dict[str, Any]:
    contents = list((body or {}).get("content", {}).values())
    return dict(contents[0].get("schema", {})) if contents else {}


def _narrower(before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what was accepted and no longer is."""
    fields, known = before.get("properties", {}), after.get("properties", {})
    required = [name for name in after.get("required", ()) if name not in before.get("required", ())]
    yield from (f"{where}.{name}: newly required" for name in required)
    yield from (f"{where}.{name}: removed" for name in fields if name not in known)
    for name in fields:
        yield from _narrower(fields[name], known.get(name, {}), f"{where}.{name}")
    if "items" in before:
        yield from _narrower(before["items"], after.get("items", {}), f"{where}[]")
    allowed, lost = _kinds(after), _kinds(before) - _kinds(after)
    if allowed and lost:
        yield f"{where}: no longer {', '.join(sorted(lost))}"
    for bound in (*UPPER, *LOWER):
        then, now, sign = _bound(before, bound), _bound(after, bound), 1 if bound in UPPER else -1
        if now is not None and (then is None or sign * now < sign * then):
            yield f"{where}: {bound} {'none' if then is None else then} became {now}"


def _poorer(before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what was answered and no longer is, or may be of a kind that was not expected."""
    fields, known = before.get("properties", {}), after.get("properties", {})
    yield from (f"{where}.{name}: removed" for name in fields if name not in known)
    for name in fields:
        yield from _poorer(fields[name], known.get(name, {}), f"{where}.{name}")
    if "items" in before:
        yield from _poorer(before["items"], after.get("items", {}), f"{where}[]")
    expected, more = _kinds(before), _kinds(after) - _kinds(before)
    if expected and more:
        yield f"{where}: also {', '.join(sorted(more))} now"


def _parts(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [schema, *schema.get("anyOf", ())]


def _bound(schema: Mapping[str, Any], bound: str) -> float | None:
    return next((part[bound] for part in _parts(schema) if bound in part), None)


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """Return the values or types that a schema allows."""
    found: set[str] = set()
    for part in _parts(schema):
        if "const" in part or "enum" in part:
            found |= {repr(value) for value in part.get("enum", [part.get("const")])}
        elif "type" in part:
            found.add(part["type"])
    return found


def read_description(path: Path) -> dict[str, Any]:
    """Read an OpenAPI document; end with one line if it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        _inline(document["paths"], document).items()
    except OSError as error:
        reason = f"{error.strerror}; run `make openapi`"
    except (ValueError, TypeError, KeyError, AttributeError):
        reason = "not a description of an API; run `make openapi`"
    else:
        return dict(document)
    print(f"error: {path}: {reason}", file=sys.stderr)
    sys.exit(2)


def main(old: Path, new: Path | None = None) -> int:
    """Compare two files, or one with the description of the code; print what breaks callers."""
    if new is not None:
        described = read_description(new)
    else:
        from {{ cookiecutter.__package }}.cli.composition import load_project
        from {{ cookiecutter.__package }}.product.app import describe

        project = load_project()
        described = json.loads(json.dumps(describe(project.problem, project.plan.product.question)))
    committed = read_description(old)
    found = breaking_changes(committed, described)
    for fault in found:
        print(fault)
    if not found and new is None:
        more = " It is not up to date, though: run `make openapi`." if committed != described else ""
        print(f"Nothing breaks the callers of {old}.{more}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
