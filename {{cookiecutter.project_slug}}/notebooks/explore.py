"""The training table in a notebook of marimo: `make notebook` opens it, and as a script it runs from top to bottom."""

import marimo

app = marimo.App(width="medium", app_title="Training table")


@app.cell
def _():
    import marimo as mo
    import pandas as pd

    from {{ cookiecutter.__package }}.cli.composition import load_project
    from {{ cookiecutter.__package }}.data.explore import explore, read_training, sample_rows

    return explore, load_project, mo, pd, read_training, sample_rows


@app.cell
def _(explore, load_project, read_training, sample_rows):
    project = load_project()
    problem = project.problem
    with project.lake() as lake:  # close it, so that `data` and `train` can run while the notebook is open
        found = explore(lake, problem)
        sample = sample_rows(read_training(lake, problem), [*problem.stored, problem.target]).to_pandas()
    return found, problem, project, sample


@app.cell
def _(found, mo, problem, project, sample):
    mo.md(f"""
    # {project.plan.product.question}

    {found.whole.rows:,} rows of the training table; `sample` has {len(sample):,} of them. The target is
    `{problem.target.name}`: {problem.target.description}.
    """)
    return


@app.cell
def _(found, pd):
    # the share of the target's variance that lies between the parts of a column
    figures = [(each.column.name, each.missing / found.whole.rows, each.explained) for each in found.breakdowns]
    explains = pd.DataFrame(figures, columns=["column", "missing", "explains"])
    explains
    return


@app.cell
def _(found, mo):
    names = [each.column.name for each in found.breakdowns]
    chosen = mo.ui.dropdown(names, value=names[0], label="column")
    chosen
    return (chosen,)


@app.cell
def _(chosen, found, pd, problem):
    # of two answers, the mean is the share of the last one
    answers = problem.target.categories if len(problem.target.categories) > 2 else ["mean"]
    [breakdown] = [each for each in found.breakdowns if each.column.name == chosen.value]
    rows = [(part.name, part.rows, *(part.means or [None] * len(answers))) for part in breakdown.parts]
    parts = pd.DataFrame(rows, columns=["value", "rows", *answers])
    parts
    return


@app.cell
def _(sample):
    sample
    return


if __name__ == "__main__":
    app.run()
