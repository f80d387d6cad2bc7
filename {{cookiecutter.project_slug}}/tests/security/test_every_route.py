"""No request, however odd, breaks a route or gets an answer that its description does not have."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.failures import FailureGroup

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.product import decide
from {{ cookiecutter.__package }}.product.app import describe
from {{ cookiecutter.__package }}.schema import columns

# the description needs neither a model nor a ledger
API = schemathesis.openapi.from_dict(describe("Decisions"))
BOUNDED = settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)


INTEGERS = {column.name for column in columns(contract.Features) if column.kind == "integer"}


@API.hook
def map_body(_context, body):
    """Write whole numbers without a point: to JSON Schema 3.0 is an integer, to the contract it is none."""
    if isinstance(body, list):
        return [map_body(None, row) for row in body]
    if not isinstance(body, dict):
        return body
    whole = {name for name in INTEGERS & set(body) if isinstance(body[name], float) and body[name].is_integer()}
    return body | {name: int(body[name]) for name in whole}


def test_the_description_is_valid_openapi():
    API.validate()


@API.parametrize()
@BOUNDED
def test_every_answer_is_one_of_those_described(case, address):
    host, port = address
    case.call_and_validate(base_url=f"http://{host}:{port}")


@pytest.mark.parametrize("dropped", [None, *contract.Decision.model_fields])
def test_sabotage_a_field_dropped_from_an_answer_is_seen(address, features, monkeypatch, dropped):
    monkeypatch.setattr(decide, "ANSWERED", tuple(name for name in decide.ANSWERED if name != dropped))
    case = API["/v1/decisions"]["POST"].Case(body=features, media_type="application/json")
    seen = pytest.raises(FailureGroup, match=str(dropped)) if dropped else contextlib.nullcontext()
    with seen:
        case.call_and_validate(base_url="http://{}:{}".format(*address))
