"""How fast a generated product decides, side by side with others, in one run on one machine.

    uv run python benchmarks/serving/run.py [--seconds 8] [--rounds 3] [--models logistic boosting] [--before REV]

Bakes a project with the default answers, prepares it, and registers a logistic regression and a
gradient boosting in turn. Each server has one worker and is asked by wrk (to be installed) for the
same decision over and over, on 64 connections and on one:

- product     this template's: validated, decided, committed to SQLite (synchronous=FULL), answered
- constant    FastAPI validating the same body and answering a constant: no model, no record
- mlflow      `mlflow models serve` of the same registered model: no validation by contract, no record
- bentoml     BentoML with adaptive batching, validating the same body: no record

`--before` adds the product of an older revision of the template, with the same model as champion.
Also measured are the product with two workers, and with PostgreSQL as its ledger, when BENCH_POSTGRES_URL names
one. Rounds are interleaved, so that what else the machine does hits all alike; the median round
counts. Scoring a file is compared with one plain `predict_proba`, and the parts of a decision are timed alone.
The peers are installed from the package index into environments of their own under benchmarks/.work.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / ".work"
SLUG, PACKAGE = "mortgage-desk", "mortgage_desk"
PROJECT = WORK / SLUG
BEFORE = WORK / "before"
BODY = WORK / "body.json"
CONNECTIONS = (64, 1)
TARGETS = (
    "at 64 connections: product/constant >= 0.85, product/mlflow >= 35; at 1: p50 no worse than before; "
    "ready in 3 s or less, 200 MB or less"
)


@dataclass
class Server:
    """One way to serve, and what was measured of it."""

    name: str
    words: list[str]
    port: int
    path: str
    ready: str
    wrapped: str = ""  # the key that the body goes under
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = PROJECT
    seconds_to_start: float = 0.0
    megabytes: float = 0.0
    figures: dict[int, list[dict[str, float]]] = field(default_factory=dict)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start the server, and stop it and all that it started."""
        if answers(f"http://127.0.0.1:{self.port}{self.ready}"):
            sys.exit(f"{self.name}: something answers on port {self.port} already")
        log = (WORK / f"{self.name}.log").open("w")
        began = time.perf_counter()
        process = subprocess.Popen(
            self.words, cwd=self.cwd, env=os.environ | dict(self.env), stdout=log, stderr=log, start_new_session=True
        )
        try:
            while not answers(f"http://127.0.0.1:{self.port}{self.ready}"):
                if process.poll() is not None or time.perf_counter() - began > 120:
                    sys.exit(f"{self.name} did not start: see {log.name}")
                time.sleep(0.05)
            self.seconds_to_start = time.perf_counter() - began
            yield
            self.megabytes = memory(process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            log.close()

    def ask(self, connections: int, seconds: int) -> dict[str, float]:
        """Load the server and return rate, percentiles in milliseconds, and failures."""
        body = BODY if not self.wrapped else WORK / f"body-{self.wrapped}.json"
        if self.wrapped:
            body.write_text(json.dumps({self.wrapped: [json.loads(BODY.read_text())]}))
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30s", "-s", str(HERE / "post.lua")]
        env = os.environ | {"BENCH_BODY": str(body)}
        done = subprocess.run(
            [*words, f"http://127.0.0.1:{self.port}{self.path}"], env=env, capture_output=True, text=True, check=True
        )
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return figures

    def median(self, connections: int, name: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(round_[name] for round_ in self.figures[connections])


def answers(url: str) -> bool:
    """Return whether a server is ready."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status < 400)
    except OSError:
        return False


def memory(leader: int) -> float:
    """Return the resident megabytes of every process that a server started."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            if int(words[3]) == leader:  # the session
                total += int((stat.parent / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return total / 2**20


def run(*words: str, cwd: Path = WORK, env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it said."""
    done = subprocess.run(words, cwd=cwd, env=os.environ | dict(env or {}), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def bake(template: Path, folder: Path) -> None:
    """Generate a project with the default answers into a folder, install and prepare it."""
    project = folder / SLUG
    shutil.rmtree(project, ignore_errors=True)
    run(sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config", "-o", str(folder))
    run("uv", "sync", "--quiet", "--extra", "postgresql", cwd=project)
    run(str(project / ".venv/bin" / SLUG), "run", "--prepare", cwd=project)


def prepare(before: str) -> None:
    """Install the project, the one of an older revision if there is one, and the peers."""
    WORK.mkdir(exist_ok=True)
    bake(HERE.parents[1], WORK)
    if before:
        shutil.rmtree(BEFORE, ignore_errors=True)
        BEFORE.mkdir()
        archive = BEFORE / "template.tar"
        run("git", "-C", str(HERE.parents[1]), "archive", "--output", str(archive), before)
        shutil.unpack_archive(archive, BEFORE / "template")
        bake(BEFORE / "template", BEFORE)
    if not (WORK / "bento/bin/bentoml").exists():
        run("uv", "venv", "--quiet", "--clear", str(WORK / "bento"))
        run(
            "uv", "pip", "install", "--quiet", "bentoml", "scikit-learn", "skops", "pydantic-settings",
            env={"VIRTUAL_ENV": str(WORK / "bento")},
        )  # fmt: skip
    example = (
        f"import json; from {PACKAGE}.cli.composition import load_project; "
        "print(json.dumps({column.name: column.example for column in load_project().problem.columns}))"
    )
    BODY.write_text(run(str(PROJECT / ".venv/bin/python"), "-c", example, cwd=PROJECT))


def servers(copy: Path) -> list[Server]:
    """Return what is compared; the peers serve the copy of the model, or the registry's own."""
    here, bento = PROJECT / ".venv/bin", WORK / "bento/bin"
    shared = {"BENCH_PACKAGE": PACKAGE, "BENCH_MODEL": str(copy), "DO_NOT_TRACK": "1", "BENTOML_DO_NOT_TRACK": "True"}
    on_path = {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    uvicorn = [str(here / "uvicorn"), "--app-dir", str(HERE), "constant:app", "--port", "8411", "--no-access-log"]
    found = [
        Server("product", [str(here / SLUG), "run", "--port", "8410"], 8410, "/v1/decisions", "/readyz"),
        Server("constant", uvicorn, 8411, "/v1/decisions", "/openapi.json", env=shared),
        Server(
            "mlflow",
            [str(here / "mlflow"), "models", "serve", "-m", "models:/decision@champion", "-p", "8412", "-w", "1"]
            + ["--env-manager", "local"],
            8412,
            "/invocations",
            "/ping",
            "dataframe_records",
            {"MLFLOW_TRACKING_URI": f"sqlite:///{PROJECT}/var/registry.db", **on_path},
        ),
        Server(
            "bentoml",
            [str(bento / "bentoml"), "serve", "peer_bento:Decide", "--working-dir", str(HERE), "-p", "8413"],
            8413,
            "/decide",
            "/readyz",
            "rows",
            shared | {"PYTHONPATH": f"{PROJECT}/src"},
        ),
    ]
    if (BEFORE / SLUG).exists():
        words = [str(BEFORE / SLUG / ".venv/bin" / SLUG), "run", "--port", "8416"]
        found.append(Server("product before", words, 8416, "/v1/decisions", "/readyz", cwd=BEFORE / SLUG))
    words = [str(here / SLUG), "run", "--port", "8415", "--workers", "2"]
    found.append(Server("product, 2 workers", words, 8415, "/v1/decisions", "/readyz"))
    if url := os.environ.get("BENCH_POSTGRES_URL"):
        words = [str(here / SLUG), "run", "--port", "8414"]
        found.append(
            Server("product on PostgreSQL", words, 8414, "/v1/decisions", "/readyz", env={"APP_LEDGER_URL": url})
        )
    return found


def compare(kind: str, rounds: int, seconds: int) -> list[Server]:
    """Measure every server with one kind of model as champion."""
    copy = WORK / f"{kind}.skops"
    run(str(PROJECT / ".venv/bin/python"), str(HERE / "models.py"), kind, str(copy), cwd=PROJECT)
    if (old := BEFORE / SLUG).exists():
        script = BEFORE / "template/benchmarks/serving/models.py"
        run(str(old / ".venv/bin/python"), str(script), kind, str(BEFORE / f"{kind}.skops"), cwd=old)
    found = servers(copy)
    with contextlib.ExitStack() as stack:
        for server in found:
            stack.enter_context(server.running())
            server.ask(4, 1)  # warm up
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for server in found:
                    server.figures.setdefault(connections, []).append(server.ask(connections, seconds))
    return found


def show(kind: str, found: list[Server]) -> None:
    """Print the figures and the ratios."""
    print(f"\n{kind}\n{'':24}{'conn.':>6}{'per s':>9}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}", end="")
    print(f"{'start s':>9}{'MB':>7}")
    product = found[0]
    for connections in CONNECTIONS:
        for server in found:
            rate, p50, p99, failed = (server.median(connections, name) for name in ("rate", "p50", "p99", "failed"))
            ratio = product.median(connections, "rate") / rate if rate else float("inf")
            print(f"{server.name:24}{connections:6}{rate:9.0f}{ratio:8.2f}{p50:9.2f}{p99:9.2f}{failed:8.0f}", end="")
            print(f"{server.seconds_to_start:9.1f}{server.megabytes:7.0f}")


def machine() -> None:
    """Print what the figures depend on."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    path, times = WORK / "sync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(bytes(8192))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    load = os.getloadavg()[0]
    print(f"{cpu}, {os.cpu_count()} cores, load {load:.1f}, {platform.system()} {platform.release()}")
    print(f"flushing 8 KB to disk takes {statistics.median(times) * 1000:.2f} ms (median)")
    names = ("fastapi", "uvicorn", "pydantic", "scikit-learn", "mlflow", "sqlalchemy", "bentoml")
    listed = [
        json.loads(run("uv", "pip", "list", "--format", "json", env={"VIRTUAL_ENV": str(folder)}))
        for folder in (PROJECT / ".venv", WORK / "bento")
    ]
    versions: dict[str, Any] = {item["name"]: item["version"] for items in reversed(listed) for item in items}
    print(", ".join(f"{name} {versions.get(name, '?')}" for name in names), f"Python {platform.python_version()}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["logistic", "boosting"])
    parser.add_argument("--before", default="", help="a revision of this template to compare with")
    parser.add_argument("--keep", action="store_true", help="use the project that is there")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and so every server with it
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed")
    if not (asked.keep and PROJECT.exists()):
        prepare(asked.before)
    machine()
    print(TARGETS)
    for kind in asked.models:
        show(kind, compare(kind, asked.rounds, asked.seconds))
        for script in ("scoring.py", "parts.py"):
            print(run(str(PROJECT / ".venv/bin/python"), str(HERE / script), cwd=PROJECT), end="")


if __name__ == "__main__":
    main()
