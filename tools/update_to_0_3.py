"""Update a project of version 0.2.0 to 0.3.0 of the template: `python tools/update_to_0_3.py PROJECT`.

Run it before `cruft update`, and again after it. It finds out by itself which of the two is due.

- Before: the owner's files move to `problem/` and `tests/problem/`, their imports follow the new layout, and
  the moves are committed. From then on `cruft update` leaves these files alone.
- After: `openapi.json` and the data card are written again, stored models get the new names of the project's own
  classes and the digest that every load checks, and the rules are registered. Running it twice changes nothing.

It needs Python 3.11 and git; the second run also uv, as the project does.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[1] / "{{cookiecutter.project_slug}}"
MOVES = {"contract.py": "contract.py", "model/rules.py": "rules.py", "model/candidates.py": "candidates.py"}
# the owner's tests, and where they belong now
TESTS = {
    "tests/model/test_behaviour.py": "tests/problem/learned/test_behaviour.py",
    "tests/bias/learned/test_mortgage.py": "tests/problem/learned/test_bias.py",
}
# SHA-256 of these tests as 0.2.0 generates them, with PACKAGE for the name of the package
GENERATED_TESTS = {
    "d6f5d3a6b034f34809ddbbc038760e7f47aef4aadd98e040655acda3ba1769d9",
    "031738f832607e35f73b718dfb546c88953b6f57e32384e7ba3bbbc0e2412687",
    "f316fdd53cf02ce9f6607ec354510c68fff7fbc2789d81366928705a594a9a7a",
    "9d32c5a3a882cc6af36ce460e9e1e32a6ede878e2f19248f38ef2ea1a18a2f9f",
}
# modules of 0.2.0 that the owner's files import, and their new names
MODULES = {
    "schema": "core.schema",
    "plan": "core.plan",
    "errors": "core.errors",
    "encode": "core.encoder",
    "mitigate": "core.mitigation",
}
RENAMED = {"plan.objective.quantile": "plan.costs.quantile", ".seen_by_models": ".is_input"}
# classes in stored models: their new name and module, and the attributes that have a new name
STORED_CLASSES: dict[tuple[str, str], tuple[str, str, dict[str, str]]] = {
    ("ContractEncoder", "model.encode"): ("ContractEncoder", "core.encoder", {}),
    ("MitigatedClassifier", "model.mitigate"): (
        *("MitigatedClassifier", "core.mitigation"),
        {"members_": "predictors_"},
    ),
    ("RuleBook", "model.rulebook"): ("RuleModel", "core.rules", {"said_": "predictions_"}),
}
# Decision and Reaction as 0.2.0 generates them
GENERATED_CLASSES = '''
class Decision(Strict):
    """An answer, as it was given and recorded."""
    id: str
    answer: Answer
    score: Annotated[float, Field(ge=0, le=1)]
    model: Annotated[str, Field()]
    needs_review: Annotated[bool, Field()]
    fallback: Annotated[bool, Field()]
    decided_at: Annotated[str, Field()]

class Reaction(Strict):
    """What a person did with a decision. Reactions become labels to learn from."""
    verdict: Annotated[Literal["accept", "override"], Field()]
    answer: Annotated[Answer | None, Field()] = None
    note: Annotated[str, Field(max_length=500)] = ""
    @model_validator(mode="after")
    def _answer_goes_with_override(self) -> Self:
        if (self.verdict == "override") != (self.answer is not None):
            message = "an override needs an answer, and only an override has one"
            raise ValueError(message)
        return self
'''


class UpdateError(Exception):
    """The project cannot be updated as it is; nothing was changed."""


def main(project: Path) -> None:
    """Do the part of the update that is due."""
    package, state = read_project(project)
    if (package / "contract.py").exists():
        move_owned_files(project, package, state)
        print("Moved and committed. Next: `uvx cruft update` in the project, then this command again.")
    elif (package / "core").is_dir():
        finish(project, package, state)
        print("Updated. Next: look at the changes, `make check`, commit.")
    else:
        message = f"{project}: the files are moved, and the template's are not here yet; run `uvx cruft update`"
        raise UpdateError(message)


def read_project(project: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the package and what cruft has recorded."""
    record = project / ".cruft.json"
    if not record.exists():
        message = f"{record}: no such file; `uvx cruft link TEMPLATE --checkout v0.2.0` makes it, then commit"
        raise UpdateError(message)
    state = json.loads(record.read_text(encoding="utf-8"))
    slug = state["context"]["cookiecutter"]["project_slug"]
    return project / "src" / slug.replace("-", "_"), state


