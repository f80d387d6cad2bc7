"""People label decisions blind: what is drawn, given out, taken back, and becomes of their labels."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from postgres import make_schema
from problems import SHAPES, USUAL

from {{ cookiecutter.__package }}.core.labels import adjudicate, choose_label
from {{ cookiecutter.__package }}.data.labelling import (
    AGAIN,
    assign_cases,
    describe_cost,
    describe_labellers,
    draw_cases,
    estimate_mean,
    find_ties,
    make_tasks,
)
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.labelling import read_labelled, read_tasks, read_unlabelled
from {{ cookiecutter.__package }}.stores.lake import ORIGIN, WEIGHT

SIZE = 200  # decisions
FORMULA = '=HYPERLINK("http://a")'


@pytest.fixture(params=["usual", *(pytest.param(name, marks=pytest.mark.slow) for name in ("categories", "wide"))])
def each_workspace(request: Any, new_workspace: Any, tmp_path: Path) -> Any:
    """Return a project of each kind of answer with decisions, and no models."""
    return fill(new_workspace(tmp_path / "project", SHAPES[request.param]))


@pytest.fixture
def workspace(new_workspace: Any, once: Any, tmp_path: Path) -> Any:
    """Return a project of the usual shape with decisions, and no models."""
    folder = once("decided", lambda root: fill(new_workspace(root, USUAL)))
    shutil.copytree(folder, tmp_path / "project")
    return new_workspace(tmp_path / "project", USUAL)


@pytest.fixture
def label(workspace: Any, run_command: Any) -> Any:
    """Return a function that runs `label` in the project of the usual shape: code, output and errors."""
    return lambda *words: run_command(workspace, "label", *map(str, words))


def fill(workspace: Any) -> Any:
    with workspace.project.ledger() as ledger:
        ledger.record(decide(workspace.shape.problem()))
    return workspace


def decide(problem: Any) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    found = []
    for place in range(SIZE):
        row: dict[str, Any] = {"id": f"{place:032x}", "decided_at": "2026-01-01T00:00:00.000+00:00", "score": 0.0}
        row |= {"features": {column.name: draw_value(rng, column) for column in problem.stored}}
        score = place / SIZE if problem.target.categories else float(place)
        row |= {"answer": (problem.target.categories or (score,))[0], "score": score, "model": "rules:1"}
        found.append(row | {"needs_review": False, "fallback": False})
    return found


def draw_value(rng: Any, column: Any) -> Any:
    if column.categories:
        return column.categories[rng.integers(len(column.categories))]
    if column.kind == "text":
        return f"{FORMULA} {rng.integers(1000)}"
    low = column.low or 0.0
    value = low + rng.random() * ((column.high or low + 10) - low)
    return int(value) if column.kind == "integer" else float(value)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def header(rows: list[dict[str, str]], name: str) -> str:
    return next(found for found in rows[0] if found.endswith(f"[{name}]"))


def fill_in(path: Path, target: Any, answer: Any) -> list[dict[str, str]]:
    """Write what `answer` returns for the place of each row into the column of the label."""
    rows = read(path)
    name = header(rows, target.name)
    for place, row in enumerate(rows):
        row[name] = str(answer(place))
    write(path, rows)
    return rows


def tasks_of(workspace: Any) -> list[dict[str, Any]]:
    with workspace.project.ledger() as ledger:
        return read_tasks(ledger)


def build(workspace: Any) -> dict[str, Any]:
    project = workspace.project
    with project.lake() as lake, project.ledger() as ledger:
        decisions = read_labelled(ledger)
        build_tables(lake, workspace.root / "data" / "table.csv", decisions, project.problem, project.plan)
        return {name: lake.frame(name) for name in ("training", "labels")}


def ids(count: int) -> list[str]:
    return [str(place) for place in range(count)]


def margins_of(scores: Any, problem: Any = None) -> Any:
    """Return keys as `label prepare` has them, for decisions that no product marked for a review."""
    return np.array([(problem or USUAL.problem()).objective.margins(scores), np.ones(len(scores))])


def find_drawing_faults(order: Any, margins: Any) -> list[str]:
    """Return what is wrong with 400 draws of 20 of 80 decisions of which half are to be uncertain ones."""
    drawn, recorded = Counter[str](), dict[str, set[float]]()
    for seed in range(400):
        for case in draw_cases(ids(80), order, 20, 0.5, seed):
            drawn[case.decision_id] += 1
            recorded.setdefault(case.decision_id, set()).add(case.probability)
    closest = [str(place) for place in np.argsort(margins)[:10]]
    faults = [] if {drawn[each] for each in closest} == {400} else ["uncertain decisions are not drawn"]
    shares = {each: drawn[each] / 400 for each in ids(80)}
    if any(abs(shares[each] - min(recorded.get(each, {0}))) > 0.09 for each in shares):  # over four standard errors
        faults.append("decisions are drawn more or less often than recorded")
    return faults


def test_decisions_are_drawn_as_often_as_recorded_and_uncertain_ones_always() -> None:
    scores = np.random.default_rng(0).permutation(80) / 80 + 0.001
    margins = np.abs(scores - 1 / 6)
    assert find_drawing_faults(margins_of(scores), margins) == []


def test_sabotage_draw_that_prefers_confident_cases_is_seen() -> None:
    scores = np.random.default_rng(0).permutation(80) / 80 + 0.001
    order = margins_of(scores) * [[-1], [1]]
    assert find_drawing_faults(order, np.abs(scores - 1 / 6)) == ["uncertain decisions are not drawn"]


def test_decisions_with_equal_scores_are_drawn_by_chance() -> None:
    cases = [draw_cases(ids(50), margins_of(np.full(50, 0.2)), 4, 0.5, seed) for seed in range(100)]
    firsts = {case.decision_id for each in cases for case in each if case.draw == "uncertain"}
    assert len(firsts) > 40


def test_estimate_is_unbiased_where_the_plain_mean_is_not() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(300)
    costs = (np.abs(scores - 1 / 6) < 0.1) * 1.0  # uncertain decisions are the wrong ones
    estimates, plain = [], []
    for seed in range(500):
        cases = draw_cases(ids(300), margins_of(scores), 40, 0.5, seed)
        values = costs[[int(case.decision_id) for case in cases]]
        estimates.append(estimate_mean(values, np.array([case.probability for case in cases])))
        plain.append(values.mean())
    assert np.mean(estimates) == pytest.approx(costs.mean(), abs=0.01)
    assert np.mean(plain) > costs.mean() + 0.2


@pytest.mark.parametrize(("size", "rows"), [(0, 10), (1, 10), (5, 10), (10, 1), (10, 10)])
def test_small_ledgers_give_what_they_have(size: int, rows: int) -> None:
    cases = draw_cases(ids(size), margins_of(np.linspace(0, 1, size)), rows, 0.5, 0)
    assert len({case.decision_id for case in cases}) == min(size, rows)
    assert all(0 < case.probability <= 1 for case in cases)


def asked(answers: str, batch: str = "1", probability: float = 0.5) -> list[dict[str, Any]]:
    """Return one task for each letter of words, which are the labels of a decision: yes, no or open, by a, b, c."""
    found = []
    for decision, word in enumerate(answers.split()):
        for labeller, letter in zip("abc", word, strict=False):
            task = {"decision_id": f"{batch}-{decision}", "labeller": labeller, "batch": batch, "draw": "random"}
            answer = {"y": "yes", "n": "no", "?": None}[letter]
            found.append(task | {"answer": answer, "decided": "no", "probability": probability})
    return found


def test_tie_goes_to_a_labeller_who_was_not_asked_and_to_nobody_else() -> None:
    tasks = asked("yn yy y? yny")
    assert [(who, case.decision_id, case.draw) for who, case in find_ties(tasks, "abc", ())] == [("c", "1-0", AGAIN)]
    assert find_ties(tasks, "ab", ()) == []
    assert find_ties(tasks, "abc", ["b"]) == []


def test_overlap_of_the_cases_goes_to_two_labellers() -> None:
    cases = draw_cases(ids(20), margins_of(np.linspace(0, 1, 20)), 10, 0.5, 0)
    assigned = [*assign_cases(cases, ["a", "b"], 0.4)]
    assert Counter(Counter(case.decision_id for _, case in assigned).values()) == {1: 6, 2: 4}
    assert {who for who, _ in assigned} == {"a", "b"}
    assert len([*assign_cases(cases, ["a"], 0.4)]) == 10
    tasks = make_tasks(assigned, 0)
    assert len({task["id"] for task in tasks}) == len(tasks) == 14
    assert all(task["id"] != task["decision_id"] for task in tasks)
    assert [task["decision_id"] for task in tasks] != [case.decision_id for _, case in assigned]


def test_progress_and_cost_are_in_sentences() -> None:
    problem, plan = USUAL.problem(), USUAL.parsed_plan
    tasks = asked("yn yy y?")
    lines = describe_labellers(tasks, problem.target, plan)
    assert lines[0] == "5 of 6 labels are given; 1 cases are tied and wait for a further opinion."
    assert lines[1].startswith("a: 3 given, 0 open; most often yes (100%); beside the others, ")
    assert lines[2].startswith("b: 2 given, 1 open; ")
    assert describe_cost(asked("? ?"), problem, plan) == ""
    # two false negatives of 5; the earlier batch does not count
    text = describe_cost([*asked("y y"), *asked("y y n n", "2")], problem, plan)
    assert text.startswith("By 4 labels of the latest batch, ")
    assert "an answer costs 2.5 on average (" in text
    certain = describe_cost(asked("y n", probability=1.0), problem, plan)
    assert "an answer costs 2.5 on average (2.5 to 2.5)" in certain


def test_objectives_put_first_what_people_should_look_at() -> None:
    scores = np.array([0.9, 0.2, 0.4])
    firsts = {name: int(np.argmin(SHAPES[name].problem().objective.margins(scores))) for name in SHAPES}
    assert firsts == {"usual": 1, "optional numbers": 1, "categories": 1, "wide": 0}


def test_majority_is_the_label_and_numbers_have_a_median() -> None:
    assert adjudicate({"a": "no", "b": "yes", "c": "yes"}) == "yes"
    assert adjudicate({"a": "no", "b": "yes"}) is None
    assert adjudicate({}) is None
    assert adjudicate({"a": 1.5, "b": 9.0, "c": 2.0}) == 2.0
    assert (adjudicate({"a": 1, "b": 4}), type(adjudicate({"a": 1, "b": 4}))) == (2, int)


def test_order_of_the_plan_decides_between_label_and_other_statements() -> None:
    row = {"answer": "a", "verdict": None, "reaction_answer": None, "labels": {"anna": "b"}}
    order = ("outcome", "blind", "reaction")
    assert choose_label(row, order) == ("labelled", "b")
    assert choose_label(row | {"outcome": "c"}, order) == ("outcome", "c")
    assert choose_label(row | {"outcome": "c"}, ("blind", "outcome")) == ("labelled", "b")
    assert choose_label(row | {"verdict": "blind", "reaction_answer": "d"}, order) == ("blind", "d")
    assert choose_label(row | {"verdict": "accept"}, order) == ("labelled", "b")
    assert choose_label(row | {"verdict": "accept"}, ("reaction", "blind")) == ("accept", "a")
    assert choose_label(row | {"labels": {"anna": "b", "ben": "c"}}, order) is None


@pytest.mark.slow
def test_labels_of_every_kind_go_round(each_workspace: Any, run_command: Any, tmp_path: Path) -> None:
    workspace, problem = each_workspace, each_workspace.shape.problem()
    target = problem.target
    code, out, error = run_command(
        workspace, "label", "prepare", str(tmp_path / "batch.csv"), "--labellers", "anna,ben", "--rows", "40"
    )
    assert (code, error) == (0, ""), error
    for who in ("anna", "ben"):
        path = tmp_path / f"batch.{who}.csv"
        assert f"{path}: 24 cases for {who}\n" in out
        choices = target.categories or ("10.5", "20", "1e3")
        fill_in(path, target, lambda place, choices=choices: choices[place % len(choices)])
        given = run_command(workspace, "label", "take", str(path), "--labeller", who)
        assert given == (0, f"Labels of {who}: 24 new, 0 on record already, 0 still empty.\n", "")
        again = run_command(workspace, "label", "take", str(path), "--labeller", who)
        assert again == (0, f"Labels of {who}: 0 new, 24 on record already, 0 still empty.\n", "")
    code, out, error = run_command(workspace, "label", "status")
    assert (code, error, out.startswith("48 of 48 labels are given; ")) == (0, "", True)
    assert "\nben: 24 given, 0 open; most often " in out
    assert "inconclusive  8 cases have labels of two people, and 20 are needed" in out
    assert " labels of the latest batch, weighted by how likely each was drawn, an answer costs " in out
    tables = build(workspace)
    ties = int(out.split("; ")[1].split(" ")[0])
    assert tables["training"][ORIGIN].value_counts().to_dict() == {"file": 400, "labelled": 40 - ties}
    assert set(tables["training"][WEIGHT]) == {1}


def test_sheet_shows_what_a_labeller_needs_and_nothing_else(workspace: Any, label: Any, tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    assert label("prepare", path, "--labellers", "anna", "--rows", 20)[0] == 0
    rows = read(path)
    assert list(rows[0]) == [
        "id",
        "Risk of the case [risk]",
        "Grade, 1 is best [grade]",
        "The case is insured [insured]",
        "Income [income]",
        "A remark [remark]",
        "Refused: one of no, yes [refused]",
        "note",
    ]
    assert all(row[header(rows, "refused")] == row["note"] == "" for row in rows)
    # a spreadsheet must not run a text of a caller
    assert all(row[header(rows, "remark")].startswith(f"'{FORMULA}") for row in rows)
    tasks = {task["id"]: task for task in tasks_of(workspace)}
    assert [tasks[row["id"]]["features"]["risk"] for row in rows] == [float(row[header(rows, "risk")]) for row in rows]
    assert not {row["id"] for row in rows} & {task["decision_id"] for task in tasks.values()}
    draws = [tasks[row["id"]]["draw"] for row in rows]
    assert Counter(draws) == {"uncertain": 10, "random": 10}
    assert draws not in (sorted(draws), sorted(draws, reverse=True))
    assert {task["probability"] for task in tasks.values()} == {1.0, 10 / 190}


def test_protected_columns_are_shown_if_the_plan_says_so(workspace: Any, label: Any, tmp_path: Path) -> None:
    with (workspace.root / "plan.toml").open("a", encoding="utf-8") as plan:
        plan.write("[labelling]\nshow_protected = true\n")
    label("prepare", tmp_path / "batch.csv", "--labellers", "anna")
    assert "Group, for audit [group]" in read(tmp_path / "batch.csv")[0]


def test_draw_is_repeated_by_its_seed(workspace: Any, label: Any, tmp_path: Path) -> None:
    drawn = []
    for seed in (1, 1, 2):
        label("prepare", tmp_path / f"{len(drawn)}.csv", "--labellers", "anna", "--rows", 30, "--seed", seed)
        drawn.append({task["decision_id"] for task in tasks_of(workspace)})
        with workspace.project.ledger() as ledger, ledger.engine.begin() as connection:
            connection.execute(sa.delete(ledger.tables.label_tasks))
    assert drawn[0] == drawn[1] != drawn[2]


def test_decisions_with_a_statement_or_a_task_are_not_given_out(workspace: Any, label: Any, tmp_path: Path) -> None:
    with workspace.project.ledger() as ledger:
        ledger.react(f"{0:032x}", {"verdict": "accept", "answer": None, "note": ""})
        row = {"decision_id": f"{1:032x}", "answer": "no", "recorded_at": "2026-01-01"}
        with ledger.engine.begin() as connection:
            connection.execute(sa.insert(ledger.tables.outcomes), row)
        label("prepare", tmp_path / "batch.csv", "--labellers", "anna", "--rows", 100)
        assert len(read_unlabelled(ledger, 1000)[0]) == SIZE - 102
        assert len(read_unlabelled(ledger, 10)[0]) == 10
    label("prepare", tmp_path / "rest.csv", "--labellers", "anna", "--rows", 100)
    given = {task["decision_id"] for task in tasks_of(workspace)}
    assert given == {f"{place:032x}" for place in range(2, SIZE)}
    code, _, error = label("prepare", tmp_path / "more.csv", "--labellers", "anna")
    assert (code, "no decision waits for a label: all have one, or were given to labellers" in error) == (2, True)


@pytest.mark.slow
def test_tie_is_given_to_a_further_labeller(workspace: Any, label: Any, tmp_path: Path) -> None:
    target = USUAL.problem().target
    label("prepare", tmp_path / "two.csv", "--labellers", "anna,ben", "--rows", 10, "--overlap", 1)
    for who, answer in (("anna", "yes"), ("ben", "no")):
        fill_in(tmp_path / f"two.{who}.csv", target, lambda _, answer=answer: answer)
        label("take", tmp_path / f"two.{who}.csv", "--labeller", who)
    assert "20 of 20 labels are given; 10 cases are tied and wait for a further opinion.\n" in label("status")[1]
    assert build(workspace)["training"][ORIGIN].unique().tolist() == ["file"]
    label("prepare", tmp_path / "third.csv", "--labellers", "anna,cleo", "--rows", 12)
    again = [task for task in tasks_of(workspace) if task["draw"] == "again"]
    assert (len(again), {task["labeller"] for task in again}) == (10, {"cleo"})
    assert len({task["decision_id"] for task in tasks_of(workspace)}) == 12
    fill_in(tmp_path / "third.cleo.csv", target, lambda _: "yes")
    label("take", tmp_path / "third.cleo.csv", "--labeller", "cleo")
    assert "; 0 cases are tied" in label("status")[1]


WRONG = {
    "a value that does not fit": (lambda rows, name: rows[1].update({name: "perhaps"}), "row 2: refused is 'perhaps'"),
    "an unknown id": (lambda rows, _: rows[2].update(id="f" * 32), "row 3: id is 'ffff"),
    "no id": (lambda rows, _: rows[2].update(id=""), "row 3: id is '', which was given to nobody"),
    "an id twice": (lambda rows, _: rows.append(rows[0]), " is there twice"),
    "a long note": (lambda rows, _: rows[3].update(note="x" * 501), "row 4: note has more than 500 characters"),
    "swapped ids": (lambda rows, _: swap_ids(*rows[:2]), "row 1: risk is not that of id "),
    "changed features": (lambda rows, _: rows[0].update({header(rows, "grade"): "17"}), "row 1: grade is not that of"),
}


def swap_ids(one: dict[str, str], other: dict[str, str]) -> None:
    one["id"], other["id"] = other["id"], one["id"]


@pytest.fixture
def sheet(label: Any, tmp_path: Path) -> Path:
    """Return a sheet of ten cases that anna has labelled."""
    path = tmp_path / "batch.csv"
    assert label("prepare", path, "--labellers", "anna", "--rows", 10)[0] == 0
    fill_in(path, USUAL.problem().target, lambda place: ("no", "yes")[place % 2])
    return path


def test_all_faults_are_named_at_once_and_nothing_is_recorded(workspace: Any, label: Any, sheet: Path) -> None:
    whole = read(sheet)
    for change, expected in WRONG.values():
        rows = [dict(row) for row in whole]
        change(rows, header(rows, "refused"))
        write(sheet, rows)
        code, out, error = label("take", sheet, "--labeller", "anna")
        assert (code, out, error.count("\n")) == (2, "", 1)
        assert expected in error
        assert error.endswith("; correct it; nothing was recorded\n")
    rows = [dict(row) for row in whole]
    for name in ("a value that does not fit", "no id", "a long note"):
        WRONG[name][0](rows, header(rows, "refused"))
    write(sheet, rows)
    error = label("take", sheet, "--labeller", "anna")[2]
    assert [part in error for part in ("row 2: refused", "row 3: id", "row 4: note")] == [True] * 3
    write(sheet, [{**row, header(rows, "refused"): "maybe"} for row in whole * 3])
    assert "; and 30 more; correct it; " in label("take", sheet, "--labeller", "anna")[2]
    assert all(task["answer"] is None for task in tasks_of(workspace))


def test_sheet_that_is_not_the_one_is_refused(workspace: Any, label: Any, sheet: Path) -> None:
    rows = read(sheet)
    label("prepare", sheet.with_name("other.csv"), "--labellers", "ben", "--rows", 3)
    assert "was given to anna, not to ben; " in label("take", sheet, "--labeller", "ben")[2]
    assert "--labeller: nothing was given to cleo; " in label("take", sheet, "--labeller", "cleo")[2]
    needed = [name for name in rows[0] if name not in ("id", header(rows, "risk"))]
    write(sheet, [{name: row[name] for name in needed} for row in rows])
    assert "column id is missing; column risk is missing; " in label("take", sheet, "--labeller", "anna")[2]
    write(sheet, [{**row, "mine [risk]": "1"} for row in rows])
    assert "column risk is there twice; " in label("take", sheet, "--labeller", "anna")[2]
    sheet.write_bytes(b"id,\xff\xfe\n1,2\n")
    code, out, error = label("take", sheet, "--labeller", "anna")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert "no such file" in label("take", sheet.with_name("none.csv"), "--labeller", "anna")[2]
    assert all(task["answer"] is None for task in tasks_of(workspace))


def test_cases_without_a_label_stay_open_and_labels_cannot_be_changed(label: Any, sheet: Path) -> None:
    rows = read(sheet)
    name = header(rows, "refused")
    write(sheet, [{**row, name: row[name] if place < 4 else ""} for place, row in enumerate(rows[:8])])
    assert label("take", sheet, "--labeller", "anna")[1] == (
        "Labels of anna: 4 new, 0 on record already, 4 still empty.\n"
    )
    write(sheet, rows)
    assert label("take", sheet, "--labeller", "anna")[1].startswith("Labels of anna: 6 new, 4 on record already, 0 ")
    rows[2][name] = "yes"
    write(sheet, rows)
    assert "row 3: refused is 'yes', and 'no' is on record; " in label("take", sheet, "--labeller", "anna")[2]


def test_sheet_that_a_spreadsheet_saved_is_taken(label: Any, sheet: Path) -> None:
    """It writes a byte-order mark and other line ends, 15 digits, `2.0` for 2, and takes the quote before a formula."""
    rows = [dict(row) for row in read(sheet)]
    for row in rows:
        row[header(rows, "risk")] = f"{float(row[header(rows, 'risk')]):.15g}"
        row[header(rows, "grade")] += ".0"
        row[header(rows, "remark")] = row[header(rows, "remark")].removeprefix("'")
        row[header(rows, "refused")] += " "
    write(sheet, rows)
    sheet.write_bytes(b"\xef\xbb\xbf" + sheet.read_bytes() + b"," * (len(rows[0]) - 1) + b"\r\n")
    assert label("take", sheet, "--labeller", "anna")[1].startswith("Labels of anna: 10 new, 0 on record already, 0 ")


def test_parquet_goes_round(label: Any, tmp_path: Path) -> None:
    path = tmp_path / "batch.parquet"
    assert label("prepare", path, "--labellers", "anna", "--rows", 10)[0] == 0
    frame = pq.read_table(path).to_pandas()
    [name] = [name for name in frame if "[refused]" in name]
    frame[name] = "yes"
    frame.astype({"Risk of the case [risk]": float}).to_parquet(path)
    assert label("take", path, "--labeller", "anna")[1].startswith("Labels of anna: 10 new, ")


REFUSED = {
    ("there.csv", "anna"): "is there already, and may have labels; choose another file",
    ("batch.xlsx", "anna"): "its name has to end in .csv or .parquet",
    ("none/batch.csv", "anna"): "make it first",
    ("batch.csv", "anna,anna"): "--labellers: 'anna,anna': give different names",
    ("batch.csv", ""): "--labellers: '': give different names",
    ("batch.csv", "../anna"): "give different names of letters, digits, _ and -",
}


@pytest.mark.parametrize("words", REFUSED)
def test_sheet_that_cannot_be_written_is_refused_and_nothing_is_recorded(
    workspace: Any, label: Any, tmp_path: Path, words: tuple[str, str]
) -> None:
    (tmp_path / "there.csv").write_text("labels", encoding="utf-8")
    code, out, error = label("prepare", tmp_path / words[0], "--labellers", words[1])
    assert (code, out, error.count("\n"), REFUSED[words] in error) == (2, "", 1, True), error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "there.csv"]
    assert tasks_of(workspace) == []


def test_write_that_fails_leaves_neither_sheets_nor_tasks(
    workspace: Any, label: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, new: replace(path, new / "none" if "ben" in new.name else new))
    code, out, error = label("prepare", tmp_path / "batch.csv", "--labellers", "anna,ben")
    assert (code, out, "nothing was recorded" in error) == (2, "", True)
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
    assert tasks_of(workspace) == []


def give_labels(workspace: Any, label: Any, folder: Path, constant: bool) -> None:  # noqa: FBT001
    """Let two people label 40 cases: both by the risk, or ben always with no."""
    label("prepare", folder / "batch.csv", "--labellers", "anna,ben", "--rows", 40, "--overlap", 1)
    for who in ("anna", "ben"):
        path = folder / f"batch.{who}.csv"
        risks = [float(row["Risk of the case [risk]"]) for row in read(path)]
        is_refused = [risk > 1.5 and not (constant and who == "ben") for risk in risks]
        fill_in(path, USUAL.problem().target, lambda place, found=is_refused: "yes" if found[place] else "no")
        assert label("take", path, "--labeller", who)[0] == 0
    with workspace.project.ledger() as ledger:
        rest = read_unlabelled(ledger, 30)[0]
        for each in rest:
            ledger.react(each, {"verdict": "override", "answer": "yes", "note": ""})


@pytest.mark.slow
def test_sabotage_labeller_who_always_answers_the_same_is_left_out_and_others_stay(
    workspace: Any, label: Any, tmp_path: Path
) -> None:
    give_labels(workspace, label, tmp_path, constant=True)
    out = label("status")[1]
    assert "ben: 40 given, 0 open; most often no (100%); beside the others, " in out
    assert "FAIL  " in out
    tables = build(workspace)
    weights = tables["training"].groupby(ORIGIN)[WEIGHT].agg(["min", "max"])
    assert weights.loc["labelled"].tolist() == [0, 0]
    assert weights.loc[["file", "override"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    reasons = tables["labels"].set_index("origin")["reason"]
    assert reasons["labelled"].startswith("labels of labellers are left out: ")
    assert set(reasons.drop("labelled")) == {""}
    with (workspace.root / "plan.toml").open("a", encoding="utf-8") as plan:
        plan.write('[labelling]\nleft_out = ["ben"]\n')
    tables = build(workspace)
    assert tables["training"].groupby(ORIGIN)[WEIGHT].agg(["count", "min"]).loc["labelled"].tolist() == [40, 1]
    assert "ben (left out): 40 given" in label("status")[1]


@pytest.mark.slow
@pytest.mark.parametrize("is_agreed", [False, True])
def test_labels_are_evidence_about_reviews_only_where_people_agree(workspace: Any, is_agreed: bool) -> None:  # noqa: FBT001
    """By the single labels every answer is wrong, and by the models' scores none of those that were accepted."""
    shared = [{"anna": answer, "ben": answer if is_agreed else "no"} for answer in ("no", "yes") * 20]
    known = {"verdict": None, "reaction_answer": None, "outcome": None}
    changes = [{**known, "labels": labels} for labels in (*shared, *[{"anna": "yes"}] * 60)]
    changes += [{**known, "verdict": "accept", "labels": {}, "score": 0.0}] * 60
    decisions = [row | change for row, change in zip(decide(USUAL.problem()), changes, strict=False)]
    project = workspace.project
    with project.lake() as lake:
        build_tables(lake, workspace.root / "data" / "table.csv", decisions, project.problem, project.plan)
        reasons = lake.frame("labels").set_index("origin")["reason"]
    left_out = {"accept", "override"} if is_agreed else {"labelled"}
    assert {name for name, reason in reasons.items() if reason} == left_out


