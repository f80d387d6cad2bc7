"""The files of a deployment, checked without a cluster: builds, schemas, rules, and each rule broken once."""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from policy import find_manifest_faults, find_service_faults
from processes import PROJECT

from {{ cookiecutter.__package }}.cli.server import GRACEFUL_SECONDS

OVERLAYS = ("staging", "production")
RELEASES = ("1.33", "1.37")  # of Kubernetes: the oldest one that is supported, and the newest that is known
TOOLS = Path(sys.executable).parent


def build(overlay):
    """Return the manifests of an overlay, as `kubectl apply -k` sends them."""
    command = [TOOLS / "kubectl", "kustomize", PROJECT / "deploy" / "kubernetes" / "overlays" / overlay]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module")
def manifests():
    return build("production")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlay_builds_follows_the_schemas_and_breaks_no_rule(overlay):
    manifests = build(overlay)
    assert len({manifest["metadata"]["namespace"] for manifest in manifests}) == 1
    for manifest in manifests:
        for release in RELEASES:
            kubernetes_validate.validate(manifest, release, strict=True)
    assert find_manifest_faults(manifests, GRACEFUL_SECONDS) == []


def test_sabotage_unknown_field_does_not_follow_the_schema(manifests):
    [broken] = [copy.deepcopy(one) for one in manifests if one["kind"] == "Deployment"]
    broken["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, RELEASES[0], strict=True)


DEPLOYMENT = "spec.template.spec."
CONTAINER = f"{DEPLOYMENT}containers.0."
BREAKS = [  # kind, place, value (None removes what is there), the rule that is broken
    ("Deployment", f"{DEPLOYMENT}securityContext.runAsNonRoot", False, "runs as another user than root"),
    ("Deployment", f"{CONTAINER}securityContext.runAsUser", 0, "runs as another user than root"),
    ("Job", f"{CONTAINER}securityContext.readOnlyRootFilesystem", None, "has a read-only root"),
    ("Deployment", f"{CONTAINER}securityContext.allowPrivilegeEscalation", None, "gains no privileges"),
    ("Deployment", f"{CONTAINER}securityContext.privileged", True, "gains no privileges"),
    ("Job", f"{CONTAINER}securityContext.capabilities", {"add": ["SYS_ADMIN"]}, "has no capabilities"),
    ("Deployment", f"{DEPLOYMENT}securityContext.seccompProfile", None, "has a seccomp profile"),
    ("Deployment", f"{CONTAINER}resources.limits.memory", None, "has limits and requests"),
    ("Job", f"{CONTAINER}resources.requests", None, "has limits and requests"),
    ("Deployment", f"{CONTAINER}image", "registry.example/product:latest", "has an image of one version"),
    ("Job", f"{CONTAINER}image", "registry.example:5000/product", "has an image of one version"),
    ("Deployment", f"{DEPLOYMENT}automountServiceAccountToken", None, "has no token of the cluster"),
    ("Deployment", f"{DEPLOYMENT}hostNetwork", True, "shares nothing with its host"),
    ("Deployment", f"{DEPLOYMENT}volumes.0.hostPath", {"path": "/"}, "shares nothing with its host"),
    ("Deployment", f"{CONTAINER}env.0", {"name": "APP_API_KEYS", "value": "x"}, "reads secrets from files"),
    ("Deployment", f"{CONTAINER}readinessProbe", None, "has probes"),
    ("Deployment", "spec.strategy.rollingUpdate.maxUnavailable", 1, "is replaced without a gap"),
    ("Deployment", f"{CONTAINER}lifecycle", None, "drains"),
    ("Deployment", f"{DEPLOYMENT}terminationGracePeriodSeconds", 20, "drains"),
    ("Deployment", "spec.replicas", 2, "has its replicas from the autoscaler"),
    ("HorizontalPodAutoscaler", "spec.metrics.0.pods.metric.name", "cpu", "is scaled by requests that wait"),
    ("PodDisruptionBudget", "spec.selector.matchLabels", {"a": "b"}, "has a disruption budget"),
    ("NetworkPolicy", "spec.policyTypes", ["Ingress"], "is behind a network policy"),
    ("Service", "spec.selector", {"app.kubernetes.io/part-of": "product"}, "gets requests only if it answers"),
    ("Job", "kind", "CronJob", "migrates the ledger"),
]


def plant(document, place, value):
    """Set a value at a place such as `spec.containers.0.image`, or remove what is there."""
    *parents, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in parents:
        document = document[part]
    if value is None:
        del document[last]
    else:
        document[last] = value


@pytest.mark.parametrize(("kind", "place", "value", "rule"), BREAKS, ids=[f"{b[0]}-{b[1]}" for b in BREAKS])
def test_sabotage_broken_rule_is_named_and_no_other(manifests, kind, place, value, rule):
    broken = copy.deepcopy(manifests)
    [manifest] = [one for one in broken if one["kind"] == kind]
    plant(manifest, place, value)
    faults = find_manifest_faults(broken, GRACEFUL_SECONDS)
    assert faults
    assert {fault.partition(" ")[2] for fault in faults} == {rule}


def test_services_of_compose_break_no_rule(compose):
    assert {"product", "mlflow", "postgres", "prometheus", "grafana"} <= compose["services"].keys()
    assert find_service_faults(compose) == []


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        ("services.grafana.ports.0", "3000:3000", "listens on the loopback address"),
        ("services.postgres.image", "postgres:latest", "has an image of one version"),
        ("services.mlflow.healthcheck", None, "has a health check"),
        ("services.prometheus.mem_limit", None, "has a limit of memory"),
        ("services.product.environment.APP_API_KEYS", "x", "reads secrets from files"),
        ("services.product.network_mode", "host", "gains no privileges"),
        ("secrets.postgres_password", {"environment": "PASSWORD"}, "is a secret in a file"),
    ],
)
def test_sabotage_service_that_breaks_a_rule_is_named(compose, place, value, rule):
    broken = copy.deepcopy(compose)
    plant(broken, place, value)
    assert {fault.partition(" ")[2] for fault in find_service_faults(broken)} == {rule}


def hadolint(path):
    return subprocess.run([TOOLS / "hadolint", path], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="hadolint has no package for Windows")
def test_dockerfile_follows_the_rules_of_hadolint(tmp_path):
    done = hadolint(PROJECT / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")
    broken = shutil.copy(PROJECT / "Dockerfile", tmp_path)
    with Path(broken).open("a", encoding="utf-8") as file:
        file.write("USER root\n")
    assert "DL3002" in hadolint(broken).stdout
