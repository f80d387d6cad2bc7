"""Each fault of simulated traffic changes what it says, and nothing else."""

import math

import numpy as np
import pytest
from simulated_cases import make_source

from {{ cookiecutter.__package }}.cli import simulate
from {{ cookiecutter.__package }}.core.errors import UserError
from {{ cookiecutter.__package }}.operations.simulation.faults import ACCEPT_ALL, FAULTS, make_changes

COUNT = 300


def plant(fault, name="usual", column=""):
    """Return cases without and with a fault."""
    source = make_source(name)
    cases = [source.draw(place) for place in range(COUNT)]
    [change] = make_changes([fault], source, column)
    return cases, [change(case, place / (COUNT - 1)) for place, case in enumerate(cases)]


def changed_columns(before, after):
    """Return which features differ in any case, and whether a label does."""
    names = {name for old, new in zip(before, after, strict=True) for name in _differences(old, new)}
    assert [case.subject for case in before] == [case.subject for case in after]
    return names


def _differences(old, new):
    found = {name for name in old.features if old.features[name] != new.features[name]}
    return found | ({"the truth"} if old.truth != new.truth else set())


def moves(before, after, name):
    return np.array([new.features[name] - old.features[name] for old, new in zip(before, after, strict=True)])


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("drift", {"risk"}),
        ("slow-drift", {"risk"}),
        ("unit-change", {"risk"}),
        ("new-category", {"insured"}),
        ("label-flip", {"the truth"}),
        ("missing", {"income"}),
        ("bad-input", {"risk"}),
    ],
)
def test_fault_changes_what_it_says_and_nothing_else(fault, changed):
    assert changed_columns(*plant(fault)) == changed


@pytest.mark.parametrize("name", ["optional numbers", "categories", "wide"])
def test_fault_finds_something_to_change_in_every_shape_or_says_that_there_is_nothing(name):
    source = make_source(name)
    for fault in FAULTS:
        try:
            make_changes([fault], source)
        except UserError as error:
            assert f"--fault {fault}" in str(error)  # noqa: PT017


def test_drift_is_one_standard_deviation_and_slow_drift_grows_to_it():
    deviation = float(make_source("usual").column("risk").std())
    at_once, slowly = moves(*plant("drift"), "risk"), moves(*plant("slow-drift"), "risk")
    assert np.median(at_once) == pytest.approx(deviation, rel=0.01)
    assert abs(slowly[: COUNT // 10]).max() < 0.2 * deviation
    assert slowly[-COUNT // 10 :].mean() > 0.5 * deviation  # the bounds of the contract cut some of it


def test_category_drifts_where_there_is_no_number():
    before, after = plant("drift", "categories")
    assert len(changed_columns(before, after)) == 1
    shares = [sum(case.features["size"] == "L" for case in cases) / COUNT for cases in (before, after)]
    assert shares[1] > shares[0] + 0.2


def test_unit_is_a_hundredth_where_the_contract_allows_nothing_larger():
    before, after = plant("unit-change")
    assert np.allclose([new.features["risk"] * 100 for new in after], [old.features["risk"] for old in before])


def test_labels_of_one_group_alone_are_others():
    before, after = plant("label-flip", column="group")
    flipped = {case.features["group"] for case, new in zip(before, after, strict=True) if case.truth != new.truth}
    assert len(flipped) == 1
    [group] = flipped
    assert all(
        case.truth != new.truth for case, new in zip(before, after, strict=True) if case.features["group"] == group
    )


@pytest.mark.parametrize("fault", ["new-category", "bad-input"])
def test_refused_values_are_in_a_fifth_of_the_cases(fault):
    before, after = plant(fault)
    hit = sum(bool(_differences(old, new)) for old, new in zip(before, after, strict=True))
    assert hit / COUNT == pytest.approx(0.2, abs=0.06)


def test_bad_input_is_no_number():
    values = [case.features["risk"] for case in plant("bad-input")[1]]
    assert any(math.isnan(value) for value in values)


def test_accepting_reviewers_change_no_case():
    assert make_changes([ACCEPT_ALL], make_source("usual")) == []


@pytest.mark.parametrize(
    ("fault", "column", "message"),
    [
        ("drifts", "", "there is no 'drifts'; use one of drift, slow-drift"),
        ("drift", "ris", "--fault drift needs a number or a category: --column: 'ris' is no such column; use one of"),
        ("missing", "risk", "--fault missing needs an optional column: --column: 'risk' is no such column"),
        ("label-flip", "risk", "--fault label-flip needs a category"),
    ],
)
def test_unknown_fault_or_column_is_refused(fault, column, message):
    with pytest.raises(UserError, match=message):
        make_changes([fault], make_source("usual"), column)


def test_help_names_every_fault():
    assert simulate.FAULTS.split(", ") == [*FAULTS]
