"""`project.dependencies` are all that serving needs: a product runs in an environment of nothing else."""

import os
import shutil
import subprocess

import pytest
from processes import PROJECT, copy_project

from {{ cookiecutter.__package }}.cli import main

pytestmark = pytest.mark.slow
PACKAGE = main.__name__.partition(".")[0]
MAIN = "from {package}.cli.main import main; main()"
# the test client is not there: the application is called as a server calls it
SERVE = """
import asyncio, json
from {package}.cli import server
app = server.start()
async def decide():
    body = json.dumps(app.openapi()["components"]["schemas"]["Features"]["examples"][0]).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = dict(type="http", asgi=dict(version="3.0"), http_version="1.1", method="POST", path="/v1/decisions")
    scope |= dict(raw_path=b"", query_string=b"", headers=headers, scheme="http", root_path="", client=("127.0.0.1", 1))
    sent = []
    async def receive():
        return dict(type="http.request", body=body)
    async def send(message):
        sent.append(message)
    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    print(sent[0]["status"])
asyncio.run(decide())
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """Return the folder of this project with an environment as in the image, and a prepared product."""
    root = copy_project(tmp_path_factory.mktemp("serving") / "project")
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, root)
    left_out = ("__pycache__", "model", "init", "data", "model.py", "init.py", "data.py", "registry.py", "lake.py")
    shutil.copytree(PROJECT / "src", root / "src", ignore=shutil.ignore_patterns(*left_out))
    run(root, "sync", "--quiet", "--locked", "--no-default-groups")
    return root


def run(root, *words):
    """Run uv in a project's folder, with the environment of that folder."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_NO_SYNC")}
    environment |= {"APP_ROOT": str(root), "UV_PROJECT_ENVIRONMENT": str(root / ".venv")}
    words = ["uv", *words]
    return subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)


def run_code(root, code, *words):
    return run(root, "run", "--no-sync", "python", "-c", code.format(package=PACKAGE), *words)


def test_product_runs_with_the_dependencies_of_serving_alone(serving):
    prepared = run_code(serving, MAIN, "run", "--prepare")
    assert prepared.returncode == 0, prepared.stderr
    served = run_code(serving, SERVE)
    assert served.stdout == "201\n", served.stdout + served.stderr


def test_command_whose_dependencies_are_missing_says_so_in_one_line(serving):
    done = run_code(serving, MAIN, "score", "table.csv")
    assert done.returncode == 2
    assert done.stderr == "error: pyarrow is not installed; `uv sync` installs what every command needs\n"


def test_models_in_an_object_store_need_an_extra(serving):
    code = f"import os; os.environ['APP_MODELS_URL'] = 's3://bucket/models'; {MAIN}"
    done = run_code(serving, code, "run", "--prepare")
    assert done.returncode == 2
    assert done.stderr == "error: models: an object store needs pyarrow; `uv sync --extra objects` installs it\n"


@pytest.mark.parametrize("name", ["mlflow", "pandas", "pyarrow"])
def test_libraries_of_training_are_not_there(serving, name):
    assert f"No module named '{name}'" in run_code(serving, f"import {name}").stderr
