"""Metrics for Prometheus are counted under stable names, and no feature is among them."""

import http.client
import logging
import re
import time
from collections import Counter

import pytest
from pydantic import SecretStr
from serving import serving
from sklearn.preprocessing import MinMaxScaler
from sqlalchemy.exc import OperationalError

from {{ cookiecutter.__package }}.core.rules import RuleModel
from {{ cookiecutter.__package }}.stores.ledger import Ledger
from {{ cookiecutter.__package }}.stores.models import digest_of, dump_model
from {{ cookiecutter.__package }}.stores.rollouts import begin, change


def read_metrics(product):
    return product.get("/metrics").text


def test_decisions_reactions_and_requests_are_counted(any_product, any_workspace):
    columns = any_workspace.project.problem.columns
    features = {column.name: column.example for column in columns if not column.personal}
    made = [any_product.post("/v1/decisions", json=features).json() for _ in range(3)]
    any_product.post("/v1/decisions/batch", json=[features, features])
    for _ in range(2):  # the same reaction twice is one
        any_product.post(f"/v1/decisions/{made[0]['id']}/reaction", json={"verdict": "accept"})
    text = read_metrics(any_product)
    target = any_workspace.project.problem.target
    answer = re.escape(made[0]["answer"]) if target.categories else "number"
    decided = rf'^decisions_total.answer="{answer}",fallback="false",model="rules:[^"]+". 5\.0$'  # . is a brace
    assert re.search(decided, text, re.MULTILINE)
    assert re.search(r'^decision_score_count\{model="rules:[^"]+"\} 5\.0$', text, re.MULTILINE)
    assert f"decisions_to_review_total {5.0 * made[0]['needs_review']}\n" in text
    assert 'reactions_total{verdict="accept"} 1.0\n' in text
    assert 'request_seconds_count{method="POST",route="/v1/decisions",status="201"} 3.0\n' in text
    assert 'request_seconds_count{method="POST",route="/v1/decisions/batch",status="201"} 1.0\n' in text
    assert 'route="/v1/decisions/{decision_id}/reaction"' in text


def test_request_that_is_refused_is_counted_under_its_status(product):
    product.post("/v1/decisions", json={})
    assert 'request_seconds_count{method="POST",route="/v1/decisions",status="422"} 1.0' in read_metrics(product)


@pytest.mark.parametrize("path", ["/a/path/of/my/own", "/static/none-of-ours.js", "/v1/decisions/x/y/z"])
def test_unknown_path_makes_no_series_of_its_own(product, path):
    product.get(path)
    assert not re.search(r"own|none-of-ours|x/y", read_metrics(product))


def test_id_in_a_path_makes_no_series_of_its_own(product):
    product.get(f"/v1/decisions/{'a' * 32}")
    assert "aaaa" not in read_metrics(product)


def test_no_feature_is_among_the_metrics_by_name_or_by_value(any_product, any_workspace):
    columns = any_workspace.project.problem.columns
    features = {column.name: column.example for column in columns}
    numbers = [c for c in columns if c.kind == "number" and c.low is not None and c.high is not None]
    distinct = {column.name: column.low + (column.high - column.low) * 0.1234567 for column in numbers}
    assert any_product.post("/v1/decisions", json=features | distinct).status_code == 201
    text = read_metrics(any_product)
    assert [name for name in features if re.search(rf'\b{name}\b="|{name}_', text)] == []
    assert [name for name, value in distinct.items() if str(value) in text] == []


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/v1/decisions/x/reaction"])
def test_client_that_leaves_before_its_request_is_complete_is_no_error(product, caplog, path):
    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
    scope |= {"query_string": b"", "http_version": "1.1", "root_path": ""}
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    async def send(message):
        pass

    caplog.set_level(logging.INFO)
    caplog.clear()
    product.portal.call(product.app, scope, receive, send)
    assert caplog.records == []
    count = r'request_seconds_count\{method="POST",route="/v1/decisions[^"]*",status="(\d+)"\} 1\.0'
    assert re.findall(count, read_metrics(product)) == ["499"]


def test_time_of_a_model_call_is_counted_once_for_a_batch(product, features):
    product.post("/v1/decisions/batch", json=[features] * 3)
    text = read_metrics(product)
    assert re.search(r'^model_seconds_count\{arm="champion",model="rules:[^"]+"\} 1\.0$', text, re.MULTILINE)


def test_memory_of_the_process_is_shown(product):
    assert re.search(r"^process_resident_memory_bytes [1-9]", read_metrics(product), re.MULTILINE)


