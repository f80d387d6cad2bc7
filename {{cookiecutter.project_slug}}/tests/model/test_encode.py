"""Training and serving encode alike."""

import numpy as np
import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.model.encode import ContractEncoder, encoder
from {{ cookiecutter.__package }}.schema import columns

FEATURES = columns(contract.Features)


def test_a_frame_and_a_dict_of_lists_give_the_same_array(rows):
    some = rows.features.iloc[:50]
    as_dict = {name: some[name].tolist() for name in some}
    assert np.array_equal(encoder(FEATURES).transform(some), encoder(FEATURES).transform(as_dict), equal_nan=True)


def test_protected_and_personal_columns_stay_out():
    taken = {name for name, _ in encoder(FEATURES).columns}
    assert taken == {column.name for column in FEATURES if column.seen_by_models and column.kind != "text"}
    assert not taken & {column.name for column in FEATURES if column.protected or column.personal}


def test_what_is_missing_or_unknown_is_nan():
    encode = ContractEncoder([("age", []), ("smokes", ["no", "yes"])])
    found = encode.transform({"age": [50, None], "smokes": ["yes", "perhaps"]})
    assert np.array_equal(found, [[50, 1], [np.nan, np.nan]], equal_nan=True)


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="age"):
        ContractEncoder([("age", [])]).transform({"other": [1]})
