"""Each label has an origin, a time and a weight; people who accept everything teach models nothing."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from problems import KEY, SHAPES, USUAL

from {{ cookiecutter.__package }}.core.labels import choose_label
from {{ cookiecutter.__package }}.core.plan import Labels
from {{ cookiecutter.__package }}.data import attention, labels
from {{ cookiecutter.__package }}.data.collect import REASON
from {{ cookiecutter.__package }}.data.pipeline import build_tables
from {{ cookiecutter.__package }}.stores.lake import FOLD, ORIGIN, SUBJECT, TIME, WEIGHT

PROBLEM = USUAL.problem()
ANSWERS = PROBLEM.target.categories
LABEL = PROBLEM.target.name
PLAN = Labels()
EVERYTHING = {"verdict": "blind", "reaction_answer": "b", "outcome": "c"}


@pytest.fixture
def workspace(once: Any, new_workspace: Any, tmp_path: Path) -> Any:
    """Return a project of the usual shape with its table, and no models."""
    shutil.copytree(once("unprepared", lambda root: new_workspace(root, USUAL)), tmp_path / "project")
    return new_workspace(tmp_path / "project", USUAL)


def decision(place: int, wrong: float = 0.2, problem: Any = PROBLEM, **changes: Any) -> dict[str, Any]:
    """Return a decision whose answer is the first one, and wrong with a probability; nobody has looked at it."""
    answer = (problem.target.categories or (10.0,))[0]
    features = {column.name: column.example for column in problem.stored}
    score = wrong if len(problem.target.categories) == 2 else 1 - wrong
    row = {"id": f"d{place:05}", "decided_at": f"2026-01-01T00:00:{place % 60:02}.000+00:00", "features": features}
    return row | {"answer": answer, "score": score, "verdict": None, "reaction_answer": None} | changes


def decide(rng: Any, rows: int, share: float, attention: float | None, first: int = 0) -> list[dict[str, Any]]:
    """Return decisions of which a share is wrong: with outcomes, or with reviews of people of some attention."""
    chances = share * np.array([0.5, 1.5])[rng.integers(2, size=rows)]
    found = []
    for place, chance in enumerate(chances.tolist()):
        is_wrong = rng.random() < chance
        if attention is None:
            changes = {"outcome": ANSWERS[int(is_wrong)]}
        else:
            is_seen = is_wrong and rng.random() < attention
            changes = {"verdict": "override", "reaction_answer": ANSWERS[1]} if is_seen else {"verdict": "accept"}
        found.append(decision(first + place, chance, **changes))
    return found


def explain(decisions: Any, plan: Labels = PLAN, categories: Any = ANSWERS) -> str:
    return attention.explain_inattention(attention.count_reviews(decisions, plan, categories), plan, categories)


def build(workspace: Any, decisions: Any) -> dict[str, Any]:
    project = workspace.project
    with project.lake() as lake:
        build_tables(lake, workspace.root / "data" / "table.csv", decisions, project.problem, project.plan)
        return {name: lake.frame(name) for name in ("training", "quarantine", "labels")}


@pytest.mark.parametrize(
    ("order", "changes", "expected"),
    [
        (["outcome", "blind", "reaction"], EVERYTHING, ("outcome", "c")),
        (["blind", "outcome"], EVERYTHING, ("blind", "b")),
        (["reaction"], EVERYTHING, None),
        (["reaction", "outcome"], {"verdict": "accept", "outcome": "c"}, ("accept", "a")),
        (["outcome", "reaction"], {"verdict": "accept", "outcome": "c"}, ("outcome", "c")),
        (["outcome", "reaction"], {"verdict": "accept", "outcome": 0.0}, ("outcome", 0.0)),
        (["blind", "reaction"], {"verdict": "override", "reaction_answer": "b"}, ("override", "b")),
        (["outcome", "blind", "reaction"], {"outcome": None}, None),
        (["outcome", "blind", "reaction"], {"verdict": "accept"}, ("accept", "a")),
    ],
)
def test_first_statement_of_the_order_is_the_label(order: Any, changes: dict[str, Any], expected: Any) -> None:
    row = {"answer": "a", "verdict": None, "reaction_answer": None} | changes
    assert choose_label(row, order) == expected


@pytest.mark.slow
def test_rows_have_origin_time_subject_and_weight(workspace: Any) -> None:
    with (workspace.root / "plan.toml").open("a", encoding="utf-8") as plan:
        plan.write("[labels.weights]\nblind = 2.5\naccept = 0\n")
    decisions = [
        decision(1, verdict="accept"),
        decision(2, verdict="override", reaction_answer=ANSWERS[1], reference="case 7"),
        decision(3, verdict="blind", reaction_answer=ANSWERS[0], reference="case 8", subject=" person 9 "),
        decision(4, verdict="accept", outcome=ANSWERS[1], outcome_at="2026-02-01", reference=None, subject=None),
        decision(5, reference="c000000"),
    ]
    tables = build(workspace, decisions)
    rows = tables["training"].set_index("_key")
    found = rows.loc[[f"d{place:05}" for place in range(1, 5)]]
    assert found[ORIGIN].tolist() == ["accept", "override", "blind", "outcome"]
    assert found[LABEL].tolist() == [ANSWERS[0], ANSWERS[1], ANSWERS[0], ANSWERS[1]]
    assert found[WEIGHT].tolist() == [0, 1, 2.5, 1]
    assert found[SUBJECT].fillna("").tolist() == ["", "case 7", "person 9", ""]
    assert found[TIME].tolist() == [row["decided_at"] for row in decisions[:4]]
    assert "d00005" not in rows.index
    assert rows[TIME].notna().sum() == 4
    assert rows[WEIGHT].dtype == float
    summary = tables["labels"].set_index("origin")
    counts = {"accept": 1, "blind": 1, "file": 400, "labelled": 0, "outcome": 1, "override": 1}
    assert summary["rows"].to_dict() == counts
    assert summary.loc["accept", ["weight", "reason"]].tolist() == [0, "labels.weights.accept is 0 in plan.toml"]


@pytest.mark.slow
def test_case_of_the_file_and_its_decision_share_a_fold(workspace: Any) -> None:
    keys = [f"c{place:06d}" for place in range(40)]
    decisions = [decision(place, outcome=ANSWERS[1], reference=key) for place, key in enumerate(keys)]
    rows = build(workspace, decisions)["training"].set_index("_key")[FOLD]
    assert [rows[row["id"]] for row in decisions] == [rows[key] for key in keys]
    assert KEY not in rows.index


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{"outcome": "perhaps"}, {"verdict": "blind", "reaction_answer": "perhaps"}], ids=["outcome", "blind"]
)
def test_label_that_was_removed_from_the_answers_is_quarantined(workspace: Any, changes: dict[str, Any]) -> None:
    tables = build(workspace, [decision(1, **changes)])
    assert tables["quarantine"][REASON][0].startswith(f"{LABEL} is 'perhaps', expected one of")
    assert set(tables["labels"]["rows"]) == {0, 400}


def test_sabotage_people_who_always_accept_are_left_out_and_outcomes_stay(workspace: Any) -> None:
    rng = np.random.default_rng(0)
    decisions = [*decide(rng, 300, 0.2, 0), *decide(rng, 100, 0.2, None, first=300)]
    decisions.append(decision(900, verdict="override", reaction_answer=ANSWERS[1]))
    tables = build(workspace, decisions)
    weights = tables["training"].groupby(ORIGIN)[WEIGHT].agg(["count", "min", "max"])
    assert weights.loc[["accept", "override"]].to_numpy().tolist() == [[300, 0, 0], [1, 0, 0]]
    assert weights.loc[["file", "outcome"]].to_numpy().tolist() == [[400, 1, 1], [100, 1, 1]]
    counted, reason = labels.describe_labels(tables["labels"].to_dict("records"))
    assert counted == "Labels: 400 from the file, 100 outcomes, 1 override (left out) and 300 accepts (left out)."
    assert reason.startswith("open reviews are left out: 1 of 301 answers were overridden where about ")
    assert reason.endswith(
        " are wrong by 100 blind reviews and outcomes; raise review.blind_share or take outcomes, or set "
        "labels.minimum_attention = 0."
    )
    assert labels.count_learned(tables["labels"].to_dict("records")) == (500, 100)


@pytest.mark.slow
def test_people_who_read_are_kept(workspace: Any) -> None:
    rng = np.random.default_rng(0)
    tables = build(workspace, [*decide(rng, 300, 0.2, 1), *decide(rng, 100, 0.2, None, first=300)])
    assert set(tables["training"][WEIGHT]) == {1}
    [counted] = labels.describe_labels(tables["labels"].to_dict("records"))
    assert counted.startswith("Labels: 400 from the file, 100 outcomes, ")
    assert "left out" not in counted


@pytest.mark.slow
@pytest.mark.parametrize("reference", [0, 30, 75, 600])
def test_readers_are_left_out_by_chance_in_at_most_5_percent_of_trials(reference: int) -> None:
    rng = np.random.default_rng(1)
    trials = [decide(rng, 80, 0.15, 1) + decide(rng, reference, 0.15, None) for _ in range(400)]
    assert sum(map(bool, map(explain, trials))) <= 20
    strictest = Labels(minimum_attention=1)
    assert sum(bool(explain(trial, strictest)) for trial in trials) <= 20 + 2 * np.sqrt(20 * 0.95)


@pytest.mark.parametrize("reference", [0, 75, 600])
@pytest.mark.slow
def test_sixty_accepts_of_answers_of_which_15_percent_are_wrong_are_left_out(reference: int) -> None:
    rng = np.random.default_rng(2)
    trials = [decide(rng, 60, 0.15, 0) + decide(rng, reference, 0.15, None) for _ in range(100)]
    assert sum(map(bool, map(explain, trials))) >= 90


@pytest.mark.parametrize("hardest", [True, False])
def test_readers_of_a_part_of_the_cases_are_kept(hardest: bool) -> None:  # noqa: FBT001
    """Without the comparison by risk, readers of the easy cases would override too few, and be left out."""
    rng = np.random.default_rng(3)
    left_out = 0
    for _ in range(50):
        opened = [row for row in decide(rng, 600, 0.3, 1) if (row["score"] > 0.3) == hardest]
        left_out += bool(explain(opened + decide(rng, 300, 0.3, None)))
    assert left_out <= 2


def test_a_few_reviews_are_no_evidence_against_readers() -> None:
    assert explain([]) == ""
    assert explain([decision(place, verdict="accept") for place in range(5)]) == ""
    assert explain([decision(place, wrong=0.0, verdict="accept") for place in range(500)]) == ""


def test_reference_with_fewer_mistakes_than_the_scores_expect_is_believed() -> None:
    accepts = [decision(place, wrong=0.3, verdict="accept") for place in range(200)]
    right = [decision(place, wrong=0.3, outcome=ANSWERS[0]) for place in range(200)]
    assert "by the models' own probabilities" in explain(accepts)
    assert explain(accepts + right) == ""


def test_accepts_with_nothing_else_to_learn_from_say_that_nothing_can_be_learnt() -> None:
    accepts = [decision(place, verdict="accept") for place in range(250)]
    assert explain(accepts) == (
        "open reviews are left out: 0 of 250 answers were overridden where about 50 are wrong by the models' own "
        "probabilities, so nothing can be learnt from these reactions; raise review.blind_share or take outcomes, or "
        "set labels.minimum_attention = 0"
    )
    assert "nothing can be learnt" not in explain([*accepts, decision(1, outcome=ANSWERS[0])])


def test_minimum_attention_of_0_and_an_order_without_reactions_ask_nothing() -> None:
    accepts = [decision(place, verdict="accept") for place in range(250)]
    assert explain(accepts, Labels(minimum_attention=0)) == ""
    assert explain(accepts, Labels(order=("outcome",))) == ""


def test_statement_that_the_order_leaves_out_is_no_reference() -> None:
    rows = [decision(place, outcome=ANSWERS[1], verdict="accept") for place in range(100)]
    assert attention.count_reviews(rows, Labels(order=("blind", "reaction")), ANSWERS).reference == 0
    assert attention.count_reviews(rows, PLAN, ANSWERS).wrong == 100


def test_score_of_several_answers_is_that_of_the_given_one() -> None:
    problem = SHAPES["categories"].problem()
    rows = [decision(place, 0.3, problem, verdict="accept") for place in range(10)]
    assert attention.count_reviews(rows, PLAN, problem.target.categories).doubt == pytest.approx(3)
    assert attention.count_reviews([decision(1, 0.3, verdict="accept", answer=ANSWERS[1])], PLAN, ANSWERS).doubt == 0.7


def test_numbers_are_left_out_if_none_of_40_is_overridden() -> None:
    problem = SHAPES["wide"].problem()
    accepts = [decision(place, problem=problem, verdict="accept") for place in range(40)]
    override = decision(99, problem=problem, verdict="override", reaction_answer=12.0)
    outcomes = [decision(place, problem=problem, outcome=10.5) for place in range(100)]
    assert explain(accepts, categories=()).startswith("open reviews are left out: 0 of 40 answers were overridden, so")
    assert explain(accepts + outcomes, categories=()).startswith("open reviews are left out: 0 of 40 answers were over")
    assert explain(accepts[1:], categories=()) == ""
    assert explain([*accepts, override, *outcomes], categories=()) == ""


def test_plan_without_labels_uses_all_of_them() -> None:
    plan = type(USUAL.parsed_plan).model_validate(tomllib.loads(USUAL.plan))
    rows = labels.weigh_labels({"file": 3}, plan.labels, "")
    assert [(row["origin"], row["weight"]) for row in rows] == [(origin, 1) for origin in labels.WORDS]
    assert labels.describe_labels(rows) == ["Labels: 3 from the file."]


@pytest.mark.slow
def test_data_prints_how_many_labels_of_each_origin_there_are(workspace: Any, run_command: Any) -> None:
    with workspace.project.ledger() as ledger:
        rows = [
            {key: value for key, value in decision(place).items() if key not in ("verdict", "reaction_answer")}
            | {"id": f"{place:032x}", "model": "rules:1", "needs_review": False, "fallback": False}
            for place in range(60)
        ]
        ledger.record(rows)
        for row in rows:
            ledger.react(row["id"], {"verdict": "accept", "answer": None, "note": ""})
    code, out, error = run_command(workspace, "data")
    assert (code, error) == (0, "")
    assert out.startswith("400 rows to learn from, 0 of them from reactions, outcomes and labels; 0 in quarantine")
    line = "Labels: 400 from the file and 60 accepts (left out).\n"
    assert line in out
    assert "0 of 60 answers were overridden where about 12 are wrong" in " ".join(out.split())