@pytest.mark.slow
def test_labels_of_people_who_agree_count(workspace: Any, label: Any, tmp_path: Path) -> None:
    give_labels(workspace, label, tmp_path, constant=False)
    assert "pass  100% of pairs of labels are the same in 40 cases; Krippendorff's alpha is 1.00" in label("status")[1]
    tables = build(workspace)
    assert tables["training"].groupby(ORIGIN)[WEIGHT].agg(["count", "min"]).loc["labelled"].tolist() == [40, 1]


@pytest.mark.slow
def test_labels_go_round_in_postgresql(
    workspace: Any, label: Any, postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_LEDGER_URL", make_schema(postgres[0]))
    with workspace.project.ledger() as ledger:
        ledger.record(decide(USUAL.problem()))
    give_labels(workspace, label, tmp_path, constant=False)
    assert label("status")[1].startswith("80 of 80 labels are given; 0 cases are tied")
    assert build(workspace)["training"][ORIGIN].value_counts()["labelled"] == 40


def test_status_of_a_ledger_without_tasks_names_the_next_step(label: Any) -> None:
    assert label("status") == (0, "Nothing was given to labellers yet; `label prepare` does it.\n", "")


def test_decision_with_labels_cannot_be_deleted_without_them(workspace: Any, label: Any, sheet: Path) -> None:
    label("take", sheet, "--labeller", "anna")
    with workspace.project.ledger() as ledger, ledger.engine.begin() as connection:
        own = ledger.tables.label_tasks.c.decision_id
        decision_id = connection.scalar(sa.select(own).limit(1))
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.delete(ledger.decisions).where(ledger.decisions.c.id == decision_id))
