"""The alerts of this project as they are, and what reads them: promtool, metrics in expressions."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from processes import PROJECT

RULES = PROJECT / "deploy" / "prometheus"
DASHBOARD = PROJECT / "deploy" / "grafana" / "dashboard.json"
FILES = sorted(path.name for path in RULES.glob("*alerts.yml"))
OF_PROMETHEUS = {"up", "ALERTS"}  # what it adds to the metrics that it collects


def need(tool):
    """Skip where a tool of Prometheus is not installed; in CI that is a failure, unless a variable says so."""
    if shutil.which(tool):
        return
    reason = f"{tool} is not installed; it is in the package `prometheus` of Debian"
    if os.environ.get("CI") and not os.environ.get("APP_TEST_WITHOUT_PROMETHEUS"):
        pytest.fail(f"{reason}; install it, or set APP_TEST_WITHOUT_PROMETHEUS=1")
    pytest.skip(reason)


def read_rules(name):
    """Return the rules of a file by the names of their alerts."""
    content = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
    return {rule["alert"]: rule for group in content["groups"] for rule in group["rules"]}


def read_alerts():
    """Return the rules of all files by the names of their alerts."""
    return {alert: rule for name in FILES for alert, rule in read_rules(name).items()}


def run_promtool(*words, folder=RULES):
    """Return the exit code of promtool and all that it printed."""
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, cwd=folder, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def find_metrics(expression):
    """Return the names of the metrics in an expression of PromQL."""
    plain = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|\b(?:by|on|without|ignoring) *\([^)]*\)', " ", expression)
    return set(re.findall(r"\b[a-zA-Z_]+_[a-z]+\b(?! *\()|\bup\b|\bALERTS\b", plain)) - OF_PROMETHEUS


def find_fired(tests):
    """Return the alerts that the unit tests of a file see fire."""
    expected = [case for test in tests["tests"] for case in test["promql_expr_test"]]
    labels = " ".join(sample["labels"] for case in expected for sample in case["exp_samples"])
    return set(re.findall(r'alertname="(\w+)"', labels))


def find_live(text):
    """Return the alerts that the text of a test expects of a Prometheus that collects a running product."""
    return {alert for names in re.findall(r"live\.expect\((.*?)\)", text) for alert in re.findall(r'"(\w+)"', names)}


def write_sabotage(folder, name, alert, **changes):
    """Write a file of rules with a change of one alert, and two of its unit tests: a healthy product, and the fault."""
    content = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
    for group in content["groups"]:
        for rule in group["rules"]:
            rule.update(changes if rule["alert"] == alert else {})
    Path(folder, name).write_text(yaml.safe_dump(content), encoding="utf-8")
    tests = yaml.safe_load((RULES / unit_tests(name)).read_text(encoding="utf-8"))
    healthy, *faults = tests["tests"]
    tests["tests"] = [healthy, *(test for test in faults if alert in find_fired({"tests": [test]}))]
    Path(folder, unit_tests(name)).write_text(yaml.safe_dump(tests), encoding="utf-8")


def unit_tests(name):
    """Return the name of the file of unit tests of a file of rules."""
    return name.replace(".yml", "_test.yml")
