"""Who somebody is never changes what the product says."""

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns

PROTECTED = [column for column in columns(contract.Features) if column.protected]


def test_there_is_somebody_to_protect():
    assert PROTECTED


def test_the_answer_is_the_same_whoever_asks(product, features):
    answers = {
        (column.name, value): product.post("/v1/decisions", json=features | {column.name: value}).json()
        for column in PROTECTED
        for value in (*column.categories, None)
    }
    assert len({(said["answer"], said["score"]) for said in answers.values()}) == 1


def test_a_protected_column_is_recorded_for_audit(product, features):
    for column in PROTECTED:
        product.post("/v1/decisions", json=features | {column.name: column.categories[-1]})
        assert product.get("/v1/decisions").json()[0]["features"][column.name] == column.categories[-1]
