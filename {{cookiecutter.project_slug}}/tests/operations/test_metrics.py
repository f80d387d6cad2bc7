"""Figures for Prometheus, and no feature among them."""

import logging
import re

import pytest

from {{ cookiecutter.__package }} import contract
from {{ cookiecutter.__package }}.schema import columns


def figures(product):
    return product.get("/metrics").text


def test_decisions_reactions_and_requests_are_counted(product, features):
    made = [product.post("/v1/decisions", json=features).json() for _ in range(3)]
    product.post(f"/v1/decisions/{made[0]['id']}/reaction", json={"verdict": "accept"})
    text = figures(product)
    assert re.search(r'decisions_total\{[^}]*fallback="false"[^}]*\} 3\.0', text)
    assert 'reactions_total{verdict="accept"} 1.0' in text
    assert re.search(r'request_seconds_count\{method="POST",route="/v1/decisions",status="201"\} 3\.0', text)
    assert 'route="/v1/decisions/{decision_id}/reaction"' in text


def test_an_unknown_path_makes_no_series_of_its_own(product):
    product.get("/a/path/of/my/own")
    assert "/a/path" not in figures(product)


def test_no_feature_is_among_the_figures_by_name_or_by_value(product, features):
    numbers = [c for c in columns(contract.Features) if c.kind == "number" and c.low is not None and c.high is not None]
    telling = {c.name: c.low + (c.high - c.low) * 0.1234567 for c in numbers}
    assert product.post("/v1/decisions", json=features | telling).status_code == 201
    text = figures(product)
    assert [name for name in features if re.search(rf"\b{name}\b", text)] == []
    assert [name for name, value in telling.items() if str(value) in text] == []


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"])
def test_who_leaves_before_the_end_of_a_request_is_no_error_of_ours(product, caplog, path):
    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
    scope |= {"query_string": b"", "http_version": "1.1", "root_path": ""}
    heard = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(heard)

    async def send(message):
        pass

    caplog.set_level(logging.INFO)
    caplog.clear()
    product.portal.call(product.app, scope, receive, send)
    assert caplog.records == []
    count = r'request_seconds_count\{method="POST",route="/v1/decisions[^"]*",status="(\d+)"\} 1\.0'
    assert re.findall(count, figures(product)) == ["499"]
