"""What `init` writes says what was proposed, and passes the project's own checks, whatever is in a table."""

import functools
import importlib.util
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made import NASTY, category, number

from {{ cookiecutter.__package }}.cli import composition
from {{ cookiecutter.__package }}.core.plan import load_plan
from {{ cookiecutter.__package }}.core.problem import make_problem
from {{ cookiecutter.__package }}.core.schema import columns
from {{ cookiecutter.__package }}.core.source import Source, SourceColumn
from {{ cookiecutter.__package }}.init.proposal import propose
from {{ cookiecutter.__package }}.init.table import Options
from {{ cookiecutter.__package }}.init.writing.files import render_files

PACKAGE = Path(composition.__file__).parents[1]
PROJECT = Path(__file__).parents[2]
PATH = f"src/{PACKAGE.name}"


def plain_fields():
    return [
        number("age", kind="integer", low=0, high=120),
        number("income", "Monthly income", low=-5.0, high=100_000.0, missing=3),
        category("region", ("north", "south", "west"), is_nominal=True),
        category("sex", ("female", "male"), missing=2),
        category("insured", ("no", "yes")),
    ]


def nasty_fields(seed, count=20):
    rng = random.Random(seed)
    names = list(dict.fromkeys(text.strip() for text in NASTY))
    fields = []
    for place in range(count):
        field, name = f"f{place}_{'ab' * rng.randrange(20)}", f"{rng.choice(NASTY)}{place}"
        words = rng.choice([rng.choice(names), "word " * rng.randint(1, 20) + "end"])
        missing = rng.choice([0, 3])
        if rng.random() < 0.4:
            low, high = rng.choice([(0, 1e-7), (-1e6, 12345.678), (1990, 2000), (0.5, 1e15)])
            fields.append(number(field, name, low=low, high=high, missing=missing, description=words))
            continue
        categories = rng.sample(names, rng.choice([2, 3, 7, 20]))
        spelt = {text: rng.choice(categories) for text in rng.sample(NASTY, rng.randrange(4))}
        source = SourceColumn(name=name, values=spelt, missing=tuple(rng.sample(NASTY, rng.randrange(3))))
        more = {"missing": missing, "description": words, "source": source, "is_nominal": rng.random() < 0.5}
        fields.append(category(field, categories, name, **more))
    return fields


def make(fields, target, place="data/table.csv", source=None, findings=(), **options):
    given = Options(target=target.name, **options)
    return propose([*fields, target], findings, source or Source(), given, None, place)


YES = category("refused", ("no", "yes"), "Refused?", description="Refused")
SEVERAL = category("grade", ("low", "mid", "high"))
ODD = category("what", ('say "no"', "it's\ta\\b"), "W'h\"at", description='Say "what"')
AMOUNT = number("amount", low=0.0, high=5000.0)
PROPOSALS = {
    "yes or no": lambda: make(plain_fields(), YES, protected=("sex",)),
    "several": lambda: make(plain_fields(), SEVERAL, protected=("sex", "age"), personal=("Monthly income",)),
    "a number": lambda: make(plain_fields(), AMOUNT, source=Source(delimiter=";", decimal=",", thousands=".")),
    "one field": lambda: make([number("x")], YES),
    "lines of every length": lambda: make(
        [number(f"w{size}", missing=3, description="x" * size) for size in range(20, 90)], ODD
    ),
    "300 fields": lambda: make([number(f"x{place}") for place in range(300)], AMOUNT),
    "odd names": lambda: make(nasty_fields(1), ODD, place="data/ta\"b'l\\e \u5e74.csv"),
    "odd names of a number": lambda: make(nasty_fields(2), AMOUNT, source=Source(missing=NASTY, totals=NASTY[:3])),
    "odd names of several": lambda: make(
        nasty_fields(3), category("c", [text.strip() for text in NASTY[:12]]), question='"Which" \\ one?'
    ),
}


LONG = [pytest.param(name, marks=pytest.mark.slow) if name == "300 fields" else name for name in PROPOSALS]
proposed = functools.cache(lambda name: PROPOSALS[name]())


@pytest.fixture(params=LONG)
def proposal(request):
    return proposed(request.param)


@pytest.fixture
def files(proposal):
    return render_files(proposal, PATH)


@pytest.fixture(scope="session")
def copied(tmp_path_factory):
    """Return a copy of the package with the settings of the project's checks."""
    folder = tmp_path_factory.mktemp("rendered")
    shutil.copytree(PACKAGE, folder / PATH, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder


def write(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def run(folder, *words):
    tool = str(Path(sys.executable).with_name(words[0]))
    done = subprocess.run([tool, *words[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr if done.returncode else ""


def test_files_pass_the_linter_and_are_formatted(copied, files):
    write(copied, files)
    paths = [path for path in files if path.endswith(".py")]
    assert run(copied, "ruff", "check", "--no-cache", "--output-format", "concise", *paths) == ""
    assert run(copied, "ruff", "format", "--no-cache", "--diff", *paths) == ""


@pytest.mark.slow
def test_files_pass_the_type_checker(copied, files):
    write(copied, files)
    assert run(copied, "mypy") == ""


def load(path, name):
    """Import a file as a module of `problem/`."""
    spec = importlib.util.spec_from_file_location(f"{PACKAGE.name}.problem.proposed_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_files_say_what_was_proposed_and_fit_each_other(tmp_path, proposal, files):
    write(tmp_path, files)
    contract, rules, sources, candidates = (
        load(tmp_path / PATH / "problem" / f"{name}.py", name)
        for name in ("contract", "rules", "sources", "candidates")
    )
    plan = load_plan(tmp_path / "plan.toml")
    found = columns(contract.Features)
    assert found == tuple(field.column for field in proposal.fields)
    label = columns(contract.Label)[0]
    assert (label.categories, label.low, label.high) == tuple(
        getattr(proposal.target.profile, name) for name in ("categories", "low", "high")
    )
    assert (list(proposal.rules), proposal.otherwise) == (rules.RULES, rules.OTHERWISE)
    assert proposal.source == sources.SOURCE
    assert plan.product.question == proposal.question
    assert all(proposal.table in uses[0] for uses in (plan.product.intended_uses, plan.product.excluded_uses))
    assert plan.data.source == proposal.place
    problem = make_problem(
        contract.KEY, contract.Features, contract.Label, rules.RULES, rules.OTHERWISE, candidates.candidates, plan
    )
    fair = {"mitigated"} if any(column.protected for column in found) else set()
    assert set(problem.candidates()) == {"linear", "boosting"} | fair
