"""What is asked stays in the ledger; what is personal does not even get there."""

import io
import logging

import pytest
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.ledger import Ledger
from {{ cookiecutter.__package }}.operations.logs import JsonLines
from {{ cookiecutter.__package }}.product import predictor as module
from {{ cookiecutter.__package }}.product.patience import Patience
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.schema import columns

SECRET = "Ada Lovelace"
NUMBERS = [c for c in columns(contract.Features) if c.kind == "number" and c.low is not None and c.high is not None]
TELLING = {c.name: c.low + (c.high - c.low) * 0.1234567 for c in NUMBERS}


@pytest.fixture
def lines():
    """Return a handler that keeps what is logged, as the product writes it down."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def leaks(lines, features):
    """Return the features whose name or telling value was written down."""
    text = lines.stream.getvalue()
    return [name for name in features if f"'{name}'" in text or f'"{name}' in text or str(TELLING.get(name)) in text]


def repeats(_self, asked):
    raise ValueError(str(asked))


class DriverError(Exception):
    sqlstate = "53100"


def refuses(_self, made):
    raise OperationalError("insert", made, DriverError(str(made)))


# what breaks, and says what was asked in its error
BROKEN = {
    "nothing": None,
    "the model": (Patience, "call", lambda _self, *asked: repeats(None, asked)),
    "all models": (Predictor, "decide", repeats),
    "the ledger": (Ledger, "record", refuses),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_no_feature_is_logged_whatever_breaks(product, features, lines, monkeypatch, caplog, broken):
    caplog.set_level(logging.DEBUG)
    if BROKEN[broken]:
        monkeypatch.setattr(*BROKEN[broken])
    asked = features | TELLING
    for body in (asked, asked | {"luck": 1}, [asked], {"verdict": asked}):
        for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"):
            product.post(path, json=body)
    assert "answered 422" in lines.stream.getvalue()
    # the driver's code is worth knowing, and its words may be anything
    assert ("OperationalError, 53100" in lines.stream.getvalue()) is (broken == "the ledger")
    assert leaks(lines, asked) == []


@pytest.mark.parametrize("formatter", [JsonLines(), logging.Formatter()])
def test_sabotage_a_feature_that_is_logged_is_seen(product, features, lines, monkeypatch, formatter):
    """A line too many, and a formatter that writes down what errors say."""
    lines.setFormatter(formatter)
    decide = Predictor.decide

    def talkative(self, rows):
        if isinstance(formatter, JsonLines):
            logging.getLogger("somewhere").warning("asked about %s", rows)
            return decide(self, rows)
        return repeats(self, rows)

    monkeypatch.setattr(Predictor, "decide", talkative)
    product.post("/v1/decisions", json=features)
    assert leaks(lines, features) == list(features)


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
    wrong = [features | {name: SECRET} for name in features]
    wrong += [{"verdict": SECRET}, {"verdict": "accept", "note": {SECRET: 1}}]
    wrong += [features | {"luck": SECRET}, SECRET, [SECRET]]
    for body in wrong:
        for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"):
            answer = product.post(path, json=body)
            assert answer.status_code in {422, 201, 404}
            assert SECRET not in answer.text
    assert SECRET not in product.get(f"/v1/decisions?limit={SECRET}").text
    assert SECRET not in product.post("/v1/decisions", content=f'["{SECRET}').text
    assert SECRET not in product.get("/metrics").text
