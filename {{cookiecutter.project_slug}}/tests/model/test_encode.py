"""Training and serving encode alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from problems import SHAPES

from {{ cookiecutter.__package }}.core.encoder import ContractEncoder, encoder


@pytest.mark.parametrize("name", SHAPES)
def test_frame_and_dict_of_lists_give_the_same_array(name: str) -> None:
    shape = SHAPES[name]
    columns = shape.problem().columns
    rows = [
        {c.name: None if row[c.name] == "" else float(row[c.name]) if c.is_numeric else row[c.name] for c in columns}
        for row in shape.table(50)
    ]
    frame = pd.DataFrame(rows)
    lists = {column.name: [row[column.name] for row in rows] for column in columns}
    assert np.array_equal(encoder(columns).transform(frame), encoder(columns).transform(lists), equal_nan=True)


@pytest.mark.parametrize("name", SHAPES)
def test_protected_personal_and_text_columns_are_left_out(name: str) -> None:
    columns = SHAPES[name].problem().columns
    taken = {name for name, _ in encoder(columns).columns}
    assert taken == {column.name for column in columns if column.is_input and column.kind != "text"}
    assert not taken & {column.name for column in columns if column.protected or column.personal}


def test_missing_and_unknown_values_are_nan() -> None:
    encode = ContractEncoder([("age", []), ("smokes", ["no", "yes"])])
    found = encode.transform({"age": [50, None], "smokes": ["yes", "perhaps"]})
    assert np.array_equal(found, [[50, 1], [np.nan, np.nan]], equal_nan=True)


def test_missing_column_is_named() -> None:
    with pytest.raises(KeyError, match="age"):
        ContractEncoder([("age", [])]).transform({"other": [1]})
