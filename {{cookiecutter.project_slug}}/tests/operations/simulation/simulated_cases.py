"""Sources of cases of the synthetic problems."""

from problems import KEY, SHAPES

from {{ cookiecutter.__package }}.operations.simulation.cases import CaseSource


def make_source(name, seed=0):
    """Return a source of cases of a shape, with values in the types of the contract."""
    problem = SHAPES[name].problem()
    columns = {column.name: column for column in (*problem.stored, problem.target)}
    types = {"number": float, "integer": int}
    rows = [
        {key: types.get(column.kind, str)(row[key]) if row[key] else None for key, column in columns.items()}
        for row in SHAPES[name].table()
    ]
    return CaseSource(rows, [row[KEY] for row in SHAPES[name].table()], problem, seed)
