"""The last section of the page of `explore`: rows, distributions and associations of a sample, by skrub."""

import pandas as pd
from skrub import TableReport

from ..core.schema import Column
from .explore import MAX_TEXT, Exploration

MAX_COLUMNS = 20  # each takes 20 to 80 kB of the page
MAX_SIZE = 900_000  # characters of the section; if it has more, it is drawn without plots


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
    report = _report(sample, plots=True)
    report = report if len(report) <= MAX_SIZE else _report(sample, plots=False)
    return f"<p>{text}</p>{report}"


def _report(sample: pd.DataFrame, *, plots: bool) -> str:
    report = TableReport(sample, verbose=0, plot_distributions=plots, compute_associations=True)
    return str(report.html_snippet())