def move_owned_files(project: Path, package: Path, state: dict[str, Any]) -> None:
    """Move the owner's files, rewrite their imports, tell cruft to skip them, and commit."""
    if git(project, "status", "--porcelain"):
        message = f"{project}: there are changes that are not committed; commit them first"
        raise UpdateError(message)
    problem = package / "problem"
    problem.mkdir()
    (project / "tests" / "problem" / "learned").mkdir(parents=True)
    source = TEMPLATE / "src" / "{{cookiecutter.__package}}" / "problem" / "__init__.py"
    shutil.copy(source, problem / "__init__.py")
    for old, new in MOVES.items():
        if (package / old).exists():
            git(project, "mv", str(package / old), str(problem / new))
            rewrite(problem / new, new)
    skipped = ["plan.toml", f"src/{package.name}/problem", "openapi.json", "docs/data-card.md", "docs/croissant.json"]
    state["skip"] = [*skipped, *move_tests(project, package.name)]  # pyproject.toml has the list from the update on
    write_state(project, state)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--no-verify", "--message", "Move the owner's files for version 0.3.0")


def move_tests(project: Path, package: str) -> list[str]:
    """Move the owner's tests that were edited, and return the new tests that the update must not bring."""
    skipped = []
    for old, new in TESTS.items():
        path = project / old
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if hashlib.sha256(text.replace(f"from {package}.", "from PACKAGE.").encode()).hexdigest() in GENERATED_TESTS:
            continue
        skipped.append(new)  # edited or deleted: the template's own version is not wanted
        if path.exists():
            git(project, "mv", old, new)
            print(f"{new}: edited by you; it has to follow {TEMPLATE.name}/tests/problem/learned/")
    return skipped


