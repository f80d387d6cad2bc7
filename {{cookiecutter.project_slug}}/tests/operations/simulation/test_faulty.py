"""Models with a fault on purpose are stored as others are, and have the one fault."""

import numpy as np
import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.core.faulty import KINDS, make_faulty
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model, load_model


@pytest.fixture(params=SHAPES)
def stored(request):
    """Return a function that makes a faulty model of a shape's rules, stores and loads it; and predictions of both."""
    problem = SHAPES[request.param].problem()
    table = SHAPES[request.param].table(60)
    rows = {
        column.name: [float(row[column.name] or "nan") if column.is_numeric else row[column.name] for row in table]
        for column in problem.inputs
    }
    model = problem.rules.fit()

    def predict(kind, **options):
        content = dump_model(make_faulty(kind, model, **options))
        faulty = load_model(content, digest_of(content))
        return problem.objective.predict(faulty, rows), problem.objective.predict(model, rows)

    return predict


def test_wrong_model_predicts_something_else_for_its_share_of_the_rows(stored):
    faulty, sound = stored("worse")
    assert not np.isclose(faulty, sound).all(axis=tuple(range(1, sound.ndim))).any()
    faulty, sound = stored("worse", share=0.5)
    spoilt = ~np.isclose(faulty, sound).all(axis=tuple(range(1, sound.ndim)))
    assert 0.2 < spoilt.mean() < 0.8
    assert np.array_equal(stored("worse", share=0.5)[0], faulty)


def test_slow_model_predicts_the_same(stored):
    faulty, sound = stored("slow", seconds=0.001)
    assert np.array_equal(faulty, sound)


def test_failing_model_raises_for_its_share_alone(stored):
    with pytest.raises(RuntimeError, match="fails on purpose"):
        stored("failing")
    faulty, sound = stored("failing", share=0.0)
    assert np.array_equal(faulty, sound)


def test_unknown_fault_is_refused():
    with pytest.raises(UserError, match=f"no challenger fault 'x'; use one of {', '.join(KINDS)}"):
        make_faulty("x", None)
