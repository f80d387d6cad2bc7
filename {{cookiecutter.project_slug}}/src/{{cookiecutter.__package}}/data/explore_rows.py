"""The last section of the page of `explore`: rows, distributions and associations of a sample, by skrub."""

import pandas as pd
from skrub import TableReport

from ..core.schema import Column
from .explore import MAX_TEXT, Exploration

MAX_COLUMNS = 20  # each takes up to 40 kB of the page


def choose_columns(found: Exploration) -> list[Column]:
    """Return the target, and the columns that explain most."""
    return [found.target, *(each.column for each in found.breakdowns[: MAX_COLUMNS - 1])]


def draw_rows(sample: pd.DataFrame, found: Exploration) -> str:
    """Return the section as HTML. `sample`: rows with the chosen columns."""
    rows, stored = found.whole.rows, len(found.breakdowns) + 1
    text = f"{len(sample):,} of {rows:,} rows were read for this section"
    text += ", chosen by a hash of their keys: the same in every run." if len(sample) < rows else "."
    if sample.shape[1] < stored:
        text += f" Of {stored:,} columns, it shows the target and those that explain most."
    text += f" Texts are cut to {MAX_TEXT} characters. Keep this page where the table may be: it shows single rows."
    report = TableReport(sample, verbose=0, plot_distributions=True, compute_associations=True)
    return f"<p>{text}</p>{report.html_snippet()}"