def rewrite(path: Path, name: str) -> None:
    """Make an owner's file fit the new layout."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(
        rf"(?m)^(\s*from )\.{{1,2}}({'|'.join(MODULES)})(?= import)",
        lambda found: f"{found[1]}..{MODULES[found[2]]}",
        text,
    )
    for old, new in RENAMED.items():
        text = text.replace(old, new)
    if name == "contract.py":
        text = without_derived_classes(text)
    path.write_text(text, encoding="utf-8", newline="\n")
    for line in re.findall(r"(?m)^\s*from \.(?!\.core\.)\S* import .*$|plan\.objective\S*", text):
        print(f"{path.name}: {line.strip()!r} names something of 0.2.0; correct it by hand")


def without_derived_classes(text: str) -> str:
    """Remove Decision and Reaction, which follow from the Label now, and the imports that only they needed."""
    generated = {shape(node) for node in ast.parse(GENERATED_CLASSES).body}
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if not isinstance(node, ast.ClassDef) or node.name not in ("Decision", "Reaction"):
            continue
        if shape(node) not in generated:
            print(f"contract.py: your {node.name} was edited, and is not used any more: see core/answers.py")
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
        del lines[first : node.end_lineno]
    text = re.sub(r"\n{4,}", "\n\n\n", "".join(lines).rstrip() + "\n")
    for name in ("Self", "model_validator"):
        if len(re.findall(rf"\b{name}\b", text)) == 1:
            text = re.sub(rf", {name}\b|\b{name}, ", "", text)
    return text


def shape(node: ast.stmt) -> str:
    """Return a class as text, without descriptions and without the bounds of the score."""
    copy = ast.parse(ast.unparse(node))
    for part in ast.walk(copy):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Field":
            part.keywords = [word for word in part.keywords if word.arg not in ("description", "ge", "le")]
    return ast.dump(copy)


def finish(project: Path, package: Path, state: dict[str, Any]) -> None:
    """Write what follows from the new files, and bring the stored models along."""
    pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
    if "skip" not in tomllib.loads(pyproject).get("tool", {}).get("cruft", {}):
        message = f"{project}/pyproject.toml: [tool.cruft] skip is missing; settle the conflicts of the update first"
        raise UpdateError(message)
    if state.pop("skip", None):
        write_state(project, state)
    # PyPI is asked once; after that everything runs in the project's own environment
    run(project, "sync", "--quiet")
    owned = [f"src/{package.name}/problem", "tests/problem"]
    run(project, "run", "--quiet", "ruff", "check", "--quiet", "--fix", "--exit-zero", "--select", "F401,I001", *owned)
    run(project, "run", "--quiet", "ruff", "format", "--quiet", *owned)
    for command in ("openapi", "data-card"):
        run(project, "run", "--quiet", package.name.replace("_", "-"), command)
    run(project, "run", "--quiet", "python", str(Path(__file__).resolve()), "--models", package.name)


def migrate_models(package: str) -> None:
    """Rewrite every stored model that has no digest yet, then register the rules as they are now.

    A model that does not load afterwards stays as it was, and is named.
    """
    composition = import_module(f"{package}.cli.composition")
    models = import_module(f"{package}.stores.models")
    project = composition.load_project()
    if find_spec(f"{package}.stores.registry"):
        registry = project.registry
        for version in registry.client.search_model_versions("name = 'decision'"):
            if "digest" not in version.tags:
                migrate_version(project, models, version.version, package)
        for alias in ("fallback", "champion"):
            current = registry.version(alias)
            if current is not None and "digest" in registry.tags(current):
                registry.set_alias(alias, current)  # publishes it, also when an earlier start published it too early
    import_module(f"{package}.cli.preparation").prepare(project)


def migrate_version(project: Any, models: Any, number: str, package: str) -> None:  # noqa: ANN401
    """Rewrite the file of one version, try it on an example, and record its digest."""
    import mlflow  # noqa: PLC0415  # of the project's environment

    registry, problem = project.registry, project.problem
    version = registry.client.get_model_version("decision", number)
    is_current = version.tags.get("contract") in (old_fingerprint(problem), problem.fingerprint)
    place = registry.client.get_model_version_download_uri(version.name, version.version)
    with tempfile.TemporaryDirectory() as folder:
        local = Path(mlflow.artifacts.download_artifacts(place, tracking_uri=registry.url, dst_path=folder))
        content = rename_classes((local / "model.skops").read_bytes(), package)
        digest = models.digest_of(content)
        try:
            model = models.load_model(content, digest)
            if is_current:
                problem.objective.predict(model, {column.name: [column.example] for column in problem.inputs})
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one model, the others follow
            print(f"model version {version.version} stays as it is and cannot answer: {error}")
            return
        (local / "model.skops").write_bytes(content)
        if version.model_id:
            registry.client.log_model_artifacts(version.model_id, str(local))
    registry.models.add(str(version.version), content)
    if is_current:
        registry.client.set_model_version_tag(version.name, version.version, "contract", problem.fingerprint)
    registry.client.set_model_version_tag(version.name, version.version, "digest", digest)
    print(f"model version {version.version}: its classes have their new names, and its digest is recorded")


def old_fingerprint(problem: Any) -> str:  # noqa: ANN401
    """Return the fingerprint that 0.2.0 gives the contract: it leaves out what is protected, personal or rising."""
    schemas = [contract.model_json_schema() for contract in (problem.features, problem.label)]
    return hashlib.sha256(json.dumps(schemas, sort_keys=True).encode()).hexdigest()[:16]


def rename_classes(content: bytes, package: str) -> bytes:
    """Return a skops file whose schema has the new names of the project's own classes."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "schema.json":
                part = json.dumps(renamed(json.loads(part), package)).encode()
            new.writestr(name, part)
    return result.getvalue()


def renamed(node: Any, package: str) -> Any:  # noqa: ANN401
    """Return a node of a skops schema with the new names."""
    if isinstance(node, list):
        return [renamed(part, package) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: renamed(part, package) for key, part in node.items()}
    module = str(found.get("__module__", "")).removeprefix(f"{package}.")
    new = STORED_CLASSES.get((str(found.get("__class__")), module))
    if new is None:
        return found
    name, module, attributes = new
    values = found["content"]["content"]
    found["content"]["content"] = {attributes.get(key, key): value for key, value in values.items()}
    return {**found, "__class__": name, "__module__": f"{package}.{module}"}


def write_state(project: Path, state: dict[str, Any]) -> None:
    """Write cruft's record as cruft does."""
    text = json.dumps(state, ensure_ascii=False, indent=2, separators=(",", ": "))
    (project / ".cruft.json").write_text(text + "\n", encoding="utf-8")


def git(project: Path, *words: str) -> str:
    """Run git in the project and return what it printed."""
    return subprocess.run(["git", *words], cwd=project, check=True, capture_output=True, text=True).stdout


def run(project: Path, *words: str) -> None:
    """Run uv in the project."""
    uv = shutil.which("uv") or str(project / ".uv" / "bin" / "uv")
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run([uv, *words], cwd=project, check=True, env=kept)


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["--models"]:
            migrate_models(sys.argv[2])
        elif len(sys.argv) == 2:  # noqa: PLR2004
            main(Path(sys.argv[1]).resolve())
        else:
            sys.exit(__doc__)
    except UpdateError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: `{' '.join(map(str, error.cmd))}` ended with {error.returncode}\n{error.stderr or ''}")