def wait_for(product, line, seconds=10):
    until = time.monotonic() + seconds
    while line not in read_metrics(product).splitlines():
        assert time.monotonic() < until, read_metrics(product)
        time.sleep(0.05)


def wait_for_share(product, features, share, seconds=10):
    until = time.monotonic() + seconds
    while True:
        made = product.post("/v1/decisions", json=features).json()["id"]
        if product.get(f"/v1/decisions/{made}").json()["share"] == share:
            return
        assert time.monotonic() < until
        time.sleep(0.05)


def count_arms(product):
    found = re.findall(r'arm_decisions_total\{arm="(\w+)"\} ([\d.]+)', read_metrics(product))
    return Counter({arm: float(count) for arm, count in found})


def test_state_of_the_queue_and_the_models_is_shown(product):
    label = product.get("/v1/model").json()["model"]
    wait_for(product, 'model_info{alias="champion",model="LABEL"} 1.0'.replace("LABEL", label))
    wait_for(product, "requests_waiting 0.0")
    wait_for(product, 'rollout_state{state="none"} 1.0')


def test_age_of_a_trained_model_is_shown_until_another_is_in_use(workspace, product):
    models, content = workspace.project.models, dump_model(RuleModel([], 0.77).fit())
    old = models.entry("champion")
    models.add("7", content)
    tags = old["tags"] | {"trained": "2026-01-01T00:00:00+00:00"}
    models.publish("champion", name="other", version="7", digest=digest_of(content), tags=tags)
    wait_for(product, 'model_trained_timestamp_seconds{alias="champion",model="other:7"} 1.7672256e+09')
    models.publish("champion", **old)
    wait_for(product, 'model_trained_timestamp_seconds{alias="champion",model="other:7"} 0.0')
    wait_for(product, 'model_info{alias="champion",model="other:7"} 0.0')


def test_request_that_the_ledger_fails_is_counted(product, features, monkeypatch):
    def fail(*_):
        raise OperationalError("", {}, OSError())

    assert "ledger_errors_total 0.0" in read_metrics(product)
    monkeypatch.setattr(Ledger, "recent", fail)
    assert product.get("/readyz").status_code == 503
    monkeypatch.setattr(Ledger, "record", fail)
    assert product.post("/v1/decisions", json=features).status_code == 503
    assert product.post("/v1/decisions", json={}).status_code == 422
    assert "ledger_errors_total 2.0" in read_metrics(product)


def test_shadow_counts_the_decisions_for_which_the_challenger_fails(workspace, product, features):
    models, content = workspace.project.models, dump_model(MinMaxScaler())
    models.add("7", content)
    champion = models.entry("champion")
    challenger = champion | {"name": "other", "version": "7", "digest": digest_of(content)}
    with workspace.project.ledger() as ledger:
        begin(ledger, champion, challenger, [0.5, 1.0], "")
    wait_for(product, 'model_info{alias="challenger",model="other:7"} 1.0')
    assert product.post("/v1/decisions/batch", json=[features] * 3).status_code == 201
    wait_for(product, "shadow_failed_total 3.0")
    assert "shadow_dropped_total 0.0" in read_metrics(product)


def test_rollout_is_shown_and_its_way_back(workspace, product, features):
    champion = workspace.project.models.entry("champion")
    with workspace.project.ledger() as ledger:
        begun = begin(ledger, champion, champion, [0.5, 1.0], "")
        wait_for(product, 'rollout_state{state="shadow"} 1.0')
        running = change(ledger, begun, why="", state="running", step=1, share=0.5)
        wait_for(product, "rollout_share 0.5")
        # the product follows the rollout beside the metrics, which show what the ledger has
        wait_for_share(product, features, 0.5)
        before = count_arms(product)
        product.post("/v1/decisions/batch", json=[features] * 200)
        counts = count_arms(product) - before
        assert counts.total() == 200
        assert 60 < counts["challenger"] < 140
        change(ledger, running, why="", state="back")
    wait_for(product, 'rollout_state{state="back"} 1.0')
    wait_for(product, "rollout_share 0.0")


def test_metrics_need_a_key_when_keys_are_set(workspace):
    with serving(workspace.project, api_keys=(SecretStr("a-long-enough-key"),)) as (host, port):
        for headers, expected in (({}, 401), ({"X-API-Key": "a-long-enough-key"}, 200)):
            connection = http.client.HTTPConnection(host, port, timeout=10)
            connection.request("GET", "/metrics", headers=headers)
            assert connection.getresponse().status == expected
