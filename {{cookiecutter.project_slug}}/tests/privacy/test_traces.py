"""Features are stored in the ledger and nowhere else; personal values are not even stored there."""

import dataclasses
import io
import logging

import pytest
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }}.operations.logs import JsonLines
from {{ cookiecutter.__package }}.product.predictor import Predictor
from {{ cookiecutter.__package }}.product.timeouts import TimedCaller
from {{ cookiecutter.__package }}.stores.ledger import Ledger

SECRET = "Ada Lovelace"
TELLING = {"risk": 0.3703701, "income": 12.34567}  # values that are in no other text


@pytest.fixture
def lines():
    """Return a handler that keeps what is logged, as the product writes it."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def leaks(lines, features):
    """Return the features whose name or telling value was logged."""
    text = lines.stream.getvalue()
    return [name for name in features if f"'{name}'" in text or f'"{name}' in text or str(TELLING.get(name)) in text]


def repeat(_self, given):
    raise ValueError(str(given))


class DriverError(Exception):
    sqlstate = "53100"


def refuse(_self, decisions, _requests):
    raise OperationalError("insert", decisions, DriverError(str(decisions)))


# what fails, with an error that repeats what was sent
FAILING = {
    "nothing": None,
    "the model": (TimedCaller, "call", lambda _self, *given: repeat(None, given)),
    "all models": (Predictor, "decide", repeat),
    "the ledger": (Ledger, "record", refuse),
}


@pytest.mark.slow
@pytest.mark.parametrize("failing", FAILING)
def test_features_are_not_logged_whatever_fails(product, features, lines, monkeypatch, caplog, failing):
    caplog.set_level(logging.DEBUG)
    if FAILING[failing]:
        monkeypatch.setattr(*FAILING[failing])
    given = features | TELLING
    for body in (given, given | {"luck": 1}, [given], {"verdict": given}):
        for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"):
            product.post(path, json=body)
    assert "answered 422" in lines.stream.getvalue()
    # the code of the driver helps, and its words may be anything
    assert ("OperationalError, 53100" in lines.stream.getvalue()) is (failing == "the ledger")
    assert leaks(lines, given) == []


@pytest.mark.parametrize("formatter", [JsonLines(), logging.Formatter()])
def test_sabotage_feature_that_is_logged_is_seen(product, features, lines, monkeypatch, formatter):
    """A line too many, and a formatter that writes the texts of errors."""
    lines.setFormatter(formatter)
    decide = Predictor.decide

    def log_features(self, rows):
        if isinstance(formatter, JsonLines):
            logging.getLogger("somewhere").warning("decides on %s", rows)
            return decide(self, rows)
        return repeat(self, rows)

    monkeypatch.setattr(Predictor, "decide", log_features)
    product.post("/v1/decisions", json=features)
    assert leaks(lines, features) == list(features)


@pytest.mark.parametrize("is_personal", [True, False])
def test_personal_value_is_not_recorded(workspace, features, is_personal):
    """The second case is the sabotage: the column is not marked."""
    project = workspace.project
    columns = tuple(
        dataclasses.replace(column, personal=is_personal and column.personal) for column in project.problem.columns
    )
    problem = dataclasses.replace(project.problem, columns=columns)
    predictor = Predictor(project.models, problem)
    with project.ledger() as ledger:
        ledger.record(predictor.decide([features | {"name": SECRET}]))
    written = b"".join(path.read_bytes() for path in (workspace.root / "var").glob("ledger.db*"))
    assert (SECRET.encode() in written) is not is_personal


@pytest.mark.slow
@pytest.mark.parametrize("failing", FAILING)
def test_reference_subject_and_key_are_not_logged_whatever_fails(product, features, lines, monkeypatch, failing):
    if FAILING[failing]:
        monkeypatch.setattr(*FAILING[failing])
    given, headers = {"reference": SECRET, "subject": SECRET}, {"Idempotency-Key": SECRET}
    for body in (features | given, given, [features | given], given | {"outcome": "yes"}, given | {"outcome": SECRET}):
        for path in ("/v1/decisions", "/v1/decisions/batch", "/v1/outcomes"):
            product.post(path, json=body, headers=headers)
    product.post("/v1/outcomes", json={"reference": SECRET, "outcome": "yes"})
    product.get("/v1/decisions", params={"reference": SECRET})
    answers = [product.get("/v1/decisions", params={"reference": SECRET * 99}), product.get("/metrics")]
    answers.append(product.post("/v1/decisions", json=given, headers=headers))
    assert [answer.text for answer in answers if SECRET in answer.text] == []
    assert "answered 422" in lines.stream.getvalue()
    assert SECRET not in lines.stream.getvalue()


def test_errors_do_not_repeat_what_was_sent(product, features):
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
