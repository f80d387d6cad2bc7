"""A fault that is planted in a delivery is found by the gate of `data` that is there for it; all others are quiet."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from problems import KEY, USUAL

pytestmark = pytest.mark.slow
GATES = {
    "whole file": r"is it whole\?",
    "contract": r" is '.*', expected ",
    "leak": r"explains nearly all of refused: ",
    "statistics": r"statistics: (?!.*moved slowly)",
    "slow drift": r"moved slowly, over \d+ runs",
}
COLUMNS = "|".join(column.name for column in USUAL.problem().inputs)
Rows = list[dict[str, str]]


class Deliveries:
    """A folder of a project that gets a file of new rows before each run of `data`."""

    def __init__(self, workspace: Any, run_command: Any) -> None:
        self.workspace, self.run_command, self.count = workspace, run_command, 0
        (workspace.root / "data" / "table.csv").unlink()
        workspace.edit_plan("data/table.csv", "data/*.csv")

    def draw(self, rows: int) -> Rows:
        """Return new rows whose `income` would be accepted as `risk`."""
        found, self.count = USUAL.table(rows, seed=self.count), self.count + 1
        for row in found:
            row |= {KEY: f"{self.count}-{row[KEY]}", "income": row["income"] and f"{float(row['income']) / 9:.4f}"}
        return found

    def put(self, rows: Rows) -> Path:
        """Write the rows as the latest file."""
        path = self.workspace.root / "data" / f"{self.count:03d}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def run(self) -> tuple[set[str], set[str], str]:
        """Run `data`: the gates that refuse, the columns that they name, and all that is printed."""
        code, out, error = self.run_command(self.workspace, "data")
        gates = {gate for gate, pattern in GATES.items() if re.search(pattern, error)}
        assert (code, error.count("\n")) == ((2, 1) if gates else (0, 0)), error
        return gates, {*re.findall(rf"\b({COLUMNS})\b", error)}, out + error

    def rows(self) -> dict[str, Any]:
        """Return the training table by key."""
        with self.workspace.project.lake() as lake:
            return {row["_key"]: row for row in lake.read("training").to_pyarrow().to_pylist()}


@pytest.fixture
def deliveries(new_workspace: Any, run_command: Any, tmp_path: Path) -> Deliveries:
    """Return a project of which `data` has read a first delivery."""
    found = Deliveries(new_workspace(tmp_path, USUAL), run_command)
    found.put(found.draw(800))
    assert found.run()[:2] == (set(), set())
    return found


def times_100(row: dict[str, str], _place: int) -> None:
    row["income"] = row["income"] and str(100 * float(row["income"]))


def swap(row: dict[str, str], _place: int) -> None:
    if row["income"]:
        row["income"], row["risk"] = row["risk"], row["income"]


def add_category(row: dict[str, str], place: int) -> None:
    row["insured"] = row["insured"] if place % 20 else "perhaps"


def make_constant(row: dict[str, str], _place: int) -> None:
    row["income"] = row["income"] and "0.5"


def change_nothing(_row: dict[str, str], _place: int) -> None:
    return


FAULTS: dict[str, tuple[Any, set[str], set[str]]] = {
    "nothing": (change_nothing, set(), set()),
    "a column times 100": (times_100, {"statistics"}, {"income"}),
    "two columns swapped": (swap, {"statistics"}, {"income", "risk"}),
    "a new category": (add_category, {"contract"}, {"insured"}),
    "a constant column": (make_constant, {"statistics"}, {"income"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_sabotage_of_a_delivery_is_found_by_one_gate_in_its_columns(deliveries: Deliveries, fault: str) -> None:
    plant, gates, columns = FAULTS[fault]
    before, rows = deliveries.rows(), deliveries.draw(200)
    for place, row in enumerate(rows):
        plant(row, place)
    deliveries.put(rows)
    assert deliveries.run()[:2] == (gates, columns)
    assert len(deliveries.rows()) == (800 if gates else 1_000)
    assert deliveries.rows().items() >= before.items()


def test_sabotage_truncated_delivery_is_refused_as_such(deliveries: Deliveries) -> None:
    before, path = deliveries.rows(), deliveries.put(deliveries.draw(200))
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    assert deliveries.run()[0] == {"whole file"}
    assert deliveries.rows() == before


def test_rows_that_are_delivered_twice_are_counted_and_change_nothing(deliveries: Deliveries) -> None:
    before = deliveries.rows()
    deliveries.count = 0
    rows = deliveries.draw(800)
    deliveries.count = 2
    deliveries.put(rows[:150])
    gates, _, printed = deliveries.run()
    assert (gates, deliveries.rows()) == (set(), before)
    assert "Read: 950 rows of 2 tables, 1 of them new; 800 kept, 150 duplicates, 0 in quarantine;" in printed


def test_sabotage_copy_of_the_answer_is_refused_in_the_first_run(
    new_workspace: Any, run_command: Any, tmp_path: Path
) -> None:
    found = Deliveries(new_workspace(tmp_path, USUAL), run_command)
    rows = found.draw(800)
    for row in rows:
        row["grade"] = "5" if row["refused"] == "yes" else "2"
    found.put(rows)
    assert found.run()[:2] == ({"leak"}, {"grade"})


def test_sabotage_personal_value_in_a_text_is_found_by_the_scan_and_by_nothing_else(deliveries: Deliveries) -> None:
    rows = deliveries.draw(200)
    rows[7]["remark"] = "ask ada@lovelace.dev"
    deliveries.put(rows)
    scan = [deliveries.workspace, "scan-personal"]
    assert deliveries.run_command(*scan)[0] == 0
    assert deliveries.run()[0] == set()
    code, out, error = deliveries.run_command(*scan)
    assert (code, error) == (1, "")
    assert re.search(r"table training, column remark, row \d+: e-mail address, 16 characters", out), out
    assert "lovelace" not in out


def test_sabotage_slow_drift_over_ten_runs_is_found_by_no_single_run(
    new_workspace: Any, run_command: Any, tmp_path: Path
) -> None:
    found = Deliveries(new_workspace(tmp_path, USUAL), run_command)
    found.put(found.draw(10_000))
    gates = [found.run()[:2]]
    while not gates[-1][0] and len(gates) < 20:
        rows = found.draw(120)
        for row in rows:
            row["risk"] = str(3 * (float(row["risk"]) / 3) ** (1 - min(0.04 * len(gates), 0.16)))
        found.put(rows)
        gates.append(found.run()[:2])
    assert gates[-1] == ({"slow drift"}, {"risk"})
    assert len(gates) >= 10
