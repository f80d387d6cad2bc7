"""What the manifests of Kubernetes and the services of Compose have to keep, each rule by its name."""

import re

FIXED = re.compile(r":(?!latest$)[\w.-]*\d[\w.-]*$|@sha256:[0-9a-f]{64}$|^product:local$")  # Compose builds the last
SECRET = re.compile(r"_(?:KEYS?|PASSWORD|TOKEN|URL)$")  # names of variables whose values are secrets
WORKLOADS = ("Deployment", "Job")


def merged_context(pod, container):
    """Return the security context of a container: its own, and else that of its pod."""
    return pod.get("securityContext", {}) | container.get("securityContext", {})


def has_resources(_pod, container):
    resources = container.get("resources", {})
    return all(name in resources.get(kind, {}) for kind in ("limits", "requests") for name in ("cpu", "memory"))


def has_no_host(pod, _container):
    shared = any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    return not shared and not any("hostPath" in volume for volume in pod.get("volumes", []))


CONTAINER_RULES = {
    "runs as another user than root": lambda pod, container: (
        merged_context(pod, container).get("runAsNonRoot") is True
        and merged_context(pod, container).get("runAsUser") != 0
    ),
    "has a read-only root": lambda pod, container: merged_context(pod, container).get("readOnlyRootFilesystem") is True,
    "gains no privileges": lambda pod, container: (
        merged_context(pod, container).get("allowPrivilegeEscalation") is False
        and not merged_context(pod, container).get("privileged")
    ),
    "has no capabilities": lambda pod, container: (
        merged_context(pod, container).get("capabilities") == {"drop": ["ALL"]}
    ),
    "has a seccomp profile": lambda pod, container: (
        merged_context(pod, container).get("seccompProfile") == {"type": "RuntimeDefault"}
    ),
    "has limits and requests": has_resources,
    "has an image of one version": lambda _, container: FIXED.search(container["image"]) is not None,
    "has no token of the cluster": lambda pod, _: pod.get("automountServiceAccountToken") is False,
    "shares nothing with its host": has_no_host,
    "reads secrets from files": lambda _, container: (
        not any("valueFrom" in one or SECRET.search(one["name"]) for one in container.get("env", []))
    ),
}


def drains(spec, graceful_seconds):
    """Return whether a pod waits until no request is sent to it, and has the time to answer the others."""
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    return wait >= 5 and pod.get("terminationGracePeriodSeconds", 30) > wait + graceful_seconds


def has_probes(spec, _seconds):
    return all(
        f"{kind}Probe" in container
        for container in spec["template"]["spec"]["containers"]
        for kind in ("startup", "readiness", "liveness")
    )


DEPLOYMENT_RULES = {
    "has probes": has_probes,
    "is replaced without a gap": lambda spec, _: (
        spec.get("strategy", {}).get("rollingUpdate") == {"maxUnavailable": 0, "maxSurge": 1}
    ),
    "drains": drains,
    "has its replicas from the autoscaler": lambda spec, _: "replicas" not in spec,
}


def is_selected(selector, manifest):
    return selector.items() <= manifest["spec"]["template"]["metadata"]["labels"].items()


def is_scaled(manifest, others):
    scaled = [one["spec"] for one in others if one["kind"] == "HorizontalPodAutoscaler"]
    names = [metric["pods"]["metric"]["name"] for spec in scaled for metric in spec["metrics"] if "pods" in metric]
    return "requests_waiting" in names and [spec["scaleTargetRef"]["name"] for spec in scaled] == [
        manifest["metadata"]["name"]
    ]


def selects(kind, path, manifest, others):
    """Return whether an object of a kind selects the pods of a manifest."""
    specs = [one["spec"] for one in others if one["kind"] == kind]
    return any(is_selected(spec[path[0]] if len(path) == 1 else spec[path[0]][path[1]], manifest) for spec in specs)


def is_isolated(manifest, others):
    limited = [one for one in others if one["kind"] == "NetworkPolicy" and len(one["spec"]["policyTypes"]) == 2]
    return selects("NetworkPolicy", ("podSelector", "matchLabels"), manifest, limited)


def find_manifest_faults(manifests, graceful_seconds):
    """Return the rules that manifests break, as `Kind/name RULE`."""
    faults = []
    for manifest in (one for one in manifests if one["kind"] in WORKLOADS):
        spec, is_deployment = manifest["spec"], manifest["kind"] == "Deployment"
        pod, found = spec["template"]["spec"], {"is behind a network policy": is_isolated(manifest, manifests)}
        for container in pod["containers"]:
            found |= {name: rule(pod, container) for name, rule in CONTAINER_RULES.items()}
        if is_deployment:
            found |= {name: rule(spec, graceful_seconds) for name, rule in DEPLOYMENT_RULES.items()}
            found["is scaled by requests that wait"] = is_scaled(manifest, manifests)
            budget = ("selector", "matchLabels")
            found["has a disruption budget"] = selects("PodDisruptionBudget", budget, manifest, manifests)
        found["gets requests only if it answers"] = is_deployment == selects(
            "Service", ("selector",), manifest, manifests
        )
        faults += [
            f"{manifest['kind']}/{manifest['metadata']['name']} {name}" for name, kept in found.items() if not kept
        ]
    has_job = any(one["kind"] == "Job" for one in manifests)
    return faults if has_job else [*faults, "Job/product-migrate migrates the ledger"]


SERVICE_RULES = {
    "listens on the loopback address": lambda one: all(str(port).startswith("127.0.0.1:") for port in one["ports"]),
    "has an image of one version": lambda one: FIXED.search(one["image"]) is not None,
    "has a health check": lambda one: "build" in one or "healthcheck" in one,
    "has a limit of memory": lambda one: "mem_limit" in one,
    "reads secrets from files": lambda one: not any(map(SECRET.search, one.get("environment", {}))),
    "gains no privileges": lambda one: not one.get("privileged") and "network_mode" not in one,
}


def find_service_faults(compose):
    """Return the rules that the services of Compose break, as `service RULE`."""
    services = {name: {"ports": []} | service for name, service in compose["services"].items()}
    faults = [
        f"{name} {rule}" for name, one in services.items() for rule, kept in SERVICE_RULES.items() if not kept(one)
    ]
    named = {secret for one in services.values() for secret in one.get("secrets", [])}
    return faults + [
        f"{name} is a secret in a file" for name in named if "file" not in compose["secrets"].get(name, {})
    ]
