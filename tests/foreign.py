"""Three problems of other people: everything that an owner of a project replaces, as files by path."""

from __future__ import annotations

import csv
import io
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 900
# the answers of the bake whose problem is replaced; the machinery is the same for all of them
BAKES = {"churn": {"problem": "a number"}, "parcels": {}, "sensors": {"problem": "one of several"}}
TEST = """from {package}.cli.composition import load_project


def test_key_is_known():
    assert load_project().problem.key
"""


@dataclass(frozen=True)
class Foreign:
    """The owner's files of one problem, and its table."""

    contract: str
    rules: str
    candidates: str
    plan: str
    table: list[dict[str, object]]

    def files(self, package: str) -> dict[str, str]:
        """Return every file that replaces one of the example's."""
        written = io.StringIO()
        writer = csv.DictWriter(written, list(self.table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.table)
        return {
            "plan.toml": self.plan,
            "data/cases.csv": written.getvalue(),
            "data/README.md": "# Where the table comes from\n\nMade up.\n",
            f"src/{package}/problem/__init__.py": '"""The problem."""\n',
            f"src/{package}/problem/contract.py": self.contract,
            f"src/{package}/problem/rules.py": self.rules,
            f"src/{package}/problem/candidates.py": self.candidates,
        }


CONTRACT = '''"""What is asked and answered."""

from __future__ import annotations

{imports}

from ..core.schema import {names}

KEY = "{key}"


class Features(Strict):
    """One case."""

{features}


class Label(Strict):
    """The answer."""

    {label}
'''
RULES = '''"""The rules."""

from __future__ import annotations

RULES = {rules}
OTHERWISE = {otherwise}
'''
CANDIDATES = '''"""The models that are tried."""

from __future__ import annotations

from collections.abc import Sequence

{models}

from ..core.encoder import encoder
from ..core.plan import Plan
from ..core.schema import Column


def candidates(columns: Sequence[Column], plan: Plan) -> dict[str, Pipeline]:{noqa}
    """Return one pipeline."""
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    model = {model}({arguments})
    return {{"{name}": Pipeline([("encode", encoder(columns)), ("impute", impute), ("model", model)])}}
'''


def models(module: str, name: str) -> str:
    """Return the sorted import lines of scikit-learn."""
    lines = ["from sklearn.impute import SimpleImputer", "from sklearn.pipeline import Pipeline"]
    return "\n".join(sorted([*lines, f"from {module} import {name}"]))


def churn() -> Foreign:
    """Return two answers, spelt with capitals, from twelve numbers without bounds; no column is protected."""
    chance = random.Random(1)  # noqa: S311
    names = [f"measure_{place}" for place in range(12)]
    table: list[dict[str, object]] = []
    for place in range(ROWS):
        values = [round(chance.gauss(0, 100), 3) for _ in names]
        left = values[0] + values[1] + chance.gauss(0, 60) > 45
        table.append(
            {"customer": f"k{place}", **dict(zip(names, values, strict=True)), "left": "Yes" if left else "No"}
        )
    return Foreign(
        CONTRACT.format(
            imports="from typing import Literal",
            names="Strict",
            key="customer",
            features="\n".join(f"    {name}: float" for name in names),
            label='left: Literal["No", "Yes"]',
        ),
        RULES.format(rules='[("measure_0", ">", 120, 0.8, "the first measure is high")]', otherwise="0.3"),
        CANDIDATES.format(
            models=models("sklearn.linear_model", "LogisticRegression"),
            model="LogisticRegression",
            arguments="max_iter=1000",
            name="linear",
            noqa="  # noqa: ARG001",
        ),
        '[product]\nquestion = "Will they leave?"\n\n[costs]\nfalse_negative = 10\nfalse_positive = 1\n\n'
        '[data]\nsource = "data/cases.csv"\n',
        table,
    )


def parcels() -> Foreign:
    """Return three answers; the first column is optional, two protected columns are numbers, the label is first."""
    chance = random.Random(2)  # noqa: S311
    table: list[dict[str, object]] = []
    for place in range(ROWS):
        weight, distance = chance.uniform(0, 30), chance.randint(1, 2000)
        size = chance.choice(["S", "M", "L"])
        late = distance / 2000 + (0.3 if size == "L" else 0) + chance.gauss(0, 0.2)
        table.append(
            {
                "class": "fast" if late < 0.35 else "normal" if late < 0.9 else "slow",
                "weight": "" if chance.random() < 0.2 else round(weight, 2),
                "distance": distance,
                "size": size,
                "sender_age": chance.randint(18, 90),
                "sender_income": "" if chance.random() < 0.1 else round(chance.uniform(0, 9000), 2),
                "parcel": place,
            }
        )
    features = (
        '    weight: Annotated[float | None, Field(ge=0, description="kg")] = None',
        "    distance: Annotated[int, Field(ge=1, le=3000)]",
        '    size: Literal["S", "M", "L"]',
        "    sender_age: Annotated[int | None, PROTECTED, Field(ge=0, le=120)] = None",
        "    sender_income: Annotated[float | None, PROTECTED] = None",
    )
    return Foreign(
        CONTRACT.format(
            imports="from typing import Annotated, Literal\n\nfrom pydantic import Field",
            names="PROTECTED, Strict",
            key="parcel",
            features="\n".join(features),
            label='speed: Literal["fast", "normal", "slow"]',
        ).replace("    speed:", "    class_:"),
        RULES.format(
            rules='[\n    ("distance", ">", 1500, (0.05, 0.35, 0.6), "a long way"),\n'
            '    ("size", "!=", "L", (0.4, 0.5, 0.1), "not large"),\n]',
            otherwise="(0.2, 0.5, 0.3)",
        ),
        CANDIDATES.format(
            models=models("sklearn.ensemble", "HistGradientBoostingClassifier"),
            model="HistGradientBoostingClassifier",
            arguments="max_iter=30, random_state=0",
            name="trees",
            noqa="  # noqa: ARG001",
        ),
        '[product]\nquestion = "How fast will it be?"\n\n[review]\nband = 0.1\n\n[costs.confusion]\n'
        "fast = { fast = 0, normal = 1, slow = 2 }\nnormal = { fast = 1, normal = 0, slow = 1 }\n"
        'slow = { fast = 4, normal = 2, slow = 0 }\n\n[data]\nsource = "data/cases.csv"\n\n'
        "[groups.limits]\nerror_rate = 0.3\n",
        [{("class_" if key == "class" else key): value for key, value in row.items()} for row in table],
    )


def sensors() -> Foreign:
    """Return a number from 85 columns: numbers, whole numbers, and one text."""
    chance = random.Random(3)  # noqa: S311
    numbers, counts = [f"sensor_{place}" for place in range(60)], [f"count_{place}" for place in range(24)]
    table: list[dict[str, object]] = []
    for place in range(ROWS):
        row: dict[str, object] = {"hour": f"h{place}", "note": "" if place % 3 else f"shift {place % 7}"}
        row |= {name: round(chance.uniform(-1, 1), 4) for name in numbers}
        row |= {name: chance.randint(0, 50) for name in counts}
        load = 50 + 30 * float(str(row["sensor_0"])) + int(str(row["count_0"])) + chance.gammavariate(2, 5)
        table.append(row | {"load": round(load, 2)})
    features = (
        "    note: Annotated[str | None, Field(max_length=40)] = None",
        *(f"    {name}: Annotated[float, Field(ge=-1, le=1)]" for name in numbers),
        *(f"    {name}: Annotated[int, Field(ge=0, le=50)]" for name in counts),
    )
    return Foreign(
        CONTRACT.format(
            imports="from typing import Annotated\n\nfrom pydantic import Field",
            names="Strict",
            key="hour",
            features="\n".join(features),
            label="load: Annotated[float, Field(ge=0)]",
        ),
        RULES.format(rules='[("sensor_0", ">", 0.5, 120.0, "the first sensor is high")]', otherwise="90.0"),
        CANDIDATES.format(
            models=models("sklearn.ensemble", "HistGradientBoostingRegressor"),
            model="HistGradientBoostingRegressor",
            arguments='loss="quantile", quantile=plan.costs.quantile, max_iter=30, random_state=0',
            name="trees",
            noqa="",
        ),
        '[product]\nquestion = "What will the load be?"\n\n[costs]\ntoo_low = 4\ntoo_high = 1\n\n'
        '[data]\nsource = "data/cases.csv"\n',
        table,
    )


FOREIGN = {"churn": churn, "parcels": parcels, "sensors": sensors}


def replace_problem(project: Path, name: str, *, test: bool) -> None:
    """Replace the owner's files by those of another problem; `tests/problem` holds one test, or nothing."""
    package = project.name.replace("-", "_")
    for folder in (project / "data", project / "src" / package / "problem", project / "tests" / "problem"):
        shutil.rmtree(folder)
        folder.mkdir()
    for path, text in FOREIGN[name]().files(package).items():
        (project / path).write_text(text, encoding="utf-8", newline="\n")
    if test:
        (project / "tests" / "problem" / "test_key.py").write_text(TEST.format(package=package), encoding="utf-8")
