"""The first day of a product, in a minute and a half (`make demo`).

Generates a project with the defaults into demo/, and uses it as its README says: set up, bring in
the data, start with the rules, ask for a decision over HTTP, react to it, stop.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Path(__file__).resolve().parent.parent
FOLDER = TEMPLATE / "demo"
SECONDS_TO_START = 120
SECONDS_TO_STOP = 15
out = Console(highlight=False, soft_wrap=True)


class DemoError(Exception):
    """A step did not do what it should."""


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show that something is being done, and how long it took."""
    began = time.perf_counter()
    with out.status(what):
        yield
    out.print(f"[green]✓[/] {what} [dim]{time.perf_counter() - began:.1f} s[/]")


def command(*words: str, cwd: Path) -> None:
    """Run a command to its end; what it said is shown when it fails."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        out.print(done.stdout + done.stderr, markup=False)
        message = f"`{' '.join(words)}` ended with {done.returncode}"
        raise DemoError(message)


def generate() -> Path:
    """Make a project with the defaults, in place of the last demo's."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    words = ("-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config", "--output-dir", str(FOLDER))
    command(sys.executable, *words, cwd=TEMPLATE)
    return next(path for path in FOLDER.iterdir() if path.is_dir())


@contextlib.contextmanager
def product(project: Path) -> Iterator[str]:
    """Start the product on a free port, give its address when it is ready, and stop it as Ctrl-C does."""
    with (project.parent / "product.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["make", "run", "PORT=0"],
            cwd=project,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches all that it started, and nothing else
        )
        try:
            yield ready_address(process, Path(log.name))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                message = f"the product did not stop within {SECONDS_TO_STOP} s of Ctrl-C"
                raise DemoError(message) from None


def ready_address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return where the product says it listens, as soon as it has a model and a ledger there."""
    until = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
        if found := re.search(r"http://[\w.:]+", log.read_text(encoding="utf-8")):
            with contextlib.suppress(DemoError):
                ask(f"{found[0]}/readyz")
                return found[0]
    out.print(log.read_text(encoding="utf-8"), markup=False)
    message = (
        "the product ended" if process.poll() is not None else f"the product was not ready in {SECONDS_TO_START} s"
    )
    raise DemoError(message)


def ask(url: str, body: object = None) -> Any:  # noqa: ANN401
    """Send a request, with a body as JSON, and return the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except OSError as error:
        said = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
        message = f"{url}: {error} {said}"
        raise DemoError(message) from None


def example_body(api: dict[str, Any]) -> dict[str, Any]:
    """Return what the API's description gives as an example of a request for a decision."""
    content = api["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]
    schema = content["schema"]
    if "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    examples: list[dict[str, Any]] = schema["examples"]
    return examples[0]


def main() -> None:
    """Go through the first day, and say what happened."""
    with step("generate a project from the defaults"):
        project = generate()
    with step("make setup"):
        command("make", "setup", cwd=project)
    with step("make data"):
        command("make", "data", cwd=project)
    with contextlib.ExitStack() as running:
        with step("make run: the rules become champion, the product starts"):
            address = running.enter_context(product(project))
        with step("ask for a decision, and react to it"):
            body = example_body(ask(f"{address}/openapi.json"))
            asked = iter(lambda: ask(f"{address}/v1/decisions", body), None)
            decision = next(each for each in asked if not each["blind"])  # the few others are not to be accepted
            ask(f"{address}/v1/decisions/{decision['id']}/reaction", {"verdict": "accept"})
            recent = ask(f"{address}/v1/decisions?limit=1")[0]
            if (recent["id"], recent["verdict"]) != (decision["id"], "accept"):
                message = f"decision {decision['id']} is not on record with its reaction"
                raise DemoError(message)
        with step("stop"):
            running.close()
    for title, shown in (
        ("Asked", body),
        ("Decided", {name: decision[name] for name in ("answer", "score", "model")}),
        ("On record", {name: recent[name] for name in ("id", "decided_at", "verdict")}),
    ):
        out.print(f"[bold]{title:10}[/]{escape(json.dumps(shown))}")
    where = project.relative_to(TEMPLATE)
    out.print(f"The project is in {where}. Its page: cd {where} && make run")


if __name__ == "__main__":
    try:
        main()
    except DemoError as error:
        sys.exit(f"demo: {error}")
