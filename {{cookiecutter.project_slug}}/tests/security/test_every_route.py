"""No request breaks a route or gets an answer that its description does not have."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from problems import USUAL
from schemathesis.core.failures import FailureGroup

from {{ cookiecutter.__package }}.product.app import describe
from {{ cookiecutter.__package }}.product.decisions import DecisionJob

pytest_plugins = ["schemathesis.pytest.plugin"]  # pyproject.toml leaves it out of all other runs
pytestmark = pytest.mark.slow  # making the requests up takes seconds
PROBLEM = USUAL.problem()
# the description needs neither a model nor a ledger
API = schemathesis.openapi.from_dict(describe(PROBLEM, "Decisions"))
UNDESCRIBED = ("this Idempotency-Key belongs to another request", "not a date or time")  # JSON Schema cannot say it
BOUNDED = settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)


def test_description_is_valid_openapi():
    API.validate()


@API.parametrize()
@BOUNDED
def test_every_answer_is_one_of_those_described(case, address):
    host, port = address
    answer = case.call(base_url=f"http://{host}:{port}")
    if not (answer.status_code == 422 and any(reason in answer.text for reason in UNDESCRIBED)):
        case.validate_response(answer)


@pytest.mark.parametrize("dropped", [None, *PROBLEM.decision.model_fields])
def test_sabotage_field_that_is_dropped_from_an_answer_is_seen(address, features, monkeypatch, dropped):
    write = DecisionJob._write

    def write_less(self, decision):
        monkeypatch.setattr(self, "_answered", tuple(name for name in PROBLEM.decision.model_fields if name != dropped))
        return write(self, decision)

    monkeypatch.setattr(DecisionJob, "_write", write_less)
    case = API["/v1/decisions"]["POST"].Case(body=features, media_type="application/json")
    seen = pytest.raises(FailureGroup, match=str(dropped)) if dropped else contextlib.nullcontext()
    with seen:
        case.call_and_validate(base_url="http://{}:{}".format(*address))
