"""What is asked stays in the ledger; what is personal does not even get there."""

import logging

import pytest

from {{ cookiecutter.__package }}.product import predictor as module
from {{ cookiecutter.__package }}.product.predictor import Predictor

SECRET = "Ada Lovelace"


def leaks(caplog, features):
    """Return the features whose value or name shows in what was logged."""
    return [name for name in features if any(name in record.getMessage() for record in caplog.records)]


def test_no_feature_is_logged(product, features, caplog):
    caplog.set_level(logging.DEBUG)
    product.post("/v1/decisions", json=features)
    product.post("/v1/decisions", json=features | {"luck": 1})
    assert leaks(caplog, features) == []


def test_sabotage_a_feature_that_is_logged_is_seen(product, features, caplog, monkeypatch):
    decide = Predictor.decide

    def talkative(self, rows):
        logging.getLogger("somewhere").warning("asked about %s", rows)
        return decide(self, rows)

    monkeypatch.setattr(Predictor, "decide", talkative)
    product.post("/v1/decisions", json=features)
    assert leaks(caplog, features) == list(features)


@pytest.mark.parametrize("personal", [True, False])
def test_what_is_personal_is_not_recorded(workspace, features, monkeypatch, personal):
    """The second case is the sabotage: a contract that forgot to mark the field."""
    if not personal:
        monkeypatch.setattr(module, "STORED", (*module.STORED, "name"))
    decider = Predictor(workspace.registry(), workspace.plan.objective)
    with workspace.ledger() as ledger:
        ledger.record(decider.decide([features | {"name": SECRET}]))
    written = b"".join(path.read_bytes() for path in (workspace.root / "var").glob("ledger.db*"))
    assert (SECRET.encode() in written) is not personal


def test_an_error_does_not_repeat_what_was_sent(product, features):
    for body in (features | {"name": SECRET}, {"verdict": SECRET}):
        for path in ("/v1/decisions", "/v1/decisions/x/reaction"):
            assert SECRET not in product.post(path, json=body).text
