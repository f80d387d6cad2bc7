"""A protected column never changes the answer, and is recorded for audit."""

import pytest


def protected_values(problem):
    """Return every protected column with values that fit it, and a missing one."""
    for column in problem.columns:
        if column.protected:
            values = column.categories or (column.low or 0, column.high or 1)
            yield column.name, [*values, None]


@pytest.fixture
def problem(any_workspace):
    return any_workspace.shape.problem()


@pytest.mark.slow
def test_answer_does_not_depend_on_protected_columns(any_product, problem):
    features = {column.name: column.example for column in problem.columns}
    answers = [
        any_product.post("/v1/decisions", json=features | {name: value}).json()
        for name, values in protected_values(problem)
        for value in values
    ]
    assert len({(answer["answer"], answer["score"], answer["needs_review"]) for answer in answers}) <= 1


@pytest.mark.slow
def test_protected_column_is_recorded(any_product, problem):
    features = {column.name: column.example for column in problem.columns}
    for name, values in protected_values(problem):
        for value in values:
            assert any_product.post("/v1/decisions", json=features | {name: value}).status_code == 201
            assert any_product.get("/v1/decisions").json()[0]["features"][name] == value


def test_some_synthetic_problems_have_protected_columns():
    from problems import SHAPES

    found = [list(protected_values(shape.problem())) for shape in SHAPES.values()]
    assert any(found)
    assert not all(found)
