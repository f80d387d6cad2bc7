"""Alerts, their unit tests and the dashboard, checked without a running Prometheus."""

import json
from pathlib import Path

import pytest
import yaml
from alerts import (
    DASHBOARD,
    FILES,
    RULES,
    find_fired,
    find_live,
    find_metrics,
    need,
    read_alerts,
    read_rules,
    run_promtool,
    unit_tests,
    write_sabotage,
)
from processes import PROJECT

EACH = [(name, alert) for name in FILES for alert in read_rules(name)]


@pytest.fixture
def promtool():
    need("promtool")
    return run_promtool


@pytest.fixture
def exported(product, features):
    """Return the names of the series that a product exports after a decision."""
    product.post("/v1/decisions", json=features)
    lines = product.get("/metrics").text.splitlines()
    names = {line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")}
    # series of labels that did not occur yet are described, but not listed
    described = [line.split() for line in lines if line.startswith("# TYPE")]
    return names | {name for _, _, name, kind in described if kind in ("counter", "gauge")}


def test_rules_are_valid(promtool):
    code, printed = promtool("check", "rules", *FILES)
    assert code == 0, printed


def test_sabotage_rule_that_is_no_promql_is_refused(promtool, tmp_path):
    write_sabotage(tmp_path, "alerts.yml", "ErrorShare", expr="sum(rate(request_seconds_count)) >")
    code, printed = promtool("check", "rules", "alerts.yml", folder=tmp_path)
    assert code != 0
    assert "ErrorShare" in printed


def test_configuration_finds_the_rules(promtool, tmp_path):
    config = yaml.safe_load((PROJECT / "deploy" / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
    [pattern] = config["rule_files"]
    config["rule_files"] = [pattern.replace("/etc/prometheus/rules", str(RULES))]
    del config["scrape_configs"][0]["http_headers"]  # older releases, as that of Debian, do not know it
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    code, printed = promtool("check", "config", "prometheus.yml", folder=tmp_path)
    assert code == 0, printed
    assert f"SUCCESS: {len(read_rules('alerts.yml'))} rules found" in printed
    assert config["scrape_configs"][0]["job_name"] == "product"  # the job of the rules


@pytest.mark.slow
def test_unit_tests_of_the_alerts_pass(promtool):
    code, printed = promtool("test", "rules", *map(unit_tests, FILES))
    assert code == 0, printed


@pytest.mark.parametrize("name", FILES)
def test_every_alert_is_seen_to_fire_in_a_unit_test(name):
    tests = yaml.safe_load((RULES / unit_tests(name)).read_text(encoding="utf-8"))
    assert find_fired(tests) == {*read_rules(name)}


def test_every_alert_is_seen_to_fire_on_a_running_product():
    paths = Path(__file__).parent.glob("test_live_*.py")
    live = {alert for path in paths for alert in find_live(path.read_text(encoding="utf-8"))}
    assert read_alerts().keys() - live == set()  # without rollouts, there are fewer alerts than tests expect


def test_sabotage_alert_that_no_live_test_expects_is_seen():
    text = 'live.expect("ErrorShare", "LedgerErrors")\nlive.expect()\nlive.value("NoDecisions")'
    assert find_live(text) == {"ErrorShare", "LedgerErrors"}


@pytest.mark.slow
@pytest.mark.parametrize("expression", ["vector(0) > 1", "vector(1)"])
@pytest.mark.parametrize(("name", "alert"), EACH)
def test_sabotage_alert_that_never_or_always_fires_fails_a_unit_test(promtool, tmp_path, name, alert, expression):
    write_sabotage(tmp_path, name, alert, expr=expression)
    code, printed = promtool("test", "rules", unit_tests(name), folder=tmp_path)
    assert code != 0
    assert alert in printed


@pytest.mark.parametrize("alert", read_alerts())
def test_every_alert_says_how_severe_it_is_and_where_its_page_is(alert):
    rule = read_alerts()[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"] == f"docs/runbook/{alert}.md"


def test_every_metric_of_the_alerts_is_exported(exported):
    wanted = {name for rule in read_alerts().values() for name in find_metrics(rule["expr"])}
    assert len(wanted) > 5
    assert wanted - exported == set()


def test_every_metric_of_the_dashboard_is_exported(exported):
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert {panel["datasource"]["uid"] for panel in panels} == {"prometheus"}
    wanted = {name for expression in expressions for name in find_metrics(expression)}
    assert len(wanted) > 10
    assert wanted - exported == set()


def test_sabotage_metric_that_nobody_exports_is_found(exported):
    assert find_metrics("sum by (le) (rate(decision_total[5m])) > 1") - exported == {"decision_total"}


def test_every_path_that_compose_mounts_exists():
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    mounted = {name: each["volumes"] for name, each in services.items() if name in ("prometheus", "grafana")}
    sources = [PROJECT / volume["source"] for each in mounted.values() for volume in each if isinstance(volume, dict)]
    assert len(sources) == 4
    assert [str(source) for source in sources if not source.exists()] == []


def test_grafana_is_provisioned_with_the_data_source_and_the_folder_of_the_dashboard():
    folder = PROJECT / "deploy" / "compose" / "grafana"
    [source] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (folder / "datasources").glob("*.yml")]
    [provider] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (folder / "dashboards").glob("*.yml")]
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    targets = {volume["target"] for volume in services["grafana"]["volumes"] if isinstance(volume, dict)}
    assert source["datasources"][0]["uid"] == "prometheus"
    assert provider["providers"][0]["options"]["path"] in targets
