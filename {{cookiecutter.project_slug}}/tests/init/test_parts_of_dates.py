"""Dates: what a contract asks for them, and which parts of them count, too."""

import pytest

from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.init.proposal import propose
from {{ cookiecutter.__package }}.init.study import study
from {{ cookiecutter.__package }}.init.table import Options

ROWS = [
    f"{place},2024-{1 + place % 12:02d}-{1 + place % 28:02d},{place % 7},{'yes' if place % 3 else 'no'}"
    for place in range(84)
]


@pytest.fixture
def make(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(["id,ordered,size,late", *ROWS]) + "\n", encoding="utf-8")

    def propose_for(*parts):
        options = Options("late", parts=parts)
        found = study(path, "", options)
        return propose(found.profiles, found.findings, found.source, options, found.key, "data/orders.csv")

    return propose_for


def test_date_is_asked_for_as_days_and_its_description_says_so(make):
    [ordered, _] = make().fields
    assert ordered.column.name == "ordered"
    assert ordered.column.description == "Ordered, days since 1970-01-01"


def test_month_and_weekday_count_where_they_are_asked_for(make):
    proposal = make("ordered")
    columns = [field.column for field in proposal.fields]
    assert [column.name for column in columns] == ["ordered", "ordered_month", "ordered_weekday", "size"]
    assert [(column.low, column.high) for column in columns[1:3]] == [(1, 12), (1, 7)]
    assert [proposal.source.columns[name].part for name in ("ordered_month", "ordered_weekday")] == ["month", "weekday"]


def test_parts_of_a_column_without_dates_are_refused(make):
    with pytest.raises(UserError, match="--parts size: it has no dates; name a column of dates"):
        make("size")
